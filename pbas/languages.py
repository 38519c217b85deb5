"""Settings of the languages that the panel speaks; `settings` takes them over. See docs/how-to/translate.md."""

from pathlib import Path

__all__ = [
    "FORMAT_MODULE_PATH",
    "LANGUAGES",
    "LANGUAGE_CODE",
    "LANGUAGE_COOKIE_AGE",
    "LANGUAGE_COOKIE_NAME",
    "LANGUAGE_COOKIE_SAMESITE",
    "LOCALE_PATHS",
]

LANGUAGE_CODE = "en"  # of the sources, of what is stored, and of the API
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [Path(__file__).resolve().parent.parent / "locale"]
FORMAT_MODULE_PATH = "pbas.formats"
LANGUAGE_COOKIE_NAME = "language"  # set by the switch at the foot of the menu
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
