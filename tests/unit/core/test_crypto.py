"""Secrets at rest: readable with their key, in their place, unchanged, or not at all."""

from base64 import b64encode

import pytest
from django.core.exceptions import ImproperlyConfigured

from pbas.core.crypto import CannotDecryptError, Keyring, new_uid

PLACE = "table.column.row-1"


def key(sign: str) -> str:
    return b64encode(sign.encode() * 32).decode()


OLD = f"hmac:{key('h')},k1:{key('1')}"
ROTATED = f"hmac:{key('h')},k2:{key('2')},k1:{key('1')}"


def test_what_was_sealed_is_opened_in_its_place() -> None:
    ring = Keyring(OLD)
    sealed = ring.seal(b"secret \x00 bytes", PLACE)
    assert ring.open(sealed, PLACE) == b"secret \x00 bytes"
    assert b"secret" not in sealed


def test_equal_secrets_do_not_look_equal() -> None:
    ring = Keyring(OLD)
    assert ring.seal(b"same", PLACE) != ring.seal(b"same", PLACE)


@pytest.mark.parametrize("elsewhere", ["table.column.row-2", "table.other.row-1", "other.column.row-1", ""])
def test_what_was_moved_to_another_row_column_or_table_is_not_opened(elsewhere: str) -> None:
    ring = Keyring(OLD)
    with pytest.raises(CannotDecryptError, match="changed or moved"):
        ring.open(ring.seal(b"secret", PLACE), elsewhere)


def test_no_byte_may_change() -> None:
    ring = Keyring(OLD)
    sealed = ring.seal(b"secret", PLACE)
    for at in range(len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(CannotDecryptError):
            ring.open(bytes(changed), PLACE)


@pytest.mark.parametrize("length", [1, 20, 30])
def test_what_was_cut_off_is_not_opened(length: int) -> None:
    ring = Keyring(OLD)
    with pytest.raises(CannotDecryptError):
        ring.open(ring.seal(b"secret", PLACE)[:length], PLACE)


def test_after_a_rotation_the_new_key_seals_and_the_old_one_still_opens() -> None:
    sealed = Keyring(OLD).seal(b"secret", PLACE)
    ring = Keyring(ROTATED)
    assert ring.open(sealed, PLACE) == b"secret"
    assert not ring.is_current(sealed)
    assert ring.is_current(ring.seal(b"secret", PLACE))


def test_a_key_that_was_taken_away_is_named_by_its_id() -> None:
    sealed = Keyring(ROTATED).seal(b"secret", PLACE)
    with pytest.raises(CannotDecryptError, match="no field key has the id 'k2'"):
        Keyring(OLD).open(sealed, PLACE)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 5, 14, 20])
def test_a_value_that_was_cut_off_is_never_read_wrong(length: int) -> None:
    sealed = Keyring(OLD).seal(b"secret", PLACE)[:length]
    with pytest.raises(CannotDecryptError):
        Keyring(OLD).open(sealed, PLACE)
    assert Keyring(OLD).is_current(sealed) is (length > 2)


def test_another_key_of_the_same_id_does_not_open() -> None:
    sealed = Keyring(OLD).seal(b"secret", PLACE)
    with pytest.raises(CannotDecryptError, match="wrong field key"):
        Keyring(f"hmac:{key('h')},k1:{key('x')}").open(sealed, PLACE)


def test_fingerprints_are_equal_for_equal_texts_whatever_key_encrypts() -> None:
    assert Keyring(OLD).fingerprint("KEY-1") == Keyring(ROTATED).fingerprint("KEY-1")
    assert Keyring(OLD).fingerprint("KEY-1") != Keyring(OLD).fingerprint("KEY-2")
    assert Keyring(OLD).fingerprint("KEY-1") != Keyring(f"hmac:{key('g')},k1:{key('1')}").fingerprint("KEY-1")


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"hmac:{key('h')}",
        f"k1:{key('1')}",
        f"hmac:{key('h')},k1:{b64encode(b'short').decode()}",
        f"hmac:{key('h')},k1:not base64!",
        f"hmac:{key('h')},k1",
    ],
)
def test_a_ring_that_cannot_work_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Keyring(text)
    assert not [part for part in text.split(":") if len(part) > 8 and part in str(caught.value)]


def test_a_new_uid_is_a_random_one() -> None:
    made = {new_uid() for _ in range(100)}
    assert len(made) == 100
    assert {one.version for one in made} == {4}
