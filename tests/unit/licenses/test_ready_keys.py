"""Ready keys: files, forms of keys, serving one key once, whatever comes at the same moment."""

import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseRequest, ReadyKey
from licenses.ready_keys.bringing import import_keys, look_through, seal_found
from licenses.ready_keys.rules import check_pattern, compiled
from licenses.ready_keys.services import reveal_ready_key, set_rule, take_out
from licenses.services import cancel_request, hold_request, new_licenses, release_request
from licenses.tables import read_rows
from licenses.tasks import sweep
from licenses.uploads import upload
from pbas.core.models import Event
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from tests.factories import make_class, make_configuration, make_license

pytestmark = pytest.mark.django_db


@pytest.fixture
def plesk() -> LicenseClass:
    return make_class()


def bring(license_class: LicenseClass, body: bytes) -> tuple[int, int]:
    found = look_through(license_class, read_rows("keys.csv", body))
    return import_keys(license_class=license_class, confirmed=seal_found(license_class, found), actor=SYSTEM)


def ask(license_class: LicenseClass, number: int = 1, **options: object) -> list[LicenseRequest]:
    return new_licenses(
        configuration=license_class.configuration,
        license_class=license_class,
        number=number,
        subscription_id=None,
        options=dict(options),
        actor=SYSTEM,
    )


# --- files --------------------------------------------------------------------------------------------------------


def test_a_preview_tells_new_duplicate_and_malformed_rows_and_stores_nothing(plesk: LicenseClass) -> None:
    set_rule(license_class=plesk, low_mark=0, pattern="[A-Z]{3}-[0-9]+", example="ABC-1", actor=SYSTEM)
    bring(plesk, b"AAA-1\nAAA-2\n")
    ask(plesk)
    body = b"key,activation_code\nAAA-1\naaa-3\nAAA-2\nAAA-4\nAAA-4\nAAA-5,x,y\n,code\nAAA-6,C\xc2\x85D\n"
    found = look_through(plesk, read_rows("keys.csv", body))
    assert found.new == (("AAA-4", ""),)
    used = License.objects.get()
    assert found.duplicates == (
        (2, f"It is already on license {used.pk}."),
        (4, f"It is already a ready key of {plesk.name}."),
        (6, "The same key as in line 5."),
    )
    assert found.malformed == (
        (3, "It does not look like a key of this class, such as ABC-1."),
        (7, "It has more cells than key, activation_code."),
        (8, "The key is missing."),
        (9, "An activation code has at most 200 printable characters."),
    )
    assert ReadyKey.objects.count() == 1


def test_what_a_page_carries_to_the_confirmation_shows_no_key_and_fits_its_class_only(plesk: LicenseClass) -> None:
    found = look_through(plesk, read_rows("keys.csv", b"SECRET-KEY-1\n"))
    sealed = seal_found(plesk, found)
    assert "SECRET" not in sealed
    for license_class, given in ((make_class(), sealed), (plesk, sealed[:-8]), (plesk, "é"), (plesk, "")):
        with pytest.raises(ConflictProblem, match="Choose the file again"):
            import_keys(license_class=license_class, confirmed=given, actor=SYSTEM)
    assert import_keys(license_class=plesk, confirmed=sealed, actor=SYSTEM) == (1, 0)
    assert import_keys(license_class=plesk, confirmed=sealed, actor=SYSTEM) == (0, 0)


def test_a_form_that_became_narrower_refuses_the_whole_confirmation(plesk: LicenseClass) -> None:
    sealed = seal_found(plesk, look_through(plesk, read_rows("keys.csv", b"A-1\nB\n")))
    set_rule(license_class=plesk, low_mark=0, pattern="A-1", example="A-1", actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="form of the keys was changed"):
        import_keys(license_class=plesk, confirmed=sealed, actor=SYSTEM)
    assert not ReadyKey.objects.exists()


# --- forms of keys ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "example", "field"),
    [
        ("(a", "a", "pattern"),
        (r"(a)\1", "aa", "pattern"),
        ("(x{999}){999}", "x", "pattern"),
        ("a", "b", "example"),
        ("a", "", "example"),
    ],
)
def test_a_form_that_cannot_be_used_is_refused_at_its_field(pattern: str, example: str, field: str) -> None:
    with pytest.raises(Problem) as caught:
        check_pattern(pattern, example)
    assert caught.value.field == field


def test_no_form_holds_a_worker_up() -> None:
    began = time.process_time()
    assert compiled("(([a-z]+)+)+!").fullmatch("a" * 200) is None
    assert time.process_time() - began < 0.1


def test_an_uploaded_key_has_to_fit_the_form_and_must_not_be_a_ready_key(plesk: LicenseClass) -> None:
    (request,) = ask(plesk)
    set_rule(license_class=plesk, low_mark=0, pattern="[A-Z]{3}-[0-9]", example="ABC-1", actor=SYSTEM)
    with pytest.raises(Problem, match="such as ABC-1") as caught:
        upload(request=request, key="nonsense", actor=SYSTEM)
    assert caught.value.field == "key"
    other = make_class(plesk.configuration)
    bring(other, b"AAA-1\n")
    with pytest.raises(Problem, match="is a ready key of"):
        upload(request=request, key="aaa-1".upper(), actor=SYSTEM)
    assert upload(request=request, key="AAA-2", actor=SYSTEM).state == "files"


# --- serving ------------------------------------------------------------------------------------------------------


