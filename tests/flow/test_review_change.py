"""A changed license and its additional keys."""

from licenses.models import License
from licenses.services import change_license
from pbas.core.story import SYSTEM
from tests.flow.conftest import Buy, Work

KAV = {"code": "PLESK_ANTIVIRUS_BY_KAV", "features": []}


def test_an_additional_key_that_a_change_buys_becomes_a_license_with_its_file(buy: Buy, work: Work) -> None:
    buy(ip="10.4.4.1")
    work()
    license_ = License.objects.get()
    request = change_license(license=license_, options={"features": [], "additional": [KAV]}, actor=SYSTEM)
    work()
    request.refresh_from_db()
    assert request.state == "done", request.problem_text
    child = license_.children.get()
    assert child.state == "installed"
    assert child.files.count() == 1


def test_an_additional_key_that_a_change_ends_is_terminated_here_too(buy: Buy, work: Work) -> None:
    buy(ip="10.4.4.2", options={"features": [], "additional": [KAV]})
    work()
    license_ = License.objects.get(parent=None)
    request = change_license(license=license_, options={"features": [], "additional": []}, actor=SYSTEM)
    work()
    request.refresh_from_db()
    assert request.state == "done", request.problem_text
    assert license_.children.get().state == "terminated"
    license_.refresh_from_db()
    assert license_.state == "installed"
