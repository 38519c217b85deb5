"""Rules about texts: every one is collected, each language has all of them, and what is compiled is what is written."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_keywords, parse_mapping_cfg
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.apps import apps
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "script" / "translations"
LANGUAGES = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
NAMED = re.compile(r"%\((\w+)\)([sd])|%%")


def file_of(language: str, ending: str = "po") -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / f"django.{ending}"


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(language: str) -> Catalog:
    with file_of(language).open("rb") as file:
        return read_po(file, locale=language)


def texts_of(message: Message) -> tuple[list[str], list[str]]:
    """What is translated and into what, each with all its plural forms."""
    text, said = message.id, message.string or ""
    return [text] if isinstance(text, str) else list(text), [said] if isinstance(said, str) else list(said)


def pairs_of(catalogue: Catalog) -> dict[tuple[str | None, ...], list[str]]:
    return {(_context_of(one), *texts_of(one)[0]): texts_of(one)[1] for one in catalogue if one.id}


def _context_of(message: Message) -> str | None:
    """What sets it apart from the same text elsewhere; Babel reads that as bytes from what is compiled."""
    found: str | bytes | None = message.context
    return found.decode() if isinstance(found, bytes) else found


def collected() -> Iterator[tuple[str | None, Any]]:
    """Context and text of all that script/translations collects."""
    line = SCRIPT.read_text().replace("\\\n", " ")
    words = re.findall(r"--keyword (\S+)", line)
    folders = re.search(r'--add-comments "Translators:" (.+)', line)
    assert folders is not None
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call] # Babel has no types
    keywords = {**DEFAULT_KEYWORDS, **parse_keywords(words)}
    for folder in folders.group(1).split():
        for _name, _line, text, _comments, context in extract_from_dir(ROOT / folder, methods, options, keywords):
            if text:
                yield context, text


def test_a_catalogue_has_all_texts_of_the_sources_and_no_others(catalogue: Catalog) -> None:
    wanted = {(context, text if isinstance(text, str) else text[0]) for context, text in collected()}
    written = {(one.context, texts_of(one)[0][0]) for one in catalogue if one.id}
    advice = "run script/translations, then translate what is new: docs/how-to/translate.md"
    assert (wanted - written, written - wanted) == (set(), set()), advice


@pytest.mark.convention(34)
def test_a_catalogue_is_complete(catalogue: Catalog) -> None:
    assert [one.id for one in catalogue if one.id and (one.fuzzy or not all(texts_of(one)[1]))] == []


def test_a_translation_names_what_its_text_names(catalogue: Catalog) -> None:
    wrong = []
    for one in catalogue:
        if one.id:
            english, translated = texts_of(one)
            wanted = {frozenset(NAMED.findall(text)) for text in english}
            wrong += [text for text in translated if frozenset(NAMED.findall(text)) not in wanted]
    assert wrong == []


def test_what_is_compiled_is_what_is_written(language: str, catalogue: Catalog) -> None:
    with file_of(language, "mo").open("rb") as file:
        compiled = pairs_of(read_mo(file))
    assert compiled == pairs_of(catalogue), "run script/translations"


def test_no_text_is_looked_up_within_an_f_string_where_nothing_collects_it() -> None:
    hidden = re.compile(r"""f"[^"\n]*\{n?(?:gettext|_)\(|f'[^'\n]*\{n?(?:gettext|_)\(""")
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for folder in ("pbas", "licenses", "subscriptions", "ka_plugins")
        for path in (ROOT / folder).rglob("*.py")
        for match in hidden.finditer(path.read_text())
    ]
    assert found == []


def test_models_have_the_products_words_for_names() -> None:
    """Problems and the back office call rows by them; Django makes them of the classes' names."""
    ours = [
        one._meta for name in ("core", "licenses", "subscriptions") for one in apps.get_app_config(name).get_models()
    ]
    names = [str(name) for meta in ours for name in (meta.verbose_name, meta.verbose_name_plural)]
    assert [name for name in names if "plugin" in name or name.endswith("chs")] == []