def test_a_request_is_served_at_once_by_the_oldest_key_and_shown_as_it_stands(plesk: LicenseClass) -> None:
    bring(plesk, b"KEY-NUMBER-1\nKEY-NUMBER-2,CODE\n")
    first, second, third = ask(plesk, 3)
    assert [one.state for one in (first, second, third)] == ["files", "install", "key"]
    assert first.license is not None
    assert first.license.full_key == "KEY-NUMBER-1"
    assert first.license.key == "••••ER-1"
    assert second.license is not None
    assert second.license.activation_code == "CODE"
    assert not ReadyKey.objects.exists()
    assert Event.objects.filter(kind="key_served").count() == 2
    assert not Event.objects.filter(text__contains="KEY-NUMBER").exists()
    assert list(broken()) == []


def test_who_waits_is_served_when_keys_come_the_oldest_first(plesk: LicenseClass) -> None:
    waiting = ask(plesk, 3)
    assert bring(plesk, b"AAA-1\nAAA-2\n") == (2, 2)
    states = LicenseRequest.objects.order_by("pk").values_list("pk", "state")
    assert list(states) == list(zip([one.pk for one in waiting], ["files", "files", "key"], strict=True))


def test_held_and_cancelled_requests_and_those_with_options_take_no_key(plesk: LicenseClass) -> None:
    held, cancelled, choosy = ask(plesk, 3)
    hold_request(request=held, actor=SYSTEM)
    cancel_request(request=cancelled, actor=SYSTEM, reason="Not wanted.")
    LicenseRequest.objects.filter(pk=choosy.pk).update(options={"features": ["SPAM"], "additional": []})
    assert bring(plesk, b"AAA-1\n") == (1, 0)
    held.refresh_from_db()
    release_request(request=held, actor=SYSTEM)
    held.refresh_from_db()
    assert held.license is not None, "whoever is released is served at once"


def test_the_classes_of_an_online_plugin_are_not_served(plesk: LicenseClass) -> None:
    online = make_class(make_configuration(template="plesk_ka", mode="online"))
    bring(plesk, b"AAA-1\n")
    assert ask(online)[0].state == "key"
    assert ReadyKey.objects.count() == 1


def test_a_key_that_is_on_a_license_by_now_is_passed_over(plesk: LicenseClass) -> None:
    bring(plesk, b"AAA-1\nAAA-2\n")
    first = ReadyKey.objects.order_by("pk")[0]
    make_license(plesk, fingerprint=first.fingerprint)
    (request,) = ask(plesk)
    assert request.license is not None
    assert request.license.full_key == "AAA-2"


def test_ready_keys_that_cannot_be_read_let_the_request_be_made_all_the_same(plesk: LicenseClass) -> None:
    bring(plesk, b"AAA-1\n")
    ReadyKey.objects.update(uid="00000000-0000-4000-8000-000000000000")
    assert ask(plesk)[0].state == "key"
    with pytest.raises(Problem, match="cannot be read"):
        reveal_ready_key(ready_key=ReadyKey.objects.get(), actor=SYSTEM)


def test_the_low_mark_is_told_once_when_it_is_passed(plesk: LicenseClass) -> None:
    set_rule(license_class=plesk, low_mark=2, pattern="", example="", actor=SYSTEM)
    bring(plesk, b"AAA-1\nAAA-2\nAAA-3\n")
    ask(plesk)
    assert not Event.objects.filter(kind="ready_keys_low").exists()
    ask(plesk)
    ask(plesk)
    told = Event.objects.get(kind="ready_keys_low")
    assert told.text == f"Ready keys of {plesk.name} that are left: 1. The low mark is 2."


def test_a_look_and_a_taking_out_are_told_without_the_key(plesk: LicenseClass) -> None:
    bring(plesk, b"KEY-NUMBER-1,CODE-1\n")
    kept = ReadyKey.objects.select_related("license_class__configuration").get()
    assert reveal_ready_key(ready_key=kept, actor=SYSTEM) == ("KEY-NUMBER-1", "CODE-1")
    take_out(ready_key=kept, actor=SYSTEM)
    with pytest.raises(ConflictProblem, match="not ready any more"):
        take_out(ready_key=kept, actor=SYSTEM)
    told = Event.objects.filter(kind__in=["key_revealed", "key_taken_out", "keys_imported"])
    assert told.count() == 3
    assert not any("KEY-NUMBER" in one.text + one.detail or "CODE-1" in one.text + one.detail for one in told)


def test_serving_many_costs_a_fixed_number_of_statements(plesk: LicenseClass) -> None:
    costs = []
    for number in (2, 40):
        ask(plesk, number)
        rows = "".join(f"K{number}-{n}\n" for n in range(number)).encode()
        with CaptureQueriesContext(
            connection,
        ) as spent:
            assert bring(plesk, rows) == (number, number)
        costs.append(len(spent))
    assert costs[0] == costs[1]


@pytest.mark.django_db(transaction=True)
def test_many_at_the_same_moment_get_a_key_each_and_no_key_twice() -> None:
    plesk = make_class()
    bring(plesk, "".join(f"AAA-{n}\n" for n in range(30)).encode())
    start = threading.Barrier(4)

    def order() -> None:
        try:
            start.wait()
            for _ in range(10):
                ask(plesk)
        finally:
            connection.close()

    threads = [threading.Thread(target=order) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert License.objects.values("fingerprint").distinct().count() == 30
    assert not ReadyKey.objects.exists()
    assert LicenseRequest.objects.filter(state="key").count() == 10
    assert list(broken()) == []


def test_a_request_whose_ring_was_lost_is_served_by_the_next_sweep(plesk: LicenseClass) -> None:
    (request,) = ask(plesk)
    LicenseRequest.objects.update(held=True)
    assert bring(plesk, b"KEY-NUMBER-1\n") == (1, 0)
    LicenseRequest.objects.update(held=False)  # and nobody was told of it
    sweep()
    request.refresh_from_db()
    assert request.license is not None
    assert not ReadyKey.objects.exists()
