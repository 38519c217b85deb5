"""What comes from a vendor or by upload becomes licenses and files here; engine and people use the same way in."""

import hashlib
from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone

from ka_plugins.contract import Delivers, Key, KeyFile, Plugin
from licenses.models import License, LicenseFile, LicenseRequest
from licenses.plugins import plugin_class
from licenses.ready_keys.rules import check_by_hand
from pbas.core.crypto import keyring, new_uid
from pbas.core.problems import Problem
from pbas.core.rows import new_row

_SHOWN = 4  # characters of a secret key that people see, at its end


def fingerprint(plugin: type[Plugin], key: str) -> str:
    """By what a key is recognised whatever its revision: equal for two keys that are one license."""
    return keyring().fingerprint(plugin.key_identity(key))


def masked(key: str) -> str:
    """A secret key as people may see it."""
    return "••••" + key[-_SHOWN:] if len(key) > 2 * _SHOWN else "••••"


def new_license(
    plugin: type[Plugin],
    key: Key,
    *,
    configuration_id: int,
    license_class_id: int,
    subscription_id: int | None,
    parent: License | None = None,
) -> License:
    """An unsaved license for a key. An additional key belongs to its parent's class; `features` says what it is."""
    return new_row(
        License,
        uid=new_uid(),
        configuration_id=configuration_id,
        license_class_id=license_class_id,
        subscription_id=subscription_id,
        parent_id=parent and parent.pk,
        key=masked(key.number) if plugin.secret_keys else key.number,
        secret_key=key.number if plugin.secret_keys else "",
        fingerprint=fingerprint(plugin, key.number),
        activation_code=key.activation_code,
        features=_features(key, additional=parent is not None),
        issued_at=key.created_at or timezone.now(),
        renew_at=key.renew_at,
        expires_at=key.expires_at,
    )


def _features(key: Key, *, additional: bool) -> list[str]:
    """With the class of an additional key first, as its license's class is its parent's."""
    return [key.class_code, *key.features] if additional and key.class_code else list(key.features)


def take_over(license_: License, plugin: type[Plugin], key: Key) -> None:
    """Bring a license up to what the vendor now says of its key: revision, code, dates. Does not save."""
    license_.key = masked(key.number) if plugin.secret_keys else key.number
    license_.secret_key = key.number if plugin.secret_keys else ""
    license_.activation_code = key.activation_code or license_.activation_code
    license_.features = _features(key, additional=license_.parent_id is not None) or license_.features
    license_.renew_at = key.renew_at or license_.renew_at
    license_.expires_at = key.expires_at or license_.expires_at


def new_files(
    files: Sequence[KeyFile],
    *,
    request_id: int,
    license_id: int | None,
    source: str,
    existing: Sequence[LicenseFile] = (),
) -> list[LicenseFile]:
    """Unsaved file rows; bytes that the request brought already under that name are left out.

    Others are a new version, also where they are as before: what a request brings of a license is all of it.
    """
    made = []
    for file in files:
        digest = hashlib.sha256(file.body).hexdigest()
        earlier = [one for one in existing if one.name == file.name]
        if any(one.sha256 == digest and one.request_id == request_id for one in earlier):
            continue
        made.append(
            new_row(
                LicenseFile,
                uid=new_uid(),
                request_id=request_id,
                license_id=license_id,
                name=file.name,
                version=1 + max((one.version for one in earlier), default=0),
                size=len(file.body),
                sha256=digest,
                body=file.body,
                source=source,
            )
        )
    return made


def current_files(files: Iterable[LicenseFile], plugin: type[Plugin]) -> list[LicenseFile]:
    """Of all files that a license ever had those that make it up now.

    What the vendor gave last is all of it. What a person brings takes the place of what has its name, but for the
    revision of the key in it; nobody says of the others that they are over.
    """
    found: dict[str, LicenseFile] = {}
    given_by = 0
    for file in sorted(files, key=lambda one: one.pk):
        if file.source == "vendor" and file.request_id != given_by:
            given_by = file.request_id
            found.clear()
        found[_place_of(file.name, plugin)] = file
    return list(found.values())


def _place_of(name: str, plugin: type[Plugin]) -> str:
    """What a file's name has in common with that of a newer one."""
    stem, dot, kind = name.rpartition(".")
    try:
        return plugin.key_identity(plugin.clean_key(stem)) + dot + kind
    except ValueError:
        return name


def first_state(request: LicenseRequest, license_: License | None) -> str:
    """What a request waits for next, by what it already has. Raises Problem where its plug-in is not installed."""
    if license_ is None:
        return LicenseRequest.State.KEY
    delivers = plugin_class(request.configuration.template).delivers
    if Delivers.FILES in delivers:
        asks = not request.files.exists()
    else:
        asks = Delivers.ADDRESS_BINDING in delivers and request.configuration.is_online
    return LicenseRequest.State.FILES if asks else LicenseRequest.State.INSTALL


def clean_key(request: LicenseRequest, key: str) -> str:
    """The key in its one written form. Raises Problem at "key" where it is malformed or another license has it."""
    plugin = plugin_class(request.configuration.template)
    try:
        clean = plugin.clean_key(key)
    except ValueError as error:
        raise Problem(str(error), field="key") from error
    check_by_hand(request.license_class_id, clean, fingerprint(plugin, clean))
    other = License.objects.filter(fingerprint=fingerprint(plugin, clean)).exclude(pk=request.license_id or 0).first()
    if other is not None:
        raise Problem(
            "Key %(other)s is already on license %(other_pk)s.", other=other.key, other_pk=other.pk, field="key"
        )
    return clean


def save_key(request: LicenseRequest, key: Key) -> License:
    """Make and save the license of an issue request for a key that `clean_key` passed; its earlier files join it."""
    made = new_license(
        plugin_class(request.configuration.template),
        key,
        configuration_id=request.configuration_id,
        license_class_id=request.license_class_id,
        subscription_id=request.subscription_id,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise Problem("Key %(key)s was given to another license a moment ago.", key=made.key, field="key") from None
    request.files.update(license=made)
    return made
