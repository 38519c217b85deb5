"""What is over does not stay in a target: ended licenses, and files that newer ones have replaced; never before."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models.functions import Now

from ka_plugins.simulator.running import RunningSimulator
from licenses.invariants import broken
from licenses.models import License, LicenseClass, LicenseFile, LicenseRequest
from licenses.proving.rounds import prove_due
from licenses.proving.services import prove_license
from licenses.services import change_license, new_licenses, renew_license, terminate_license
from pbas.core.models import Event
from pbas.core.story import SYSTEM
from subscriptions.models import Subscription
from tests.flow.conftest import Buy, Work, request_of

Found, State = License.Found, License.State


@pytest.fixture
def license_(buy: Buy, work: Work) -> License:
    """An installed one; its files are in tmp_path."""
    return bought(buy(options={"features": ["30_DOMAINS"], "additional": []}), work)


def bought(subscription: Subscription, work: Work) -> License:
    work()
    license_ = request_of(subscription).license
    assert license_ is not None
    return license_


def looked(license_: License) -> License:
    """Have all looks that are due done; the license as it is then."""
    for _ in prove_due(10):
        pass
    license_.refresh_from_db()
    return license_


def there(folder: Path) -> set[str]:
    return {one.name for one in folder.iterdir()}


def told(license_: License) -> list[str]:
    rows = Event.objects.filter(license=license_, request=None).order_by("pk")
    return list(rows.values_list("kind", flat=True))


def test_a_renewal_and_a_change_leave_one_license_in_the_target_once_the_newer_one_is_proven(
    license_: License, work: Work, tmp_path: Path
) -> None:
    base = license_.key.rpartition(".")[0]
    assert there(tmp_path) == {f"{base}.0001.xml", f"{base}.activation-code"}
    renew_license(license=license_, actor=SYSTEM)
    work()
    assert f"{base}.0001.xml" in there(tmp_path)  # until the newer one was read back a second time
    assert looked(license_).found is None
    assert there(tmp_path) == {f"{base}.0002.xml", f"{base}.activation-code"}

    change_license(license=license_, options={"features": ["100_DOMAINS"], "additional": []}, actor=SYSTEM)
    work()
    looked(license_)
    assert there(tmp_path) == {f"{base}.0003.xml", f"{base}.activation-code"}
    assert told(license_) == ["files_cleared"] * 2
    kept = LicenseFile.objects.filter(license=license_)
    assert {one.name[-8:]: one.cleared_at is None for one in kept} == {
        "0001.xml": False,
        "0002.xml": False,
        "0003.xml": True,
    }
    assert list(broken()) == []


def test_an_older_file_stays_while_the_newer_one_is_not_proven(license_: License, work: Work, tmp_path: Path) -> None:
    old = f"{license_.key}.xml"
    newer = tmp_path / old.replace(".0001.", ".0002.")
    newer.mkdir()  # so it cannot be written
    renew_license(license=license_, actor=SYSTEM)
    work()
    assert LicenseRequest.objects.get(kind="renew").state == "attention"
    prove_license(license=license_)
    assert looked(license_).found == Found.UNKNOWN
    assert old in there(tmp_path)


def test_a_file_that_somebody_else_put_under_an_older_name_stays(license_: License, work: Work, tmp_path: Path) -> None:
    old = tmp_path / f"{license_.key}.xml"
    renew_license(license=license_, actor=SYSTEM)
    work()
    old.write_bytes(b"mine")
    looked(license_)
    assert old.read_bytes() == b"mine"


def test_only_what_makes_up_a_license_now_is_put_there_again(license_: License, work: Work, tmp_path: Path) -> None:
    renew_license(license=license_, actor=SYSTEM)
    work()
    looked(license_)
    for file in tmp_path.iterdir():
        file.unlink()
    License.objects.update(found=Found.REINSTALL, prove_at=Now())
    assert looked(license_).found is None
    assert there(tmp_path) == {f"{license_.key}.xml", f"{license_.key.rpartition('.')[0]}.activation-code"}


def test_an_ended_license_and_its_additional_keys_leave_the_target(
    buy: Buy, work: Work, tmp_path: Path, simulator: RunningSimulator
) -> None:
    other = tmp_path / "another-license.xml"
    other.write_bytes(b"another")
    virus = {"code": "PLESK_ANTIVIRUS_BY_DRWEB", "features": []}
    license_ = bought(buy(options={"features": [], "additional": [virus]}), work)
    assert len(there(tmp_path)) == 4
    terminate_license(license=license_, actor=SYSTEM)
    work()
    license_.refresh_from_db()
    assert (license_.state, license_.found) == (State.TERMINATED, Found.LEFT)
    assert looked(license_).found is None
    assert there(tmp_path) == {other.name}
    assert told(license_) == ["taken_out"]
    assert not License.objects.exclude(found=None).exists()
    assert all(one["terminated"] for one in simulator.ledger()["sales"] if one["number"] == license_.key)
    assert list(prove_due(1)) == []
    assert list(broken()) == []


def test_an_additional_key_that_a_change_replaced_leaves_the_target_after_its_end(
    buy: Buy, work: Work, tmp_path: Path
) -> None:
    one, two = ({"code": f"PLESK_ANTIVIRUS_BY_{name}", "features": []} for name in ("DRWEB", "KAV"))
    license_ = bought(buy(options={"features": [], "additional": [one]}), work)
    child = license_.children.get()
    change_license(license=license_, options={"features": [], "additional": [two]}, actor=SYSTEM)
    work()
    looked(license_)
    child.refresh_from_db()
    assert child.state == State.TERMINATED
    assert not [name for name in there(tmp_path) if child.key[:12] in name]
    assert [name for name in there(tmp_path) if name.startswith("KAV.")]


def test_a_target_that_is_away_is_tried_again_and_then_told_while_the_end_itself_is_done(
    license_: License, work: Work, tmp_path: Path
) -> None:
    aside = tmp_path.rename(tmp_path.with_name("aside"))
    tmp_path.write_bytes(b"no folder")
    terminate_license(license=license_, actor=SYSTEM)
    work()
    assert LicenseRequest.objects.get(kind="terminate").state == "done"
    assert looked(license_).found == Found.LEFT
    assert "Not a directory" in str(license_.found_text)
    assert license_.prove_at is None  # not a trouble that passes: somebody has to mend it
    assert told(license_) == ["not_taken_out"]
    tmp_path.unlink()
    aside.rename(tmp_path)
    prove_license(license=license_)
    assert looked(license_).found is None
    assert there(tmp_path) == set()
    assert told(license_) == ["not_taken_out", "taken_out"]


def test_a_license_in_stock_or_never_installed_is_looked_for_nowhere(license_: License, work: Work) -> None:
    License.objects.update(subscription=None, state=State.ISSUED, installed_at=None)
    license_.refresh_from_db()
    terminate_license(license=license_, actor=SYSTEM)
    work()
    license_.refresh_from_db()
    assert (license_.state, license_.found, license_.prove_at is None) == (State.TERMINATED, None, False)
    License.objects.update(prove_at=Now() - timedelta(days=1))
    assert list(prove_due(1)) == []


def test_a_request_whose_license_is_ended_in_stock_waits_for_no_subscription_any_more(
    plesk: LicenseClass, work: Work
) -> None:
    (request,) = new_licenses(
        configuration=plesk.configuration, license_class=plesk, number=1, subscription_id=None, actor=SYSTEM
    )
    work()
    request.refresh_from_db()
    assert (request.state, request.license is not None) == ("install", True)
    assert request.license is not None
    terminate_license(license=request.license, actor=SYSTEM)
    work()
    request.refresh_from_db()
    assert (request.state, request.finished_at is not None) == ("cancelled", True)
    assert Event.objects.filter(request=request, kind="cancelled").count() == 1
    assert list(broken()) == []
