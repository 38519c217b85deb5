"""What a person does: the offline flow, installing by hand, holding, cancelling."""

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from ka_plugins.contract import KeyFile
from ka_plugins.installing import Target
from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import License, LicenseRequest
from licenses.services import (
    cancel_request,
    hold_request,
    install_request,
    new_licenses,
    release_request,
    renew_license,
    retry_request,
)
from licenses.targets import set_install_target
from licenses.uploads import upload
from pbas.core.problems import ConflictProblem, Problem
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from subscriptions.services import service_ready
from tests.factories import make_class, make_order, make_plan, make_ready, make_subscription
from tests.flow.conftest import Buy, Work, request_of

FILE = KeyFile("license.xml", b"<key>simulated, not a license</key>")


def offline(folder: Path) -> Subscription:
    return make_subscription(make_order(make_plan(make_class())), folder=folder)


def test_the_offline_flow_ends_in_an_installed_license(work: Work, tmp_path: Path) -> None:
    subscription = offline(tmp_path)
    work()
    assert request_of(subscription).state == "key"
    upload(request=request_of(subscription), key="OFF-1", actor=SYSTEM)
    assert request_of(subscription).state == "files"
    upload(request=request_of(subscription), files=[FILE], actor=SYSTEM)
    work()
    assert request_of(subscription).state == "install"
    install_request(request=request_of(subscription), actor=SYSTEM)
    work()
    request = request_of(subscription)
    assert request.state == "done"
    assert (tmp_path / "license.xml").read_bytes() == FILE.body
    assert hashlib.sha256(FILE.body).hexdigest() == License.objects.get().files.get().sha256
    subscription.refresh_from_db()
    assert subscription.state == "active"
    assert list(broken()) == []


def test_files_that_come_before_the_key_join_its_license(work: Work, tmp_path: Path) -> None:
    subscription = offline(tmp_path)
    upload(request=request_of(subscription), files=[FILE], actor=SYSTEM)
    assert request_of(subscription).state == "key"
    upload(request=request_of(subscription), key="OFF-2", actor=SYSTEM)
    assert request_of(subscription).state == "install"
    assert License.objects.get().files.count() == 1
    install_request(request=request_of(subscription), actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"


def test_an_upload_before_the_services_are_ready_is_kept_until_then(tmp_path: Path) -> None:
    subscription = make_subscription(make_order(make_plan(make_class())))
    upload(request=request_of(subscription), key="OFF-3", files=[FILE], actor=SYSTEM)
    assert request_of(subscription).state == "services"
    make_ready(subscription, tmp_path)
    assert request_of(subscription).state == "install"


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({}, "key", "Nothing was uploaded"),
        ({"key": "x" * 201}, "key", "200"),
        ({"activation_code": "A00000"}, "key", "needs its key"),
        ({"files": [KeyFile("empty.xml", b"")]}, "files", "empty"),
        ({"files": [KeyFile("big.xml", b"x" * (1024 * 1024 + 1))]}, "files", "larger"),
        ({"files": [KeyFile("../x", b"x")]}, "files", "path"),
        ({"files": [KeyFile(f"{n}", str(n).encode()) for n in range(11)]}, "files", "At most 10"),
        ({"files": [KeyFile("a", b"x"), KeyFile("b", b"x")]}, "files", "same file"),
    ],
)
def test_a_wrong_upload_says_what_is_wrong_at_its_field_and_keeps_nothing(
    given: dict[str, object], field: str, says: str, tmp_path: Path
) -> None:
    request = request_of(offline(tmp_path))
    with pytest.raises(Problem, match=says) as caught:
        upload(request=request, actor=SYSTEM, **given)  # type: ignore[arg-type]
    assert caught.value.field == field
    assert License.objects.count() == 0
    assert request.files.count() == 0


def test_files_alone_are_not_taken_where_the_vendor_brings_key_and_files(buy: Buy) -> None:
    request = request_of(buy(ready=False))
    with pytest.raises(Problem, match="give their key too") as caught:
        upload(request=request, files=[FILE], actor=SYSTEM)
    assert caught.value.field == "key"
    kept = upload(request=request, key="PLSK.12345678.0001", files=[FILE], actor=SYSTEM)
    assert kept.license is not None
    assert kept.license.files.count() == 1


@pytest.mark.parametrize(
    ("name", "body", "says"),
    [
        ("keys.zip", b"PK\x03\x04\x00\x00", "is an archive. Unpack it"),
        ("keys.tar", b"\x00" * 257 + b"ustar", "is an archive. Unpack it"),
        ("cut.xml", b"<key><number>PLSK", "is no whole XML document"),
        ("answer.XML", b"The key is not ready yet.", "is no XML, though its name says so"),
        ("bomb.xml", b'<!DOCTYPE key [<!ENTITY a "aa">]><key>&a;</key>', "declares a document type"),
        ("picture.png", b"\x89PNG\x00", "is neither XML nor text"),
    ],
)
def test_what_is_no_key_file_of_the_vendor_is_refused_by_name(buy: Buy, name: str, body: bytes, says: str) -> None:
    request = request_of(buy(ready=False))
    with pytest.raises(Problem, match=says) as caught:
        upload(request=request, key="PLSK.12345678.0001", files=[KeyFile(name, body)], actor=SYSTEM)
    assert caught.value.field == "files"
    assert caught.value.message.startswith(name)
    assert License.objects.count() == 0
    for right in (b"\xef\xbb\xbf<key/>", b"VZ key in text"):
        upload(request=request, key="PLSK.12345678.0001", files=[KeyFile("right", right)], actor=SYSTEM)


