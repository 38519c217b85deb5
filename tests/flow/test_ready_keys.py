"""A ready key from its import to its install."""

from pathlib import Path

from licenses.invariants import broken
from licenses.ready_keys.bringing import import_keys, look_through, seal_found
from licenses.services import install_request
from licenses.tables import read_rows
from licenses.uploads import upload
from pbas.core.story import SYSTEM
from tests.factories import make_class, make_order, make_plan, make_subscription
from tests.flow.conftest import Work, request_of
from tests.flow.test_by_hand import FILE


def test_a_paid_order_is_served_a_ready_key_and_ends_installed(work: Work, tmp_path: Path) -> None:
    plesk = make_class()
    found = look_through(plesk, read_rows("keys.csv", b"READY-1\nREADY-2,CODE-2\n"))
    import_keys(license_class=plesk, confirmed=seal_found(plesk, found), actor=SYSTEM)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    first = make_subscription(make_order(make_plan(plesk)), folder=tmp_path / "first")
    second = make_subscription(make_order(make_plan(plesk)), folder=tmp_path / "second")
    work()
    assert request_of(first).state == "files"
    upload(request=request_of(first), files=[FILE], actor=SYSTEM)
    install_request(request=request_of(first), actor=SYSTEM)
    work()
    for subscription, key in ((first, "READY-1"), (second, "READY-2")):
        request = request_of(subscription)
        assert request.license is not None
        assert request.license.full_key == key
        assert request.state == "done", request.problem_text
        subscription.refresh_from_db()
        assert subscription.state == "active"
    assert list(broken()) == []
