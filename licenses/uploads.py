"""What a person brings by hand and what he may see in clear: uploads, reveals, downloads. Each is an event."""

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import transaction

from ka_plugins.contract import Key, KeyFile, Plugin
from licenses import intake
from licenses.hand import goes_by_itself, move_by_hand, moved_on, refusal
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.moves import event_of
from licenses.plugins import plugin_class
from pbas.core.crypto import CannotDecryptError
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import Actor, tell

MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 10
MAX_CODE = 200
Clear = TypeVar("Clear", str, bytes)
_PLAIN_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}")

State, Kind = LicenseRequest.State, LicenseRequest.Kind


def upload(
    *,
    request: LicenseRequest,
    key: str = "",
    activation_code: str = "",
    files: Sequence[KeyFile] = (),
    actor: Actor,
) -> LicenseRequest:
    """Keep a key, an activation code and files for a request and move it to whatever is still missing.

    All or nothing. Raises Problem at `key`, `activation_code` or `files`, ConflictProblem where the request is final
    or a worker has it. Once key and files are there the request waits for the install: by the engine where the
    configuration is online, by a click where it is offline.
    """
    _check_open(request)
    key, activation_code = key.strip(), activation_code.strip()
    if not (key or activation_code or files):
        raise Problem("Nothing was uploaded. Give a key, an activation code or at least one file.", field="key")
    _check_code(request, key, activation_code)
    _check_files(request, key, files)
    with transaction.atomic():
        LicenseRequest.objects.select_for_update(no_key=True).get(pk=request.pk)  # one upload after the other
        license_ = _license_for(request, key, activation_code)
        existing = list((license_ or request).files.all())
        source = {"request_id": request.pk, "license_id": license_.pk if license_ else None, "source": "upload"}
        LicenseFile.objects.bulk_create(intake.new_files(files, existing=existing, **source))  # type: ignore[arg-type]
        brought = _brought(key, activation_code, files)
        event = event_of(request, actor, "uploaded", f"Uploaded by hand: {brought}.", _digests(files))
        to = State.SERVICES if request.state == State.SERVICES else _next(request, license_)
        wait = 0 if goes_by_itself(request) and to != State.SERVICES else None
        return move_by_hand(request, to, event=event, wait=wait, license_=license_)


def reveal_key(*, license: License, actor: Actor) -> str:  # noqa: A002 (the blueprint's word)
    """The whole key in clear; recorded. Raises Problem where it cannot be read any more."""
    clear = _readable(lambda: license.full_key)
    tell(actor, "key_revealed", "The key was shown in clear.", license=license, subscription=license.subscription)
    return clear


def reveal_activation_code(*, license: License, actor: Actor) -> str:  # noqa: A002
    """The activation code in clear; recorded. Raises Problem where it cannot be read any more."""
    clear = _readable(lambda: str(license.activation_code))
    tell(
        actor, "code_revealed", "The activation code was shown in clear.", license=license,
        subscription=license.subscription,
    )  # fmt: skip
    return clear


def read_file(*, license_file: LicenseFile, actor: Actor) -> bytes:
    """The exact bytes of a license file; recorded. Raises Problem where they cannot be read any more."""
    body = _readable(lambda: bytes(license_file.body))
    text = f"File {license_file.name} (version {license_file.version}) was downloaded."
    tell(actor, "file_downloaded", text, license=license_file.license, request=license_file.request)
    return body


def _readable(read: Callable[[], Clear]) -> Clear:
    try:
        return read()
    except CannotDecryptError as error:
        raise Problem("It cannot be read: %(error)s Ask who keeps the field keys of this panel.", error=error) from None


def _check_open(request: LicenseRequest) -> None:
    if request.is_final:
        raise refusal(request, "Request %(request)s is %(state)s; it takes no more uploads.")
    if request.kind not in {Kind.ISSUE, Kind.RENEW, Kind.CHANGE}:
        raise ConflictProblem("Request %(request)s takes no upload: it brings no license.", request=request.pk)
    if request.leased or request.state in {State.BUYING, State.PROOF}:
        raise moved_on(request)


