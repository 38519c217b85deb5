"""What somebody typed into a form when his login had run out: it waits, sealed, in the login page that he gets.

Nothing of it is stored for a stranger: the sealed text goes along in his own page, and into his session once he is in.
"""

import json
import time
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.shortcuts import render  # noqa: TID251 (the door of pages)
from django.urls import reverse

from pbas.core.crypto import CannotDecryptError, keyring

SESSION_KEY = "kept_form"
KEPT_SECONDS = 3600
LONGEST = 256 * 1024  # signs of all fields together
_CONTEXT = "kept form"
_NOT_KEPT = {"csrfmiddlewaretoken"}


@dataclass(frozen=True, slots=True)
class KeptForm:
    """A form as it was sent: where to, the text of its fields, and the names of fields whose files are lost."""

    path: str
    fields: list[tuple[str, str]]
    files: list[str]


def form_of(request: HttpRequest) -> KeptForm | None:
    """What was sent, without its files; None where there is nothing worth keeping, or too much."""
    fields = [(name, value) for name in request.POST if name not in _NOT_KEPT for value in request.POST.getlist(name)]
    if not fields or sum(len(name) + len(value) for name, value in fields) > LONGEST:
        return None
    return KeptForm(request.get_full_path(), fields, sorted(request.FILES))


def seal(form: KeptForm) -> str:
    """As one text that only this panel can read."""
    content = json.dumps([time.time(), form.path, form.fields, form.files]).encode()
    return urlsafe_b64encode(keyring().seal(zlib.compress(content), _CONTEXT)).decode()


def unseal(text: str) -> KeptForm | None:
    """The form again; None where the text is none of ours, or too old."""
    try:
        content = zlib.decompress(keyring().open(urlsafe_b64decode(text), _CONTEXT))
    except (CannotDecryptError, Base64Error, ValueError, zlib.error):
        return None
    at, path, fields, files = json.loads(content)
    if time.time() - at > KEPT_SECONDS:
        return None
    return KeptForm(path, [(name, value) for name, value in fields], files)


def login_with_kept(request: HttpRequest, *, back: str) -> HttpResponse:
    """The login, as answer to a form of somebody whose login has run out; what he typed comes back after it.

    `back` is where he goes if he typed nothing.
    """
    from pbas.core.people.forms import LoginForm

    kept = form_of(request)
    context = {
        "form": LoginForm(request=request),
        "next": reverse("kept_form") if kept else back,
        "kept": seal(kept) if kept else "",
        "is_expired": True,
        "has_files": bool(request.FILES),
    }
    return render(request, "account/login.html", context)
