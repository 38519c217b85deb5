"""What goes over the wire: packed pages, and static files that browsers keep, as their names tell their content."""

import gzip
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.utils.cache import patch_vary_headers
from django.utils.deprecation import MiddlewareMixin
from whitenoise.middleware import WhiteNoiseMiddleware

from pbas.core.access import FRESH

_TEXTS = re.compile(r"text/|image/svg|application/(json|javascript|problem\+json|vnd\.oai)")
_OK = 200
_WORTH_PACKING = 200  # bytes
_QUICKLY = 3  # the last of gzip's levels that look for nothing better
_LONGEST_NAME = 100  # characters, as Django's
_DIGEST = re.compile(r"\.[0-9a-f]{12}(?=\.[^./]+$)")  # as `_with_digest` writes it


class NamedByContent(StaticFilesStorage):
    """Addresses of static files with a digest in them: css/panel.0123456789ab.css. Nothing has to be collected."""

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        """The address of a file; one that nobody finds keeps its name."""
        return super().url(_named(name) if name else name, *args, **kwargs)


class FinderByContent(BaseFinder):
    """Finds files by the addresses of `NamedByContent`, for servers that ask finders, as runserver and the tests do."""

    def find(self, path: str, find_all: bool = False, **_options: Any) -> Any:  # noqa: FBT001, FBT002 (Django's)
        """The file whose content still is the one that the address names."""
        plain = _DIGEST.sub("", path)
        found = finders.find(plain) if plain != path else None
        if not isinstance(found, str) or _with_digest(plain, found) != path:
            return []
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterable[Any]:  # noqa: ARG002 (Django's)
        """Nothing: the other finders list them by their own names."""
        return ()


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc] # whitenoise has no types
    """Serves each file by its name and by that of its content, texts packed once."""

    found: ClassVar[dict[str, Any]] = {}  # looked for once a process: a suite makes thousands of handlers

    def add_files_from_finders(self) -> None:
        """All files of all apps by their addresses."""
        if not self.found:
            super().add_files_from_finders()
            self.found.update(self.files)
        self.files.update(self.found)

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Both addresses; the second is good for ever."""
        super().add_file_to_dictionary(url, path, stat_cache=stat_cache)
        super().add_file_to_dictionary(_with_digest(url, path), path, stat_cache=stat_cache)

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> Any:
        """The file, or for who unpacks it its packed text."""
        answer = WhiteNoiseMiddleware.serve(static_file, request)
        is_whole = request.method == "GET" and answer.status_code == _OK and "Content-Encoding" not in answer
        if not is_whole or not _TEXTS.match(answer.get("Content-Type", "")) or not _unpacks(request):
            return answer
        answer.close()
        made = HttpResponse(_packed(static_file.alternatives[-1][1]), headers=dict(answer.items()))
        made["Content-Encoding"], made["Vary"] = "gzip", "Accept-Encoding"
        made["Content-Length"] = str(len(made.content))
        return made


class PackingMiddleware(MiddlewareMixin):
    """Packs pages. Not those that show a secret, whose length would then tell of it; nor files that are being sent.

    As Django's, but quickly: a page becomes an eighth longer than by gzip's usual way, in a quarter of its time. What
    else is in a page is kept from telling by its length, too: a name of random length goes with it (BREACH).
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """The answer, packed if it may be."""
        match = request.resolver_match
        if response.streaming or (match is not None and match.view_name in FRESH):
            return response
        is_text = _TEXTS.match(response.get("Content-Type", "")) and "Content-Encoding" not in response
        if not is_text or len(response.content) < _WORTH_PACKING:
            return response
        patch_vary_headers(response, ("Accept-Encoding",))
        if _unpacks(request):
            response.content = _packed_page(response.content)
            response["Content-Encoding"], response["Content-Length"] = "gzip", str(len(response.content))
        return response


def _packed_page(content: bytes) -> bytes:
    packed = BytesIO()
    name = "a" * secrets.randbelow(_LONGEST_NAME)
    with gzip.GzipFile(name, "wb", compresslevel=_QUICKLY, fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


class PolicyMiddleware(CSPMiddleware):
    """The content security policy: the same text for all pages but those whose view or nonce says more."""

    _of_all: str | None = None

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        """The answer with its policy."""
        if any(name.startswith("_csp_") for name in (*vars(response), *vars(request))):
            return super().process_response(request, response)
        if self._of_all is not None:
            response[HEADER] = self._of_all
            return response
        answer: Any = super().process_response(request, response)
        self._of_all = answer.get(HEADER)
        return answer


@lru_cache(maxsize=1000)
def _named(name: str) -> str:
    path = finders.find(name)
    return _with_digest(name, path) if isinstance(path, str) else name


def _with_digest(name: str, path: str) -> str:
    stem, dot, end = name.rpartition(".")
    return f"{stem}.{_digest(path)}.{end}" if dot and "/" not in end else name


@lru_cache(maxsize=5000)
def _digest(path: str) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=200)
def _packed(path: str) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def _unpacks(request: HttpRequest) -> bool:
    return "gzip" in request.headers.get("Accept-Encoding", "")
