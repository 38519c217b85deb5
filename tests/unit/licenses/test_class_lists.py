"""Class lists: what is right is read, what is wrong is told with its place, and nothing breaks."""

import json
from typing import Any

import pytest

from ka_plugins.contract import AdditionalClass, ClassInfo, Feature, FeatureGroup
from ka_plugins.plesk_ka.classes import build_classes
from ka_plugins.plesk_ka.wares import ADDITIONS, BASE_TYPES, FEATURES
from licenses.class_lists import COLUMNS, MAX_BYTES, product_list, read_list
from pbas.core.problems import Problem

HEAD = ",".join(COLUMNS)


def listed(*classes: Any, **changed: Any) -> bytes:
    return json.dumps({"format": "license-classes", "version": 1, "classes": classes, **changed}).encode()


def csv_of(*rows: str) -> bytes:
    return "\n".join((HEAD, *rows)).encode()


def test_a_json_list_brings_groups_features_and_additional_keys() -> None:
    group = {"name": "Domains", "required": True, "default": "30", "options": [{"code": "10"}, {"code": "30"}]}
    key = {"code": "AV", "name": "Antivirus", "groups": [group], "features": [{"code": "SPAM", "name": "Anti-spam"}]}
    found = read_list("list.json", listed({"code": "P", "name": "Plesk", "groups": [group], "additional": [key]}))
    domains = FeatureGroup("Domains", (Feature("10", "10"), Feature("30", "30")), required=True, default="30")
    antivirus = AdditionalClass("AV", "Antivirus", (domains,), (Feature("SPAM", "Anti-spam"),))
    assert found.classes == (ClassInfo("P", "Plesk", (domains,), (), (antivirus,)),)
    assert found.faults == ()


def test_a_csv_list_says_the_same_in_rows() -> None:
    rows = (
        "P,Plesk,,,Domains,yes,10,10 domains,",
        "P,,,,Domains,,30,,yes",
        "P,,,,,,NEWS,No news,",
        "P,,AV,Antivirus,,,SPAM,Anti-spam,",
        "V,Virtuozzo,,,,,,,",
    )
    found = read_list("List.CSV", csv_of(*rows))
    domains = FeatureGroup("Domains", (Feature("10", "10 domains"), Feature("30", "30")), required=True, default="30")
    antivirus = AdditionalClass("AV", "Antivirus", (), (Feature("SPAM", "Anti-spam"),))
    assert found.classes == (
        ClassInfo("P", "Plesk", (domains,), (Feature("NEWS", "No news"),), (antivirus,)),
        ClassInfo("V", "Virtuozzo"),
    )


def test_a_spreadsheets_semicolons_and_byte_order_mark_are_read() -> None:
    found = read_list("a.csv", "\ufeffclass_code;class_name\r\nA;Añejo\r\n".encode())
    assert found.classes == (ClassInfo("A", "Añejo"),)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",No code,,,,,,,", "class_code is missing."),
        ("B,B,,,Domains,maybe,10,,", "required is yes or no."),
        ("B,B,,,Domains,,,,", "an option of a group needs a code."),
        ("B,B,,,,yes,10,,", "required and default belong to a group."),
        ("B,B,,,,,,,,more", "the row has more cells than the first line."),
        ("B,B", "the row has fewer cells than the first line."),
        (f"B,{'b' * 201},,,,,,,", "name is at most 200 printable characters."),
        ("B,B\x00,,,,,,,", "name is at most 200 printable characters."),
    ],
)
def test_a_malformed_row_is_told_with_its_line_and_the_others_are_read(row: str, reason: str) -> None:
    found = read_list("a.csv", csv_of("A,A,,,,,,,", row, "C,C,,,,,,,"))
    assert [(one.where, one.reason) for one in found.faults] == [("line 3", reason)]
    assert [one.code for one in found.classes] == ["A", "C"]


def test_a_class_with_one_malformed_row_is_left_out_as_a_whole() -> None:
    found = read_list("a.csv", csv_of("A,A,,,,,X,,", "A,,,,G,perhaps,Y,,", "A,,,,,,Z,,", "C,C,,,,,,,"))
    assert [one.code for one in found.classes] == ["C"]
    assert [one.where for one in found.faults] == ["line 3"]


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("a text", "a class is written as an object with code and name."),
        ({"name": "No code"}, "code is missing."),
        ({"code": 5}, "code is missing."),
        ({"code": "B", "sold": True}, "a class has no 'sold'."),
        ({"code": "B", "groups": {}}, "groups has to be a list."),
        ({"code": "B", "groups": [{"name": "G"}]}, "group G has no options."),
        ({"code": "B", "groups": [{"name": "G", "options": [{"code": "1"}], "default": []}]}, None),
        ({"code": "B", "groups": [{"name": "G", "options": [{"code": "1"}], "default": ["1"]}]}, "default of group G"),
        ({"code": "B", "groups": [{"name": "G", "options": [{"code": "1"}], "required": "no"}]}, "required of group G"),
        ({"code": "B", "features": [{"code": "1"}, {"code": "1"}]}, "feature 1 is there twice."),
        ({"code": "B", "additional": [{"code": "1", "additional": []}]}, "an additional key has no 'additional'."),
        ({"code": "A"}, "code A is there twice."),
    ],
)
def test_a_malformed_class_is_told_with_its_number(raw: Any, reason: str | None) -> None:
    found = read_list("a.json", listed({"code": "A"}, raw))
    assert [one.where for one in found.faults] == (["class 2"] if reason else [])
    assert not reason or found.faults[0].reason.startswith(reason)


@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("a.json", b"{", "is no JSON"),
        ("a.json", b"[" * 100_000, "is no JSON"),
        ("a.json", b"[]", '"format" has to be'),
        ("a.json", listed(version=2), "another version"),
        ("a.json", listed(classes={}), '"classes" has to be a list'),
        ("a.json", listed(), "holds no license class"),
        ("a.json", b"\xff\xfe", "no text in UTF-8 (line 1)"),
        ("a.json", b" " * (MAX_BYTES + 1), "larger than 2 MiB"),
        ("a.json", listed(*({"code": str(n)} for n in range(2001))), "more than 2000"),
        ("a.csv", b"", "first line with class_code"),
        ("a.csv", b"code,name\n", "first line with class_code"),
        ("a.csv", b"class_code,class_code\nA,A\n", "each column once"),
        ("a.csv", b"class_code,price\nA,1\n", "has a column 'price'"),
        ("a.csv", b'class_code\n"A', "is no CSV"),
        ("a.zip", b"PK\x03\x04\xff", "no text in UTF-8"),
    ],
)
def test_what_is_no_list_at_all_is_refused_in_words(name: str, body: bytes, message: str) -> None:
    with pytest.raises(Problem) as caught:
        read_list(name, body)
    assert caught.value.field == "file"
    assert message in caught.value.message


def test_the_list_of_the_product_says_what_the_plugin_knows() -> None:
    assert product_list("plesk_ka").faults == ()
    assert product_list("plesk_ka").classes == build_classes([*BASE_TYPES, *ADDITIONS], FEATURES)


def test_a_template_without_a_list_brings_no_classes() -> None:
    assert product_list("manual").classes == ()
