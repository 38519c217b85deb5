"""Each invariant sees the breakage that it is there for, and none where all is well."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from licenses.invariants import INVARIANTS, broken
from licenses.models import Alert, AlertDelivery, License, LicenseRequest, PluginConfiguration, StateCount
from licenses.statements import in_seconds
from pbas.core.models import Event
from pbas.core.story import SYSTEM, tell
from tests.factories import make_license, make_order, make_subscription
from tests.unit.licenses.conftest import MakeRequest

pytestmark = pytest.mark.django_db


EVENT = "I3 every open row has a next event"


def lost_due_time(make_request: MakeRequest) -> None:
    make_request(due=None)


def left_lying(make_request: MakeRequest) -> None:
    make_request(due=-900)


def past_its_deadline(make_request: MakeRequest) -> None:
    make_request(due=60, deadline=in_seconds(-7200))


def never_fetched(make_request: MakeRequest) -> None:
    configuration = make_request().configuration
    PluginConfiguration.objects.filter(pk=configuration.pk).update(fetch_at=in_seconds(-900))


def never_told(make_request: MakeRequest) -> None:
    now = timezone.now()
    alert = Alert.objects.create(configuration=make_request().configuration, cause="x", first_at=now, last_at=now)
    AlertDelivery.objects.create(alert=alert, subject="opened", way="mail", due_at=in_seconds(-900), deadline=now)


def paid_for_nothing(_: MakeRequest) -> None:
    order = make_order()
    type(order).objects.filter(pk=order.pk).update(state="paid")


def service_that_never_reports(_: MakeRequest) -> None:
    make_subscription().services.update(changed_at=in_seconds(-8 * 86_400))


def services_all_ready(_: MakeRequest) -> None:
    make_subscription().services.update(state="ready")


def ended_without_end(make_request: MakeRequest) -> None:
    make_request(state="cancelled", due=None)


def open_with_an_end(make_request: MakeRequest) -> None:
    request = make_request()
    LicenseRequest.objects.filter(pk=request.pk).update(finished_at=in_seconds(0))


def done_without_license(make_request: MakeRequest) -> None:
    request = make_request(state="done", due=None)
    LicenseRequest.objects.filter(pk=request.pk).update(finished_at=in_seconds(0))


def done_without_proof(make_request: MakeRequest) -> None:
    license_ = make_license()
    request = make_request(state="done", due=None, license=license_)
    tell(SYSTEM, "key_issued", "Sold.", request=request)
    LicenseRequest.objects.filter(pk=request.pk).update(finished_at=in_seconds(0))


def installed_without_proof(_: MakeRequest) -> None:
    License.objects.filter(pk=make_license().pk).update(state="installed")


def one_license_for_two(make_request: MakeRequest) -> None:
    license_ = make_license()
    for _ in range(2):
        tell(SYSTEM, "key_issued", "Sold.", request=make_request(state="files", license=license_))


def sold_twice(make_request: MakeRequest) -> None:
    request = make_request(state="files", license=make_license())
    for _ in range(2):
        tell(SYSTEM, "key_issued", "Sold.", request=request)


def a_key_out_of_nowhere(make_request: MakeRequest) -> None:
    make_request(state="files", license=make_license())


def counted_wrong(make_request: MakeRequest) -> None:
    request = make_request()
    StateCount.objects.create(subject="request", configuration_id=request.configuration_id, state="key", n=1)


def never_read_back(_: MakeRequest) -> None:
    License.objects.filter(pk=make_license().pk).update(prove_at=in_seconds(-2 * 86_400))


def never_sealed(make_request: MakeRequest) -> None:
    Event.objects.create(at=timezone.now() - timedelta(hours=1), kind="comment", text="x", request=make_request())


BREAKAGES: list[tuple[Callable[[MakeRequest], None], str]] = [
    (lost_due_time, EVENT),
    (left_lying, EVENT),
    (past_its_deadline, EVENT),
    (never_fetched, EVENT),
    (never_told, EVENT),
    (paid_for_nothing, EVENT),
    (service_that_never_reports, EVENT),
    (services_all_ready, EVENT),
    (ended_without_end, "I3 ended means ended"),
    (open_with_an_end, "I3 ended means ended"),
    (done_without_license, "I2 done means installed and proven"),
    (done_without_proof, "I2 done means installed and proven"),
    (installed_without_proof, "I2 done means installed and proven"),
    (one_license_for_two, "I1 each request ends in a license of its own"),
    (sold_twice, "I5 one event tells where a key came from"),
    (a_key_out_of_nowhere, "I5 one event tells where a key came from"),
    (never_read_back, "I3 installed licenses are read back"),
    (never_sealed, "I5 events are sealed within minutes"),
    (counted_wrong, "I6 the counters are right"),
]


@pytest.mark.parametrize(("breakage", "invariant"), BREAKAGES, ids=lambda one: getattr(one, "__name__", ""))
def test_a_planted_breakage_is_found_by_its_invariant_alone(
    breakage: Callable[[MakeRequest], None], invariant: str, make_request: MakeRequest
) -> None:
    breakage(make_request)
    assert {one.invariant for one in broken()} == {invariant}


def test_every_invariant_has_a_breakage_that_it_finds() -> None:
    assert {invariant for _, invariant in BREAKAGES} == set(INVARIANTS)


@pytest.mark.parametrize(
    "values",
    [
        {"state": "key", "due": -1},
        {"state": "services", "due": None},
        {"state": "attention", "due": None},
        {"state": "key", "due": None, "held": True},
        {"state": "buying", "due": 60, "leased": True},
    ],
)
def test_what_waits_as_it_should_breaks_nothing(values: dict[str, object], make_request: MakeRequest) -> None:
    make_request(**values)
    assert list(broken()) == []


def test_the_command_fails_where_an_invariant_is_broken_and_says_which(
    make_request: MakeRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    make_request(due=None)
    with pytest.raises((CommandError, SystemExit)) as caught:
        call_command("check_ledger")
    said = capsys.readouterr()
    assert EVENT in said.out + said.err + str(caught.value)
