"""Pages in the reader's language: his choice, else his browser's. The API is read by scripts and speaks English."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse  # noqa: TID251 (the door of pages)
from django.utils import translation
from django.utils.cache import patch_vary_headers

API = "/api/"


class LanguageMiddleware:
    """Each request is answered in the language of who asks; what runs without a reader writes English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the reader's language."""
        is_api = request.path.startswith(API)
        language = settings.LANGUAGE_CODE if is_api else translation.get_language_from_request(request)
        with translation.override(language):
            answer = self.get_response(request)
        if not is_api:
            patch_vary_headers(answer, ["Accept-Language"])
        answer.headers.setdefault("Content-Language", language)
        return answer
