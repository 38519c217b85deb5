"""How keys and files come in: one identity a license, bytes kept once, secrets masked."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ka_plugins.contract import Delivers, Key, KeyFile, Plugin
from ka_plugins.manual.plugin import ManualPlugin
from ka_plugins.plesk_ka.plugin import PleskKaPlugin
from licenses import intake
from licenses.models import License, LicenseFile
from pbas.core.problems import Problem
from tests.factories import make_license
from tests.unit.licenses.conftest import MakeRequest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("plugin", "one", "other", "same"),
    [
        (PleskKaPlugin, "PLSK.12345678.0001", "PLSK.12345678.0007", True),
        (PleskKaPlugin, "PLSK.12345678.0001", "PLSK.12345679.0001", False),
        (ManualPlugin, "ABC-1", "abc-1", True),
        (ManualPlugin, "ABC-1", "ABC-2", False),
    ],
)
def test_two_keys_are_one_license_where_the_plugin_says_so(
    plugin: type[Plugin], one: str, other: str, *, same: bool
) -> None:
    assert (intake.fingerprint(plugin, one) == intake.fingerprint(plugin, other)) is same


@pytest.mark.parametrize(
    ("key", "shown"), [("ABCD-EFGH-1234", "••••1234"), ("12345678", "••••"), ("x", "••••"), ("123456789", "••••6789")]
)
def test_of_a_secret_key_people_see_at_most_its_end(key: str, shown: str) -> None:
    assert intake.masked(key) == shown


@pytest.mark.parametrize(("plugin", "is_secret"), [(ManualPlugin, True), (PleskKaPlugin, False)])
def test_a_secret_key_is_kept_sealed_and_shown_masked(plugin: type[Plugin], *, is_secret: bool) -> None:
    key = Key("PLSK.12345678.0001", activation_code="CODE")
    made = intake.new_license(plugin, key, configuration_id=1, license_class_id=1, subscription_id=None)
    assert made.full_key == key.number
    assert (key.number in made.key) is not is_secret
    assert made.activation_code == "CODE"


def test_what_the_vendor_does_not_say_again_is_kept() -> None:
    then = datetime(2030, 1, 1, tzinfo=UTC)
    license_ = make_license(activation_code="CODE", expires_at=then, renew_at=then, features=["A"])
    intake.take_over(license_, PleskKaPlugin, Key("PLSK.12345678.0002"))
    assert (license_.activation_code, license_.expires_at, license_.renew_at) == ("CODE", then, then)
    assert (license_.key, license_.features) == ("PLSK.12345678.0002", ["A"])


def test_what_the_vendor_says_anew_counts() -> None:
    license_ = make_license(activation_code="OLD")
    then = datetime(2030, 1, 1, tzinfo=UTC)
    key = Key("PLSK.12345678.0002", activation_code="NEW", expires_at=then, features=("B",))
    intake.take_over(license_, PleskKaPlugin, key)
    assert (license_.activation_code, license_.expires_at, license_.features) == ("NEW", then, ["B"])


def new_files(*files: KeyFile, existing: list[LicenseFile]) -> list[tuple[str, int]]:
    made = intake.new_files(files, request_id=1, license_id=1, source="vendor", existing=existing)
    return [(one.name, one.version) for one in made]


def test_bytes_that_are_there_are_not_kept_twice_and_others_are_a_new_version() -> None:
    first = intake.new_files([KeyFile("a.xml", b"one")], request_id=1, license_id=1, source="vendor")
    assert new_files(KeyFile("a.xml", b"one"), existing=first) == []
    assert new_files(KeyFile("a.xml", b"two"), existing=first) == [("a.xml", 2)]
    assert new_files(KeyFile("b.xml", b"one"), existing=first) == [("b.xml", 1)]


def brought(request: int, source: str, *names: str, pk: int) -> list[LicenseFile]:
    return [LicenseFile(pk=pk + n, request_id=request, source=source, name=name) for n, name in enumerate(names)]


@pytest.mark.parametrize(
    ("plugin", "files", "now"),
    [
        (PleskKaPlugin, [(1, "vendor", "PLSK.12345678.0001.xml"), (2, "vendor", "PLSK.12345678.0002.xml")], [3]),
        (PleskKaPlugin, [(1, "upload", "PLSK.12345678.0001.xml"), (2, "upload", "PLSK.12345678.0002.xml")], [3]),
        (
            PleskKaPlugin,
            [(1, "upload", "PLSK.12345678.0001.xml", "a.part.1.txt"), (2, "upload", "a.part.2.txt")],
            [1, 2, 3],
        ),
        (ManualPlugin, [(1, "upload", "main.lic", "extra.lic"), (2, "upload", "main.lic")], [2, 3]),
        (ManualPlugin, [(1, "vendor", "main.lic", "extra.lic"), (2, "vendor", "other.lic")], [3]),
        (ManualPlugin, [(1, "vendor", "main.lic"), (1, "vendor", "extra.lic"), (1, "upload", "mine.lic")], [1, 3, 5]),
    ],
)
def test_what_a_vendor_gave_last_makes_up_a_license_and_an_upload_replaces_what_has_its_name(
    plugin: type[Plugin], files: list[tuple[Any, ...]], now: list[int]
) -> None:
    rows = [
        row
        for n, (request, source, *names) in enumerate(files)
        for row in brought(request, source, *names, pk=1 + 2 * n)
    ]
    assert sorted(one.pk for one in intake.current_files(reversed(rows), plugin)) == now


def test_what_another_request_brings_is_kept_whole_also_where_it_is_as_before() -> None:
    first = intake.new_files([KeyFile("a.xml", b"one")], request_id=7, license_id=1, source="vendor")
    assert new_files(KeyFile("a.xml", b"one"), existing=first) == [("a.xml", 2)]


@pytest.mark.parametrize(
    ("has_license", "has_file", "state"), [(False, True, "key"), (True, False, "files"), (True, True, "install")]
)
def test_a_request_waits_for_what_it_does_not_have_yet(
    make_request: MakeRequest, *, has_license: bool, has_file: bool, state: str
) -> None:
    request = make_request()
    license_ = make_license() if has_license else None
    if has_file:
        for row in intake.new_files([KeyFile("a", b"x")], request_id=request.pk, license_id=None, source="upload"):
            row.save()
    assert intake.first_state(request, license_) == state


def test_a_license_of_a_vendor_without_files_goes_straight_to_the_install(
    make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PleskKaPlugin, "delivers", Delivers.KEY)
    assert intake.first_state(make_request(), make_license()) == "install"


def test_a_key_is_written_in_its_one_form_and_one_that_cannot_be_is_refused_at_its_field(
    make_request: MakeRequest,
) -> None:
    request = make_request()
    assert intake.clean_key(request, " plsk.12345678.0001 ") == "PLSK.12345678.0001"
    with pytest.raises(Problem) as caught:
        intake.clean_key(request, "nonsense")
    assert caught.value.field == "key"


def test_a_key_given_by_two_people_at_once_is_on_one_license(make_request: MakeRequest) -> None:
    first, second = make_request(), make_request()
    intake.save_key(first, Key("PLSK.12345678.0001"))
    with pytest.raises(Problem, match="a moment ago") as caught:
        intake.save_key(second, Key("PLSK.12345678.0002"))
    assert caught.value.field == "key"
    assert License.objects.count() == 1
