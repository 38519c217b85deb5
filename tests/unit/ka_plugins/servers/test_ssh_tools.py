"""The product's own tool over SSH: nothing reaches the shell, and what the tool says afterwards is the proof."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import KeyFile
from ka_plugins.installers.ssh import connection
from ka_plugins.installers.ssh.installer import SshInstaller
from ka_plugins.installing import Found, InstallError, NotProvenError, Parcel

from .parcels import CODE, KEY, failure, key_file, parcel

if TYPE_CHECKING:
    from .sshd import Sshd

SSH = SshInstaller()
VZ = "PSBM.00000007.0001"


def deliver(sshd: Sshd, product: str, *parcels: Parcel) -> tuple[Found, ...]:
    return asyncio.run(SSH.deliver(sshd.target(product=product), parcels))


def refusal(sshd: Sshd, product: str, *parcels: Parcel) -> str:
    return str(failure(SSH, "deliver", sshd.target(product=product), *parcels))


def calls(sshd: Sshd, *words: str) -> list[Any]:
    return [one for one in sshd.state["calls"] if tuple(one[: len(words)]) == words]


def test_plesk_takes_a_file_and_shows_its_number_and_expiry(sshd: Sshd) -> None:
    (found,) = deliver(sshd, "plesk", parcel())
    assert found.path == f"Plesk on 127.0.0.1:{sshd.port}: {KEY}, expires 2099-12-31"
    assert found.size == len(key_file(KEY).body)
    assert sshd.state["held"] == [[KEY, "2099-12-31"]]


def test_the_file_is_gone_from_the_server_afterwards(sshd: Sshd) -> None:
    deliver(sshd, "plesk", parcel())
    ((*_, path),) = calls(sshd, "plesk", "bin", "license")
    assert Path(path).is_absolute()
    assert not Path(path).parent.exists()


def test_an_activation_code_goes_first_and_stands_in_no_log(sshd: Sshd, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sshd.tools(codes={CODE: ["PLSK.12345678.0003", "2099-01-01"]})
    (found,) = deliver(sshd, "plesk", parcel(code=CODE))
    assert "PLSK.12345678.0003" in found.path
    assert calls(sshd, "plesk", "bin", "license") == [["plesk", "bin", "license", "--install", CODE]]
    assert CODE not in caplog.text


@pytest.mark.parametrize(("product", "number"), [("plesk", KEY), ("virtuozzo", VZ)])
def test_a_server_that_does_not_reach_the_vendor_gets_the_file(sshd: Sshd, product: str, number: str) -> None:
    sshd.tools(behaviour="offline")
    (found,) = deliver(sshd, product, parcel(number, CODE))
    assert number in found.path


def test_a_refused_code_without_a_file_is_told_without_the_code(sshd: Sshd) -> None:
    told = refusal(sshd, "plesk", Parcel(KEY, CODE))
    assert "The activation code *** is invalid." in told
    assert "By activation code" in told


@pytest.mark.parametrize(("product", "number"), [("plesk", KEY), ("virtuozzo", VZ)])
def test_a_second_time_installs_nothing(sshd: Sshd, product: str, number: str) -> None:
    for _ in range(2):
        deliver(sshd, product, parcel(number))
    assert len(calls(sshd, "plesk", "bin", "license")) + len(calls(sshd, "vzlicload")) == 1


@pytest.mark.parametrize(("product", "number"), [("plesk", KEY), ("virtuozzo", VZ)])
def test_a_tool_that_accepts_and_discards_is_found_out(sshd: Sshd, product: str, number: str) -> None:
    sshd.tools(behaviour="discard")
    told = refusal(sshd, product, parcel(number))
    assert f"does not hold {number} although it was given" in told
    assert "no license" in told


def test_an_older_revision_is_no_proof_and_a_newer_one_is(sshd: Sshd) -> None:
    sshd.tools(held=[["PLSK.12345678.0001", "2099-01-01"]], behaviour="discard")
    assert "older revision" in refusal(sshd, "plesk", parcel())
    sshd.tools(held=[["PLSK.12345678.0009", "2099-01-01"]], behaviour="discard")
    assert "PLSK.12345678.0009" in deliver(sshd, "plesk", parcel())[0].path


def test_an_expired_license_is_no_proof(sshd: Sshd) -> None:
    assert "it has expired" in refusal(sshd, "plesk", parcel(expires="2020-01-01"))


def test_a_license_without_an_end_is_proven_by_its_number(sshd: Sshd) -> None:
    sshd.tools(held=[[KEY, ""]])
    assert deliver(sshd, "plesk", parcel())[0].path.endswith("no expiry")


def test_additional_keys_are_refused_by_plesk_before_anything_is_installed(sshd: Sshd) -> None:
    told = refusal(sshd, "plesk", parcel(), parcel("KAV.00000001.0001", additional=True))
    assert "KAV.00000001.0001" in told
    assert "of the kind plesk" in told
    assert sshd.state["calls"] == []


def test_virtuozzo_shows_all_its_licenses(sshd: Sshd) -> None:
    sshd.tools(many=True)
    found = deliver(sshd, "virtuozzo", parcel(VZ), parcel("VZT.00000008.0001", additional=True))
    assert [one.path.partition(": ")[2] for one in found] == [
        *(f"{VZ}, expires 2099-12-31", "VZT.00000008.0001, expires 2099-12-31"),
    ]


def test_a_virtuozzo_license_that_is_not_active_is_no_proof(sshd: Sshd) -> None:
    sshd.tools(status="GRACED")
    assert "status there is GRACED" in refusal(sshd, "virtuozzo", parcel(VZ))


def test_virtuozzos_refusals_may_pass_and_plesks_do_not(sshd: Sshd) -> None:
    bad = Parcel(VZ, files=(KeyFile("bad.xml", b"no license"),))
    assert failure(SSH, "install", sshd.target(product="virtuozzo"), bad).temporary
    assert not failure(SSH, "install", sshd.target(product="plesk"), bad).temporary


def test_virtuozzo_gives_a_license_back_by_its_serial_whatever_its_state(sshd: Sshd) -> None:
    sshd.tools(held=[[VZ, "2020-01-01"]])
    for _ in range(2):
        asyncio.run(SSH.remove(sshd.target(product="virtuozzo"), (parcel(VZ),)))
    assert sshd.state["held"] == []
    assert len(calls(sshd, "vzlicload", "-r")) == 1


def test_plesk_cannot_give_its_main_key_back_and_says_so(sshd: Sshd) -> None:
    asyncio.run(SSH.remove(sshd.target(product="plesk"), (parcel(),)))
    sshd.tools(held=[[KEY, ""]])
    assert "only replaced by another" in str(failure(SSH, "remove", sshd.target(product="plesk"), parcel()))


def test_a_server_without_the_product_says_so(sshd: Sshd) -> None:
    sshd.no_tools()
    assert "no command plesk: is Plesk installed there?" in refusal(sshd, "plesk", parcel())


def test_nothing_of_a_license_reaches_the_shell(sshd: Sshd, tmp_path: Path) -> None:
    evil = f'A\'; touch {tmp_path}/one; $(touch {tmp_path}/two)`touch {tmp_path}/three` "$HOME" *'
    sshd.tools(codes={evil: [KEY, "2099-01-01"]}, behaviour="offline")
    name = "a b'; touch three; $(id).xml"
    deliver(sshd, "plesk", Parcel(KEY, evil, (KeyFile(name, key_file(KEY).body),)))
    code, path = (one[-1] for one in calls(sshd, "plesk", "bin", "license"))
    assert code == evil
    assert path.endswith(f"/{name}")
    assert list(tmp_path.iterdir()) == []


def test_a_tool_that_prints_without_end_is_stopped(sshd: Sshd) -> None:
    sshd.tools(behaviour="endless")
    assert "without end" in refusal(sshd, "plesk", parcel())


def test_a_tool_that_dies_is_tried_again(sshd: Sshd) -> None:
    sshd.tools(behaviour="killed")
    error = failure(SSH, "read_back", sshd.target(product="plesk"), parcel())
    assert "ended without a result" in str(error)
    assert error.temporary


def test_a_license_that_cannot_be_read_just_now_is_told_apart_from_one_that_was_not_taken(sshd: Sshd) -> None:
    sshd.tools(behaviour="killed later")
    error = failure(SSH, "deliver", sshd.target(product="plesk"), parcel())
    assert type(error) is NotProvenError
    assert error.temporary
    assert len([one for one in sshd.state["calls"] if "--install" in one]) == 1


def test_one_connection_serves_for_installing_and_reading_back(sshd: Sshd) -> None:
    before = sshd.connections
    deliver(sshd, "plesk", parcel())
    assert sshd.connections == before + 1


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_a_server_that_falls_silent_holds_nobody_up(
    sshd: Sshd, monkeypatch: pytest.MonkeyPatch, *, is_cancelled: bool
) -> None:
    monkeypatch.setattr(connection, "ALIVE_SECONDS", 1.0)
    sshd.tools(behaviour="frozen")

    async def read_back() -> float:
        reading = asyncio.create_task(SSH.read_back(sshd.target(product="plesk"), (parcel(),)))
        while not sshd.is_frozen:  # noqa: ASYNC110 - the simulated tool is another process
            await asyncio.sleep(0.05)
        start = time.monotonic()
        if is_cancelled:
            reading.cancel()
        with pytest.raises((InstallError, asyncio.CancelledError)):
            await reading
        return time.monotonic() - start

    try:
        assert asyncio.run(asyncio.wait_for(read_back(), 60)) < 15
    finally:
        sshd.thaw()


def test_a_key_that_no_server_can_show_is_refused(sshd: Sshd) -> None:
    assert "no key number" in refusal(sshd, "plesk", Parcel("a-word", CODE))


def test_a_license_without_code_and_file_has_nothing_to_give(sshd: Sshd) -> None:
    assert "nothing to give" in refusal(sshd, "plesk", Parcel(KEY))
