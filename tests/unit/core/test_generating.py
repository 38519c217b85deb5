"""The Python that templates become looks attributes up and writes values as Jinja2's own does."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.template import engines
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from jinja2 import DictLoader, UndefinedError, pass_context
from markupsafe import Markup, escape

from pbas.core.folding import Templates
from pbas.core.generating import written


def _pages() -> Templates:
    pages = engines.all()[0]
    assert isinstance(pages, Templates)
    return pages


def _draw(source: str, **given: Any) -> str:
    return str(_pages().from_string(source).render(given))


def test_a_value_stands_in_a_page_just_as_markupsafe_escapes_it() -> None:
    class Named(str):
        """Text of a class of its own."""

        __slots__ = ()

    plain = ["", "plain", "<a href='x'>\"&amp;</a>", "ä\u2028", Named("<b>"), 0, 1.5, None, True]
    marked = [gettext_lazy("Monday"), Markup("<b>bold</b>"), mark_safe("<i>safe</i>"), format_html("{}", "<u>")]
    for value in (*plain, *marked):
        assert str(written(value)) == str(escape(value)) == _draw("{{ value }}", value=value)


def test_where_there_is_no_attribute_a_key_is_looked_for_and_an_attribute_goes_first() -> None:
    assert _draw("{{ one.key }}{{ one.items }}", one={"key": "<", "items": 1})[:4] == "&lt;"
    assert "built-in method items" in _draw("{{ one.items }}", one={"items": 1})
    assert _draw("{{ one.inner.deep.name }}", one=SimpleNamespace(inner={"deep": SimpleNamespace(name=None)})) == "None"
    assert _draw("{{ (one.a or one.b).name ~ one.b.name }}", one={"a": None, "b": {"name": "<b>"}}) == "&lt;b&gt;" * 2


def test_an_object_whose_attribute_is_asked_for_is_made_once() -> None:
    made: list[int] = []

    def make() -> dict[str, int]:
        made.append(1)
        return {"a": len(made)}

    assert _draw("{{ make().a }}", make=make) == "1"
    assert made == [1]


def test_what_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(UndefinedError, match="has no attribute 'nothing'"):
        _draw("{{ one.nothing }}", one=SimpleNamespace())
    with pytest.raises(UndefinedError, match="'two' is undefined"):
        _draw("{{ two.name }}")


def test_text_that_is_not_to_be_escaped_and_what_is_known_on_the_page_only_stay_jinja2s() -> None:
    source = "{% autoescape on %}{{ text }}{% endautoescape %}"
    assert _draw(source, on=True, text="<b>") == "&lt;b&gt;"
    assert _draw(source, on=False, text="<b>") == "<b>"
    assert _draw("{% autoescape false %}{{ text }}{% endautoescape %}", text="<b>") == "<b>"


def test_a_method_gets_what_stands_in_its_call_and_a_macro_its_caller() -> None:
    class Named:
        """One with a method."""

        def say(self, *names: str, end: str = "") -> str:
            """Them all."""
            return "+".join(names) + end

    parts = "{% macro box(name, mark='-') %}[{{ name }}{{ mark }}{{ caller() }}]{% endmacro %}"
    source = (
        "{% import 'parts.html' as parts %}{% for name in names %}"
        "{% call parts.box(name, mark='<') %}{{ one.say(name, *names, end='!', **more) }}{% endcall %}{% endfor %}"
    )
    pages = _pages().env.overlay(loader=DictLoader({"parts.html": parts}))
    drawn = pages.from_string(source).render(names=["a", "<"], one=Named(), more={})
    assert drawn == "[a&lt;a+a+&lt;!][&lt;&lt;&lt;+a+&lt;!]"


def test_a_function_by_name_still_gets_the_page_it_is_called_on() -> None:
    assert _draw("{{ whole() }}", whole=pass_context(lambda context: context["word"]), word="<") == "&lt;"
