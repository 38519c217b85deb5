"""Ready keys from files: what a file would bring, and taking what was confirmed, all or nothing."""

import base64
import json
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from licenses import intake
from licenses.models import License, LicenseClass, ReadyKey, ReadyKeyRule
from licenses.plugins import plugin_class
from licenses.ready_keys.rules import what_is_wrong
from licenses.ready_keys.serving import MOST_AT_ONCE, serve
from licenses.tables import Row
from pbas.core.crypto import CannotDecryptError, keyring, new_uid
from pbas.core.problems import ConflictProblem
from pbas.core.story import Actor, tell

MAX_CODE = 200
SECONDS_TO_CONFIRM = 3600


@dataclass(frozen=True, slots=True)
class Found:
    """What a file would bring: `new` keys, and the rows that are here already or cannot be keys, with the reason."""

    new: tuple[tuple[str, str], ...] = ()  # key, activation code
    duplicates: tuple[tuple[int, str], ...] = ()  # line, reason
    malformed: tuple[tuple[int, str], ...] = ()


def look_through(license_class: LicenseClass, rows: Sequence[Row]) -> Found:
    """Say of each row whether it is new, a duplicate, or malformed. Stores nothing. Three statements."""
    plugin = plugin_class(license_class.configuration.template)
    rule = ReadyKeyRule.objects.filter(license_class=license_class).first()
    malformed, right = [], []
    for row in rows:
        try:
            key = plugin.clean_key(row.key) if not row.problem else ""
            wrong = row.problem.message if row.problem else what_is_wrong(rule, key) or _wrong_code(row.activation_code)
        except ValueError as error:
            key, wrong = "", str(error)
        if wrong:
            malformed.append((row.line, wrong))
        else:
            right.append((row, key, intake.fingerprint(plugin, key)))
    known = _known({fingerprint for _row, _key, fingerprint in right})
    new, duplicates = {}, []
    for row, key, fingerprint in right:
        if fingerprint in known:
            duplicates.append((row.line, known[fingerprint]))
        else:
            new[fingerprint] = (key, row.activation_code)
            known[fingerprint] = _("The same key as in line %(line)s.") % {"line": row.line}
    return Found(tuple(new.values()), tuple(duplicates), tuple(malformed))


def seal_found(license_class: LicenseClass, found: Found) -> str:
    """The new keys of a preview, encrypted, for a page to give back: nothing is stored before it is confirmed."""
    content = json.dumps({"at": timezone.now().timestamp(), "keys": found.new}).encode()
    return base64.b64encode(keyring().seal(zlib.compress(content), _context(license_class))).decode()


def import_keys(*, license_class: LicenseClass, confirmed: str, actor: Actor) -> tuple[int, int]:
    """Store what was confirmed as `keep_found` does. Raises ConflictProblem where the preview is too old.

    Keys that came meanwhile are left out, so twice is a no-op.
    """
    found = look_through(
        license_class,
        [Row(0, {"key": key, "activation_code": code}) for key, code in _open_found(license_class, confirmed)],
    )
    if found.malformed:
        raise ConflictProblem("The form of the keys was changed meanwhile. Choose the file again.")
    return keep_found(license_class=license_class, found=found, actor=actor)


def keep_found(*, license_class: LicenseClass, found: Found, actor: Actor) -> tuple[int, int]:
    """Store new keys, all or nothing, and serve who waits: how many keys came, how many were served."""
    plugin = plugin_class(license_class.configuration.template)
    rows = [
        ReadyKey(
            uid=new_uid(),
            license_class=license_class,
            shown=intake.masked(key) if plugin.secret_keys else key,
            key=key,
            activation_code=code,
            fingerprint=intake.fingerprint(plugin, key),
        )
        for key, code in found.new
    ]
    try:
        with transaction.atomic():
            ReadyKey.objects.bulk_create(rows, batch_size=MOST_AT_ONCE)
            if rows:
                text = f"{len(rows)} ready keys of {license_class.name} were imported."
                tell(actor, "keys_imported", text, configuration=license_class.configuration)
            return len(rows), len(serve(license_class))
    except IntegrityError:
        raise ConflictProblem(
            "Some of these keys were brought by somebody else at this moment. Choose the file again."
        ) from None


def _wrong_code(code: str) -> str:
    if len(code) > MAX_CODE or not code.isprintable():
        return _("An activation code has at most %(most)s printable characters.") % {"most": MAX_CODE}
    return ""


def _known(fingerprints: set[str]) -> dict[str, str]:
    """Where keys are already, by their fingerprint."""
    licenses = License.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint", "pk")
    kept = ReadyKey.objects.filter(fingerprint__in=fingerprints).values_list("fingerprint", "license_class__name")
    known = {fingerprint: _("It is already on license %(pk)s.") % {"pk": pk} for fingerprint, pk in licenses}
    return known | {
        fingerprint: _("It is already a ready key of %(name)s.") % {"name": name} for fingerprint, name in kept
    }


def _context(license_class: LicenseClass) -> str:
    return f"ready-keys.{license_class.pk}"


def _open_found(license_class: LicenseClass, confirmed: str) -> list[tuple[str, str]]:
    with suppress(CannotDecryptError, ValueError, IndexError):
        sealed = base64.b64decode(confirmed, validate=True)
        given = json.loads(zlib.decompress(keyring().open(sealed, _context(license_class))))
        if timezone.now().timestamp() - given["at"] < SECONDS_TO_CONFIRM:
            return [(key, code) for key, code in given["keys"]]
    raise ConflictProblem("This preview is out of date or of another class. Choose the file again.")
