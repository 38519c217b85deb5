"""Files in a folder of a real SSH server: whole, private, durable, and read back."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from ka_plugins.contract import KeyFile
from ka_plugins.installers.ssh.installer import SshInstaller
from ka_plugins.installing import Found, Parcel

from .parcels import CODE, KEY, failure, parcel

if TYPE_CHECKING:
    from pathlib import Path

    from .sshd import Sshd

SSH = SshInstaller()
LARGE = Parcel("PLSK.00000009.0001", files=(KeyFile("large.xml", os.urandom(300_000)),))
EXTRA = Parcel("KAV.87654321.0001", additional=True)


def deliver(sshd: Sshd, folder: Path, *parcels: Parcel) -> tuple[Found, ...]:
    return asyncio.run(SSH.deliver(sshd.target(folder), parcels))


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def test_files_codes_and_bare_keys_arrive_whole_and_private_and_are_read_back(sshd: Sshd, tmp_path: Path) -> None:
    given = (parcel(code=CODE), EXTRA, LARGE)
    found = deliver(sshd, tmp_path, *given)
    assert names(tmp_path) == ["KAV.87654321.key", f"{KEY}.xml", "PLSK.12345678.activation-code", "large.xml"]
    assert (tmp_path / "large.xml").read_bytes() == LARGE.files[0].body
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}
    assert [one.path.removeprefix(f"127.0.0.1:{tmp_path}/") for one in found] == [
        *(f"{KEY}.xml", "PLSK.12345678.activation-code", "KAV.87654321.key", "large.xml"),
    ]
    assert found[-1].sha256 == hashlib.sha256(LARGE.files[0].body).hexdigest()
    assert found[-1].size == 300_000


def test_a_second_time_touches_nothing(sshd: Sshd, tmp_path: Path) -> None:
    deliver(sshd, tmp_path, parcel())
    before = (tmp_path / f"{KEY}.xml").stat()
    deliver(sshd, tmp_path, parcel())
    assert (tmp_path / f"{KEY}.xml").stat().st_ino == before.st_ino


def test_another_content_of_the_same_name_replaces_the_file_at_once(sshd: Sshd, tmp_path: Path) -> None:
    deliver(sshd, tmp_path, parcel())
    deliver(sshd, tmp_path, parcel(expires="2100-01-01"))
    assert b"2100-01-01" in (tmp_path / f"{KEY}.xml").read_bytes()
    assert names(tmp_path) == [f"{KEY}.xml"]


def test_what_was_changed_on_the_server_is_read_back_as_it_is_there(sshd: Sshd, tmp_path: Path) -> None:
    deliver(sshd, tmp_path, parcel())
    (tmp_path / f"{KEY}.xml").write_bytes(b"other")
    (found,) = asyncio.run(SSH.read_back(sshd.target(tmp_path), (parcel(),)))
    assert found.sha256 == hashlib.sha256(b"other").hexdigest()


def test_what_is_not_there_is_named_with_its_server(sshd: Sshd, tmp_path: Path) -> None:
    error = failure(SSH, "read_back", sshd.target(tmp_path), parcel())
    assert f"{tmp_path}/{KEY}.xml is not on 127.0.0.1:{sshd.port}" in str(error)
    assert not error.temporary


def test_a_link_inside_the_folder_is_replaced_and_not_followed(sshd: Sshd, tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_bytes(b"mine")
    (folder / f"{KEY}.xml").symlink_to(outside)
    failure(SSH, "read_back", sshd.target(folder), parcel())
    deliver(sshd, folder, parcel())
    assert outside.read_bytes() == b"mine"
    assert not (folder / f"{KEY}.xml").is_symlink()


def test_temporary_files_of_writers_that_crashed_are_swept_later(sshd: Sshd, tmp_path: Path) -> None:
    for name, age in ((".pbas-old.new", 7200), (".pbas-young.new", 60)):
        (tmp_path / name).write_bytes(b"half")
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    deliver(sshd, tmp_path, parcel())
    assert names(tmp_path) == [".pbas-young.new", f"{KEY}.xml"]


def test_taking_out_twice_is_the_same_as_once(sshd: Sshd, tmp_path: Path) -> None:
    deliver(sshd, tmp_path, parcel(), EXTRA)
    for _ in range(2):
        asyncio.run(SSH.remove(sshd.target(tmp_path), (parcel(), EXTRA)))
    assert names(tmp_path) == []


def test_older_files_are_taken_out_and_what_somebody_else_put_under_their_names_is_not(
    sshd: Sshd, tmp_path: Path
) -> None:
    deliver(sshd, tmp_path, parcel())
    older = tuple(KeyFile(f"PLSK.12345678.000{n}.xml", b"<old/>") for n in (7, 8))
    (tmp_path / older[0].name).write_bytes(older[0].body)
    (tmp_path / older[1].name).write_bytes(b"<hey/>")
    for _ in range(2):
        asyncio.run(SSH.clear(sshd.target(tmp_path), older))
    assert names(tmp_path) == [f"{KEY}.xml", older[1].name]


def test_a_folder_that_is_not_there_waits_for_a_person(sshd: Sshd, tmp_path: Path) -> None:
    error = failure(SSH, "install", sshd.target(tmp_path / "gone"), parcel())
    assert str(tmp_path / "gone") in str(error)
    assert "No such file" in str(error)
    assert not error.temporary


def test_a_target_without_folder_or_product_is_refused(sshd: Sshd) -> None:
    assert "names no folder" in str(failure(SSH, "install", sshd.target(), parcel()))
    assert "names no folder" in str(failure(SSH, "install", sshd.target("/"), parcel()))


@pytest.mark.parametrize("name", ["../evil.xml", "a/b.xml", "..", "", ".pbas-x", "a\nb", "x" * 300])
def test_a_name_that_is_no_plain_name_is_refused(sshd: Sshd, tmp_path: Path, name: str) -> None:
    bad = Parcel(KEY, files=(KeyFile(name, b"x"),))
    assert "cannot be the name" in str(failure(SSH, "install", sshd.target(tmp_path), bad))
    assert names(tmp_path) == []


def test_a_target_whose_product_is_files_is_a_folder(sshd: Sshd, tmp_path: Path) -> None:
    (found,) = asyncio.run(SSH.deliver(sshd.target(tmp_path, product="files"), (parcel(),)))
    assert found.path.endswith(f"{tmp_path}/{KEY}.xml")


def test_one_installer_serves_many_deliveries_and_loop_after_loop(sshd: Sshd, tmp_path: Path) -> None:
    parcels = [parcel(f"PLSK.1234{number:04}.0001") for number in range(8)]

    async def all_at_once() -> None:
        await asyncio.gather(*(SSH.deliver(sshd.target(tmp_path), (one,)) for one in parcels for _ in range(2)))

    for _ in range(2):
        asyncio.run(all_at_once())
    assert names(tmp_path) == sorted(one.files[0].name for one in parcels)
