"""All addresses of the product, each by name with a path that leads to it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.urls import URLPattern, get_resolver
from django.urls.resolvers import RegexPattern

_SAMPLES = {"pk": "987654321", "plugin": "987654321", "class_pk": "987654321", "license_class": "987654321", "n": "1"}
_NAMED = {"name": "licenses", "form": "csv", "uidb36": "zz", "key": "x-y"}


class Address(NamedTuple):
    """One address: its name ("" without one), a path of it, and the methods of its API view (none: a page)."""

    name: str
    path: str
    actions: dict[str, str]


def all_addresses() -> Iterator[Address]:
    """Every line of the map of addresses but the back office's, which is one of them."""
    yield from _walk(get_resolver().url_patterns, "/")


def _walk(patterns: Any, before: str) -> Iterator[Address]:
    for one in patterns:
        if isinstance(one, URLPattern):
            yield Address(
                one.name or "", before + _path(one.pattern), dict(getattr(one.callback, "actions", None) or {})
            )
        elif one.namespace != "admin":
            yield from _walk(one.url_patterns, before + _path(one.pattern))


def _path(pattern: Any) -> str:
    if isinstance(pattern, RegexPattern):
        names: Any = pattern.regex.groupindex
        text = pattern.regex.pattern.removeprefix("^").removesuffix("$").replace("\\", "")
        for name in names:
            begin = text.index(f"(?P<{name}>")
            end = text.index(")", begin) + 1
            text = text[:begin] + _NAMED.get(name, "x") + text[end:]
        return str(text)
    text = str(pattern)
    for name, converter in pattern.converters.items():
        kind = type(converter).__name__.removesuffix("Converter").lower()
        sample = _SAMPLES.get(name, "987654321") if kind == "int" else _NAMED.get(name, "x")
        for written in (f"<{kind}:{name}>", f"<{'str' if kind == 'string' else kind}:{name}>", f"<{name}>"):
            text = text.replace(written, sample)
    return text
