"""The folder as an install target: whole files, durable, private, and nothing outside of it."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import stat
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING, Any

import pytest

from ka_plugins.contract import KeyFile
from ka_plugins.installers.directory import DirectoryInstaller
from ka_plugins.installing import Found, InstallError, Parcel, Target

if TYPE_CHECKING:
    from pathlib import Path

KEY = "PLSK.12345678.0001"
BASE = "PLSK.12345678"  # what stays of it whatever its revision
CODE = "A00000-111111-222222-333333-444444"
PARCEL = Parcel(KEY, CODE, (KeyFile(f"{KEY}.xml", b"<key/>"),))
EXTRA = Parcel("KAV.87654321.0001", additional=True)


def install(folder: Path, *parcels: Parcel, installer: DirectoryInstaller | None = None) -> None:
    target = Target("directory", str(folder))
    asyncio.run((installer or DirectoryInstaller()).install(target, parcels))


def read_back(folder: Path, *parcels: Parcel) -> tuple[Found, ...]:
    return asyncio.run(DirectoryInstaller().read_back(Target("directory", str(folder)), parcels))


def remove(folder: Path, *parcels: Parcel) -> None:
    asyncio.run(DirectoryInstaller().remove(Target("directory", str(folder)), parcels))


def failure(act: Any, *arguments: Any) -> InstallError:
    with pytest.raises(InstallError) as caught:
        act(*arguments)
    assert CODE not in str(caught.value)
    return caught.value


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def test_files_codes_and_bare_keys_become_files(tmp_path: Path) -> None:
    install(tmp_path, PARCEL, EXTRA)
    assert contents(tmp_path) == {
        f"{KEY}.xml": b"<key/>",
        f"{BASE}.activation-code": CODE.encode() + b"\n",
        "KAV.87654321.key": b"KAV.87654321.0001\n",
    }


def test_nobody_else_may_read_them(tmp_path: Path) -> None:
    install(tmp_path, PARCEL)
    assert {stat.S_IMODE(one.stat().st_mode) for one in tmp_path.iterdir()} == {0o600}


def test_what_is_read_back_is_what_is_there_in_order(tmp_path: Path) -> None:
    install(tmp_path, PARCEL, EXTRA)
    (tmp_path / f"{KEY}.xml").write_bytes(b"changed")
    found = read_back(tmp_path, PARCEL, EXTRA)
    assert [one.path for one in found] == [
        str(tmp_path / name) for name in (f"{KEY}.xml", f"{BASE}.activation-code", "KAV.87654321.key")
    ]
    assert found[0] == Found(str(tmp_path / f"{KEY}.xml"), hashlib.sha256(b"changed").hexdigest(), 7)


def test_the_second_install_writes_nothing(tmp_path: Path) -> None:
    install(tmp_path, PARCEL)
    before = {one.name: (one.stat().st_ino, one.stat().st_mtime_ns) for one in tmp_path.iterdir()}
    install(tmp_path, PARCEL)
    assert {one.name: (one.stat().st_ino, one.stat().st_mtime_ns) for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize("present", [b"", b"<KEY/>", b"<key/>longer"])
def test_other_bytes_of_that_name_are_replaced(tmp_path: Path, present: bytes) -> None:
    (tmp_path / f"{KEY}.xml").write_bytes(present)
    install(tmp_path, PARCEL)
    assert contents(tmp_path)[f"{KEY}.xml"] == b"<key/>"


def test_a_missing_file_is_an_error_when_read_back(tmp_path: Path) -> None:
    install(tmp_path, PARCEL)
    (tmp_path / f"{KEY}.xml").unlink()
    assert f"{KEY}.xml" in str(failure(read_back, tmp_path, PARCEL))


def test_removing_takes_only_the_parcels_files_and_may_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"stays")
    install(tmp_path, PARCEL, EXTRA)
    remove(tmp_path, PARCEL)
    remove(tmp_path, PARCEL)
    assert set(contents(tmp_path)) == {"other", "KAV.87654321.key"}


def test_removing_from_a_folder_that_is_gone_is_done(tmp_path: Path) -> None:
    remove(tmp_path / "gone", PARCEL)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/b", "a\\b", "", ".", "..", "a\x00b", "a\nb", "x" * 256, ".pbas-x"]
)
def test_a_name_that_is_more_than_a_name_is_refused(tmp_path: Path, name: str) -> None:
    error = failure(install, tmp_path, Parcel(KEY, files=(KeyFile(name, b"x"),)))
    assert not error.temporary
    assert not contents(tmp_path)


def test_nothing_is_written_where_one_name_of_many_is_bad(tmp_path: Path) -> None:
    failure(install, tmp_path, PARCEL, Parcel(KEY, files=(KeyFile("../x", b"x"),)))
    assert not contents(tmp_path)


def test_two_different_files_of_one_name_are_refused(tmp_path: Path) -> None:
    other = Parcel("KAV.1", files=(KeyFile(f"{KEY}.xml", b"other"),))
    assert f"{KEY}.xml" in str(failure(install, tmp_path, PARCEL, other))


@pytest.mark.parametrize("key", ["../../etc/passwd", "a/b", "k" * 200, "\u00e4" * 200, "..", "a b"])
def test_any_key_gets_a_file_name_inside_the_folder(tmp_path: Path, key: str) -> None:
    install(tmp_path, Parcel(key))
    assert list(contents(tmp_path).values()) == [key.encode() + b"\n"]


def test_different_keys_never_share_a_name(tmp_path: Path) -> None:
    keys = ["a/b", "a%2Fb", "a_b", "a b", "a" * 201, "a" * 202]
    install(tmp_path, *map(Parcel, keys))
    assert len(contents(tmp_path)) == len(keys)


def test_a_link_is_replaced_and_never_followed(tmp_path: Path) -> None:
    folder, outside = tmp_path / "folder", tmp_path / "outside"
    folder.mkdir()
    outside.write_bytes(b"<key/>")
    (folder / f"{KEY}.xml").symlink_to(outside)
    failure(read_back, folder, PARCEL)
    install(folder, PARCEL)
    assert not (folder / f"{KEY}.xml").is_symlink()
    assert outside.read_bytes() == b"<key/>"


def test_a_pipe_of_that_name_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / f"{KEY}.xml")
    install(tmp_path, PARCEL)
    assert (tmp_path / f"{KEY}.xml").is_file()


def test_a_folder_of_that_name_waits_for_a_person(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.xml").mkdir()
    assert not failure(install, tmp_path, PARCEL).temporary
    assert [one.name for one in tmp_path.iterdir()] == [f"{KEY}.xml"]


@pytest.mark.parametrize("address", ["", "relative/folder", "."])
def test_a_folder_that_is_not_absolute_waits_for_a_person(address: str) -> None:
    with pytest.raises(InstallError) as caught:
        asyncio.run(DirectoryInstaller().install(Target("directory", address), (PARCEL,)))
    assert not caught.value.temporary


def test_a_missing_folder_waits_for_a_person_and_is_not_made(tmp_path: Path) -> None:
    error = failure(install, tmp_path / "missing", PARCEL)
    assert not error.temporary
    assert str(tmp_path / "missing") in str(error)
    assert not (tmp_path / "missing").exists()


def test_a_file_in_the_place_of_the_folder_waits_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not failure(install, tmp_path / "file", PARCEL).temporary


@pytest.mark.parametrize(
    ("number", "temporary"),
    [
        (errno.ENOSPC, True),
        (errno.EDQUOT, True),
        (errno.EIO, True),
        (errno.EROFS, False),
        (errno.EACCES, False),
        (errno.EPERM, False),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "rename"])
def test_a_failing_disk_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, *, temporary: bool, call: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    assert failure(install, tmp_path, PARCEL).temporary is temporary
    assert not contents(tmp_path)


def test_a_crash_between_bytes_and_name_leaves_the_old_file_and_is_swept_later(tmp_path: Path) -> None:
    (tmp_path / f"{KEY}.xml").write_bytes(b"old")
    left_over, fresh = tmp_path / ".pbas-0123456789abcdef.new", tmp_path / ".pbas-fedcba9876543210.new"
    left_over.write_bytes(b"<ke")
    fresh.write_bytes(b"another writer's")
    os.utime(left_over, (time.time() - 7200,) * 2)
    install(tmp_path, PARCEL)
    assert not left_over.exists()
    assert fresh.exists()


def test_a_killed_writer_never_leaves_half_a_file(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import asyncio, itertools, sys
        from ka_plugins.contract import KeyFile
        from ka_plugins.installing import Parcel, Target
        from ka_plugins.installers.directory import DirectoryInstaller

        async def write():
            for sign in itertools.cycle(b"ab"):
                parcel = Parcel("K", files=(KeyFile("key.xml", bytes([sign]) * 500_000),))
                await DirectoryInstaller().install(Target("directory", sys.argv[1]), (parcel,))
                print("written", flush=True)

        asyncio.run(write())
    """)
    whole = {b"a" * 500_000, b"b" * 500_000}
    for pause in (0.0, 0.003, 0.011):
        command = [sys.executable, "-c", program, str(tmp_path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
            time.sleep(pause)
            writer.kill()
        assert (tmp_path / "key.xml").read_bytes() in whole


def test_many_at_once_into_one_folder_all_arrive(tmp_path: Path) -> None:
    installer, target = DirectoryInstaller(), Target("directory", str(tmp_path))

    async def whole() -> None:
        parcels = [(Parcel(f"PLSK.{number:08}.0001"),) for number in range(100)]
        await asyncio.gather(*(installer.install(target, one) for one in parcels for _ in range(2)))

    asyncio.run(whole())
    assert len(contents(tmp_path)) == 100


def test_what_has_other_bytes_by_now_is_not_ours_and_stays_when_a_license_or_older_files_are_taken_out(
    tmp_path: Path,
) -> None:
    install(tmp_path, PARCEL)
    older = KeyFile(f"{BASE}.0000.xml", b"<old/>")
    (tmp_path / older.name).write_bytes(older.body)
    for _ in range(2):
        asyncio.run(DirectoryInstaller().clear(Target("directory", str(tmp_path)), (older,)))
        assert set(contents(tmp_path)) == {f"{KEY}.xml", f"{BASE}.activation-code"}
    (tmp_path / f"{KEY}.xml").write_bytes(b"<hey/>")
    remove(tmp_path, PARCEL)
    assert contents(tmp_path) == {f"{KEY}.xml": b"<hey/>"}