def test_a_key_that_another_license_has_is_refused_by_name(tmp_path: Path) -> None:
    upload(request=request_of(offline(tmp_path)), key="OFF-4", actor=SYSTEM)
    with pytest.raises(Problem, match="already on license") as caught:
        upload(request=request_of(offline(tmp_path)), key="off-4", actor=SYSTEM)
    assert caught.value.field == "key"


def test_a_finished_request_takes_no_upload(buy: Buy, work: Work) -> None:
    subscription = buy()
    work()
    with pytest.raises(ConflictProblem, match="done"):
        upload(request=request_of(subscription), files=[FILE], actor=SYSTEM)


def test_installing_without_a_target_says_so() -> None:
    subscription = make_subscription(make_order(make_plan(make_class(), services=[])))
    upload(request=request_of(subscription), key="OFF-5", files=[FILE], actor=SYSTEM)
    with pytest.raises(Problem, match="no install target") as caught:
        install_request(request=request_of(subscription), actor=SYSTEM)
    assert caught.value.field == "target"


def test_a_failed_install_keeps_everything_and_one_click_installs_after_the_target_was_mended(
    buy: Buy, work: Work, tmp_path: Path, simulator: RunningSimulator
) -> None:
    before = simulator.sold()
    subscription = buy()
    broken_folder = Target("directory", str(tmp_path / "not there"))
    set_install_target(subscription_id=subscription.pk, target=broken_folder, actor=SYSTEM)
    work()
    request = request_of(subscription)
    assert (request.state, request.problem_kind) == ("attention", "install_failed")
    assert request.license is not None
    assert request.license.files.count() == 1
    set_install_target(subscription_id=subscription.pk, target=Target("directory", str(tmp_path)), actor=SYSTEM)
    install_request(request=request, actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"
    assert simulator.sold() == before + 1


def test_a_held_request_stands_still_until_it_is_released(buy: Buy, work: Work) -> None:
    subscription = buy()
    hold_request(request=request_of(subscription), actor=SYSTEM, reason="Waiting for the customer.")
    work()
    assert request_of(subscription).state == "key"
    release_request(request=request_of(subscription), actor=SYSTEM)
    work()
    assert request_of(subscription).state == "done"


def test_a_request_held_before_its_services_are_ready_stays_held(buy: Buy, work: Work, tmp_path: Path) -> None:

    subscription = buy(ready=False)
    hold_request(request=request_of(subscription), actor=SYSTEM)
    service_ready(subscription=subscription, name="hosting", target=Target("directory", str(tmp_path)), actor=SYSTEM)
    work()
    assert request_of(subscription).state == "key"


def test_a_decision_on_an_old_view_of_a_request_is_refused(buy: Buy, work: Work) -> None:
    subscription = buy()
    seen = request_of(subscription)
    work()
    for decide in (hold_request, retry_request):
        with pytest.raises(ConflictProblem, match="moved on"):
            decide(request=seen, actor=SYSTEM)
    assert request_of(subscription).state == "done"


def test_a_running_request_is_not_touched_by_hand(buy: Buy) -> None:
    subscription = buy()
    later = timezone.now() + timedelta(minutes=2)
    LicenseRequest.objects.update(leased=True, due_at=later)
    with pytest.raises(ConflictProblem, match="busy"):
        retry_request(request=request_of(subscription), actor=SYSTEM)


def test_a_request_without_a_key_is_cancelled_with_a_reason_once(buy: Buy) -> None:
    subscription = buy()
    with pytest.raises(Problem, match="Say why"):
        cancel_request(request=request_of(subscription), actor=SYSTEM, reason=" ")
    cancel_request(request=request_of(subscription), actor=SYSTEM, reason="Ordered by mistake.")
    with pytest.raises(ConflictProblem):
        cancel_request(request=request_of(subscription), actor=SYSTEM, reason="Again.")
    assert request_of(subscription).state == "cancelled"


def test_an_offline_renewal_is_uploaded_and_its_file_is_a_new_version(work: Work, tmp_path: Path) -> None:
    subscription = offline(tmp_path)
    upload(request=request_of(subscription), key="OFF-6", files=[FILE], actor=SYSTEM)
    install_request(request=request_of(subscription), actor=SYSTEM)
    work()
    request = renew_license(license=License.objects.get(), actor=SYSTEM)
    newer = KeyFile(FILE.name, b"<key>renewed</key>")
    upload(request=request, files=[newer], actor=SYSTEM)
    request.refresh_from_db()
    install_request(request=request, actor=SYSTEM)
    work()
    request.refresh_from_db()
    assert request.state == "done"
    assert [one.version for one in License.objects.get().files.all()] == [1, 2]
    assert (tmp_path / FILE.name).read_bytes() == newer.body


def test_a_new_license_form_that_is_sent_twice_asks_once(buy: Buy) -> None:
    subscription = buy()
    configuration = request_of(subscription).configuration
    license_class = configuration.classes.get()
    once = uuid4()
    first, again = (
        new_licenses(
            configuration=configuration,
            license_class=license_class,
            subscription_id=subscription.pk,
            number=3,
            once=once,
            actor=SYSTEM,
        )
        for _ in range(2)
    )
    assert [one.pk for one in again] == [one.pk for one in first]
    assert subscription.license_requests.count() == 1 + 3
