"""How tests of pages let requests move: as the engine and as a person would."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from ka_plugins.contract import KeyFile
from licenses import moves
from licenses.models import License, LicenseRequest
from licenses.uploads import upload
from pbas.core.story import SYSTEM
from tests.factories import World

State = LicenseRequest.State
FILE = KeyFile("license.xml", b"<key/>")


def page_of(request: LicenseRequest, part: str = "") -> str:
    return reverse(f"license_request{part and '_' + part}", args=[request.pk])


def move(request: LicenseRequest, *states: str, trouble: moves.Trouble | None = None, **values: Any) -> None:
    """Let a request walk through states, as the engine does."""
    for state in states:
        made = moves.Move(request.pk, request.attempt, request.state, state, trouble=trouble, **values)
        assert moves.make([made])
        request.refresh_from_db()


def trouble(kind: str = "refused", fault: str = "order or vendor account") -> moves.Trouble:
    return moves.Trouble(kind, "The vendor said no.", fault, "410: no contract for this key type")


def file_of(name: str = "license.xml", body: bytes = b"<key/>") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


def uploaded(world: World, *, key: str, activation_code: str = "", files: tuple[KeyFile, ...] = ()) -> License:
    """The license of the world's request, brought by hand."""
    upload(request=world.request, key=key, activation_code=activation_code, files=files, actor=SYSTEM)
    world.request.refresh_from_db()
    assert world.request.license is not None
    return world.request.license


def stop(request: LicenseRequest) -> None:
    """As the engine does when the vendor refuses."""
    LicenseRequest.objects.filter(pk=request.pk).update(state=LicenseRequest.State.KEY)
    trouble = moves.Trouble("refused", "The vendor refused.", "order or vendor account", "410: no contract")
    assert moves.make([moves.Move(request.pk, request.attempt, "key", "attention", trouble=trouble)])
    request.refresh_from_db()