def _check_code(request: LicenseRequest, key: str, activation_code: str) -> None:
    if activation_code and (len(activation_code) > MAX_CODE or not activation_code.isprintable()):
        raise Problem(
            "An activation code has at most %(most)s printable characters.", most=MAX_CODE, field="activation_code"
        )
    if activation_code and not key and request.license_id is None:
        raise Problem("An activation code needs its key: give both.", field="key")


def _check_files(request: LicenseRequest, key: str, files: Sequence[KeyFile]) -> None:
    if files and not key and request.license_id is None and request.configuration.is_online:
        name = request.configuration.name  # it would buy a key, and fetch that key's own files, beside these
        raise Problem(
            "%(name)s gets this license by itself. Files alone are not taken: give their key too.",
            name=name,
            field="key",
        )
    if len(files) > MAX_FILES:
        raise Problem("At most %(most)s files at once; these are %(n)s.", most=MAX_FILES, n=len(files), field="files")
    seen = {one.sha256: one.name for one in request.files.all()}
    plugin = plugin_class(request.configuration.template)
    for file in files:
        _check_file(plugin, file)
        digest = hashlib.sha256(file.body).hexdigest()
        if digest in seen:
            raise Problem(
                "%(file)s is the same file as %(seen)s, which is already there.",
                file=file.name,
                seen=seen[digest],
                field="files",
            )
        seen[digest] = file.name


def _check_file(plugin: type[Plugin], file: KeyFile) -> None:
    if not file.body:
        raise Problem("%(file)s is empty.", file=file.name, field="files")
    if len(file.body) > MAX_FILE_BYTES:
        raise Problem(
            "%(file)s is larger than %(size)s KiB.", file=file.name, size=MAX_FILE_BYTES // 1024, field="files"
        )
    if not _PLAIN_NAME.fullmatch(file.name) or file.name in {".", ".."}:
        raise Problem("A file needs a plain name of at most 200 characters, without any path.", field="files")
    try:
        plugin.check_file(file)
    except ValueError as error:
        raise Problem(str(error), field="files") from error


def _license_for(request: LicenseRequest, key: str, activation_code: str) -> License | None:
    """The request's license after this upload: made, completed, or still none."""
    license_ = request.license
    if key:
        clean = intake.clean_key(request, key)
        if license_ is None:
            return intake.save_key(request, Key(clean, activation_code=activation_code))
        plugin = plugin_class(request.configuration.template)
        if request.kind == Kind.ISSUE and intake.fingerprint(plugin, clean) != license_.fingerprint:
            raise Problem(
                "Request %(request)s already has key %(license)s.",
                request=request.pk,
                license=license_.key,
                field="key",
            )
        intake.take_over(license_, plugin, Key(clean, activation_code=activation_code))
        license_.fingerprint = intake.fingerprint(plugin, clean)
        license_.save()
    elif license_ is not None and activation_code:
        license_.activation_code = activation_code
        license_.save()
    return license_


def _next(request: LicenseRequest, license_: License | None) -> str:
    """What the request waits for after an upload; one in doubt stays so until its key is known."""
    to = intake.first_state(request, license_)
    return request.state if to == State.KEY else to


def _brought(key: str, activation_code: str, files: Sequence[KeyFile]) -> str:
    parts = ["the key"] * bool(key) + ["the activation code"] * bool(activation_code)
    return ", ".join([*parts, *(file.name for file in files)])


def _digests(files: Sequence[KeyFile]) -> str:
    lines = ((file.name, len(file.body), hashlib.sha256(file.body).hexdigest()) for file in files)
    return "\n".join(f"{name}: {size} bytes, SHA-256 {digest}" for name, size, digest in lines)
