"""A Plesk server through its XML API: given once, read back, and not believed when it says ok."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from ka_plugins.contract import KeyFile
from ka_plugins.installers.plesk import connection
from ka_plugins.installers.plesk.installer import PleskInstaller
from ka_plugins.installing import Found, InstallError, NotProvenError, Parcel, Target

from .parcels import CODE, KEY, failure, key_file, parcel

if TYPE_CHECKING:
    import pytest

    from ka_plugins.installers.plesk_server.running import RunningPleskServer

PLESK = PleskInstaller()
MAIN = {"number": KEY, "expires": "2099-12-31"}
EXTRA = parcel("KAV.00000001.0001", additional=True)


def target(plesk: RunningPleskServer) -> Target:
    return Target("plesk", plesk.url, {"secret_key": plesk.secret_key, "certificate": plesk.certificate})


def deliver(plesk: RunningPleskServer, *parcels: Parcel) -> tuple[Found, ...]:
    return asyncio.run(PLESK.deliver(target(plesk), parcels))


def refusal(plesk: RunningPleskServer, *parcels: Parcel) -> InstallError:
    return failure(PLESK, "deliver", target(plesk), *parcels)


def installs(plesk: RunningPleskServer) -> int:
    return int(plesk.order()["calls"].get("lic_install", 0))


def test_a_file_is_taken_and_number_and_expiry_are_read_back(plesk: RunningPleskServer) -> None:
    (found,) = deliver(plesk, parcel())
    host = plesk.url.removeprefix("https://")
    body = key_file(KEY).body
    assert found == Found(f"Plesk on {host}: {KEY}, expires 2099-12-31", hashlib.sha256(body).hexdigest(), len(body))
    assert plesk.order()["held"] == [{**MAIN, "additional": False}]


def test_an_activation_code_goes_first_and_alone(plesk: RunningPleskServer) -> None:
    plesk.order(codes={CODE: {"number": "PLSK.12345678.0003"}})
    (found,) = deliver(plesk, parcel(code=CODE))
    assert found.path.endswith("PLSK.12345678.0003, no expiry")
    assert installs(plesk) == 1


def test_a_server_that_does_not_reach_the_vendor_gets_the_file(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="offline", codes={CODE: MAIN})
    assert KEY in deliver(plesk, parcel(code=CODE))[0].path
    assert installs(plesk) == 2


def test_a_second_time_gives_nothing(plesk: RunningPleskServer) -> None:
    for _ in range(2):
        deliver(plesk, parcel(), EXTRA)
    assert installs(plesk) == 2


def test_a_code_that_was_used_is_not_used_again(plesk: RunningPleskServer) -> None:
    plesk.order(holds=[MAIN])
    deliver(plesk, Parcel(KEY, CODE))
    assert installs(plesk) == 0


def test_additional_keys_come_after_the_main_key_and_are_read_back(plesk: RunningPleskServer) -> None:
    found = deliver(plesk, EXTRA, parcel())
    assert [one.path.rpartition(": ")[2] for one in found] == [
        *("KAV.00000001.0001, expires 2099-12-31", f"{KEY}, expires 2099-12-31"),
    ]


def test_a_server_that_accepts_and_discards_is_found_out(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="discard")
    error = refusal(plesk, parcel())
    assert f"does not hold {KEY} although it was given. It holds: no license" in str(error)
    assert not error.temporary
    plesk.order(holds=[{"number": "PLSK.99999999.0001"}])
    assert "It holds: PLSK.99999999.0001" in str(refusal(plesk, parcel()))


def test_an_additional_key_that_is_discarded_is_found_out(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="discard", holds=[MAIN])
    assert "does not hold KAV.00000001.0001" in str(refusal(plesk, parcel(), EXTRA))


def test_an_older_revision_is_no_proof(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="discard", holds=[{"number": "PLSK.12345678.0001"}])
    assert "older revision" in str(refusal(plesk, parcel()))


def test_an_older_revision_is_replaced(plesk: RunningPleskServer) -> None:
    plesk.order(holds=[{"number": "PLSK.12345678.0001"}])
    deliver(plesk, parcel())
    assert plesk.order()["held"][0]["number"] == KEY


def test_an_expired_license_is_no_proof(plesk: RunningPleskServer) -> None:
    assert "expired" in str(refusal(plesk, parcel(expires="2020-01-01")))


def test_a_refusal_is_told_in_the_servers_words_without_the_code(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="refuse")
    error = refusal(plesk, parcel(code=CODE))
    assert "By activation code: Plesk on" in str(error)
    assert "refused (1023): The license key *** is not for this server." in str(error)
    assert f"By the file {KEY}.xml" in str(error)
    assert not error.temporary


def test_a_file_that_is_no_license_is_refused(plesk: RunningPleskServer) -> None:
    bad = Parcel(KEY, files=(KeyFile("picture.png", b"\x89PNG\x00"),))
    assert "corrupted" in str(refusal(plesk, bad))


def test_a_lost_answer_is_settled_by_reading(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="cut")
    error = refusal(plesk, parcel())
    assert error.temporary
    deliver(plesk, parcel())
    assert installs(plesk) == 1


def test_a_late_answer_is_given_up_in_time_and_settled_by_reading(
    plesk: RunningPleskServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "TOTAL_SECONDS", 1.0)
    plesk.order(behaviour="slow", seconds=5)
    error = refusal(plesk, parcel())
    assert error.temporary
    assert "in time" in str(error)
    deliver(plesk, parcel())
    assert installs(plesk) == 1


def test_a_server_that_cannot_be_read_just_now_is_not_given_the_license_again(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="mute")
    error = refusal(plesk, parcel())
    assert type(error) is NotProvenError
    assert error.temporary
    assert len(asyncio.run(PLESK.read_back(target(plesk), (parcel(),)))) == 1


def test_a_web_page_is_no_answer(plesk: RunningPleskServer) -> None:
    plesk.order(behaviour="web page")
    assert "Plesk's own port?" in str(refusal(plesk, parcel()))


def test_what_is_there_cannot_be_taken_out_and_what_is_not_counts_as_done(plesk: RunningPleskServer) -> None:
    asyncio.run(PLESK.remove(target(plesk), (parcel(), EXTRA)))
    plesk.order(holds=[{"number": KEY, "expires": "2020-01-01"}])
    assert f"cannot take out {KEY}" in str(failure(PLESK, "remove", target(plesk), parcel()))


def test_one_installer_serves_many_deliveries_and_loop_after_loop(plesk: RunningPleskServer) -> None:
    async def all_at_once() -> list[tuple[Found, ...]]:
        return await asyncio.gather(*(PLESK.deliver(target(plesk), (parcel(),)) for _ in range(10)))

    for _ in range(2):
        assert len(asyncio.run(all_at_once())) == 10
