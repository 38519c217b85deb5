"""What a template says the same on every page is written into it when it is compiled, for each language anew."""

from typing import Any

from django.template import engines
from django.utils.translation import override
from jinja2 import DictLoader
from markupsafe import Markup

from pbas.core.folding import Environment, Templates


def _pages() -> Templates:
    found = engines.all()[0]
    assert isinstance(found, Templates)
    return found


def _code(source: str) -> str:
    made: str = _environment().compile(source, raw=True)
    return made


def _environment() -> Environment:
    return _pages().env


def _draw(source: str, **given: Any) -> str:
    return str(_pages().from_string(source).render(given))


def test_words_icons_and_addresses_are_text_of_the_compiled_template() -> None:
    code = _code('{{ _("Clear all") }}{{ icon("x", _("Close")) }}{{ url("licenses") }}{{ state("done", _("Done")) }}')
    assert "Clear all<svg" in code
    assert 'aria-label="Close"' in code
    assert "/licenses/" in code
    assert "context.call" not in code


def test_what_is_known_on_the_page_only_is_still_asked_there() -> None:
    assert _draw('{{ url("license", pk) }} {{ icon(name) }}', pk=7, name="x").startswith("/licenses/7/ <svg")


def test_words_with_a_context_stand_in_the_page_and_those_for_a_number_are_found_without_a_search() -> None:
    code = _code('{{ pgettext("several", "none") }}{{ ngettext("%(num)d row", "%(num)d rows", n) }}')
    assert "none" in code
    assert "pgettext" not in code
    assert "resolve('ngettext')" not in code
    assert _draw('{{ ngettext("%(num)d row", "%(num)d rows", n) }}', n=2) == "2 rows"
    assert _draw('{{ pgettext("several", "%(n)s of all", n=n) }}', n="<") == "&lt; of all"


def test_a_loop_is_one_text_with_the_loops_within_and_what_is_set_in_it_stays_in_it() -> None:
    cells = "{% for cell in row %}{{ cell }}{{ loop.index }}{% endfor %}"
    source = "{% set n = 1 %}{% for row in rows %}{% set n = 2 %}<" + cells + ">{% else %}none{% endfor %}{{ n }}"
    assert _draw(source, rows=["ab", ["<", Markup("<b>")]]) == "<a1b2><&lt;1<b>2>1"
    assert _draw(source, rows=[]) == "none1"
    assert _code("{% for row in rows %}{{ row }}{{ row }}{% endfor %}").count("yield") == 2, (
        "the loop, and the mark of a generator"
    )


def test_variables_in_words_are_escaped_and_the_words_are_not() -> None:
    assert _draw('{{ _("%(n)s of %(all)s", n=n, all=3) }}', n="<b>") == "&lt;b&gt; of 3"
    assert _draw('{{ _("100%%") }}') == "100%"


def test_a_name_that_the_template_sets_itself_is_its_own() -> None:
    assert _draw('{% set url = "mine" %}{% macro icon(name) %}[{{ name }}]{% endmacro %}{{ url }}{{ icon("x") }}') == (
        "mine[x]"
    )


def test_each_language_has_its_own_texts_in_turn() -> None:
    for language, said in (("en", "Monday"), ("de", "Montag")) * 2:
        with override(language):
            assert _draw('{{ _("Monday") }}') == said


def test_an_included_part_knows_what_is_known_where_it_stands_and_is_escaped_once() -> None:
    part = "{% set mark = mark ~ one %}{{ mark }};"
    pages = _environment().overlay(loader=DictLoader({"part.html": part}))
    whole = pages.from_string("{% set mark = '<' %}{% for one in given %}{% include part %}{% endfor %}{{ mark }}")
    assert whole.render(given=["&", "b"], part="part.html") == "&lt;&amp;;&lt;b;&lt;"
    lacking = pages.from_string("[{% include 'none.html' ignore missing %}{% include ['none.html', part] %}]")
    assert lacking.render(part="part.html", one=1, mark="") == "[1;]"
