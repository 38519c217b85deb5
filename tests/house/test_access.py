"""Each address has its line in the table of rights, and the table has no line for what is not there."""

import re
from pathlib import Path

from django.urls import resolve

from pbas.core.access import API, PAGES, TABLE, Need, line_of
from pbas.core.rights import ROLE_LABELS, ROLES
from tests.addresses import all_addresses

DOC = Path(__file__).resolve().parents[2] / "docs" / "reference" / "roles.md"


def test_each_address_has_a_line_that_says_who_may_open_it() -> None:
    missing = sorted(f"{one.name or '(no name)'} at {one.path}" for one in all_addresses() if line_of(one.name) is None)
    assert missing == [], (
        "These addresses are refused to everybody. Add each by its name to PAGES (or API) in pbas/core/access.py, with "
        f"the right that its GET and its POST need, and its row to docs/reference/roles.md: {missing}"
    )


def test_the_table_names_no_address_that_does_not_exist() -> None:
    assert sorted(set(TABLE) - {one.name for one in all_addresses()}) == []
    assert set(PAGES) & set(API) == set()


def test_each_path_of_the_walk_leads_to_its_address() -> None:
    for one in all_addresses():
        assert resolve(one.path).url_name == (one.name or None), one


def test_an_api_address_may_be_called_by_somebody_in_each_way_that_it_knows() -> None:
    for one in all_addresses():
        line = line_of(one.name)
        assert line is not None
        for method in set(one.actions) - {"head", "options"}:
            assert line.get if method == "get" else line.post, f"{one.name}: nobody may {method}"


def test_the_roles_are_documented_as_they_are() -> None:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in DOC.read_text().splitlines()]
    told = {row[0].strip("`"): set(re.findall("`([a-z]+)`", row[1])) for row in rows if row[0].strip("`") in ROLES}
    assert told == {name: set(rights) for name, rights in ROLES.items()}
    assert set(ROLE_LABELS) == set(ROLES)


def test_what_each_address_needs_is_documented_as_it_is() -> None:
    wanted = documented_rows().splitlines()
    written = [line for line in DOC.read_text().splitlines() if line.startswith("| `/")]
    missing, old = [row for row in wanted if row not in written], [row for row in written if row not in wanted]
    assert (missing, old) == ([], []), "docs/reference/roles.md lacks the first and has the second:\n" + "\n".join(
        [*missing, "--", *old]
    )


def documented_rows() -> str:
    """The table of addresses as the page has it."""
    rows = []
    for one in all_addresses():
        line = line_of(one.name)
        assert line is not None, one
        rows.append(f"| `{_shown(one.path)}` | {_needs(line.get)} | {_needs(line.post)} |")
    return "\n".join(sorted(set(rows)))


def _shown(path: str) -> str:
    return path.replace("987654321", "ID")


def _needs(need: Need) -> str:
    return " or ".join(sorted(need)) or "–"  # noqa: RUF001 (as the table is written)
