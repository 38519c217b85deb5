"""Encrypted fields: clear in Python, sealed in the database, and never written past that."""

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import F

from licenses.models import License, LicenseFile, PluginConfiguration
from pbas.core.crypto import CannotDecryptError
from pbas.core.fields import SealedField, SealedJSONField, SealedTextField
from tests.factories import make_configuration, make_license

pytestmark = pytest.mark.django_db
SECRET = "A00000-SECRET00-CODE0000"


def stored(row: Any, column: str) -> bytes | None:
    """The bytes as they stand in the table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE id = %s", [row.pk])  # noqa: S608 (names)
        value = cursor.fetchone()[0]
    return None if value is None else bytes(value)


def test_a_secret_is_clear_in_python_and_sealed_in_the_table() -> None:
    row = make_license(activation_code=SECRET)
    assert License.objects.get(pk=row.pk).activation_code == SECRET
    found = stored(row, "activation_code")
    assert found is not None
    assert SECRET.encode() not in found


@pytest.mark.parametrize("empty", ["", None])
def test_empty_is_null_in_the_table_and_empty_in_python(empty: str | None) -> None:
    row = make_license(activation_code=empty)
    assert stored(row, "activation_code") is None
    assert License.objects.get(pk=row.pk).activation_code == ""


def test_an_object_comes_back_as_it_was_and_empty_as_an_empty_one() -> None:
    row = make_configuration(secrets={"password": "pass wörd", "more": ["1", None]})
    assert PluginConfiguration.objects.get(pk=row.pk).secrets == {"password": "pass wörd", "more": ["1", None]}
    assert PluginConfiguration.objects.get(pk=make_configuration().pk).secrets == {}


def test_a_secret_is_never_written_by_update() -> None:
    make_license()
    with pytest.raises(TypeError, match="never by update"):
        License.objects.update(activation_code=SECRET)
    with pytest.raises(TypeError, match="never by update"):
        License.objects.filter(activation_code=SECRET).exists()


def test_bulk_create_seals_each_row_for_itself() -> None:
    first = make_license()
    rows = License.objects.bulk_create(
        License(
            configuration=first.configuration,
            license_class=first.license_class,
            key=f"K-{n}",
            fingerprint=f"K-{n}",
            activation_code=SECRET,
        )
        for n in range(3)
    )
    assert len({stored(row, "activation_code") for row in rows}) == 3
    assert [License.objects.get(pk=row.pk).activation_code for row in rows] == [SECRET] * 3


def test_a_deferred_secret_is_read_when_it_is_looked_at() -> None:
    pk = make_license(activation_code=SECRET).pk
    assert License.objects.defer("activation_code").get(pk=pk).activation_code == SECRET
    assert License.objects.only("key").get(pk=pk).activation_code == SECRET


def test_saving_a_row_of_which_a_secret_was_not_read_keeps_it() -> None:
    pk = make_license(activation_code=SECRET).pk
    for row in (License.objects.get(pk=pk), License.objects.defer("activation_code").get(pk=pk)):
        row.key = "changed"
        row.save()
    row = License.objects.get(pk=pk)
    row.save(update_fields=["key"])
    row.refresh_from_db()
    assert row.activation_code == SECRET


def test_a_ciphertext_of_another_row_is_not_opened() -> None:
    one, other = make_license(activation_code=SECRET), make_license(activation_code="other")
    License.objects.filter(pk=other.pk).update(activation_code=None)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE licenses_license SET activation_code = %s WHERE id = %s", [stored(one, "activation_code"), other.pk]
        )
    with pytest.raises(CannotDecryptError, match=r"licenses_license\.activation_code"):
        _ = License.objects.get(pk=other.pk).activation_code


def test_a_ciphertext_of_another_column_is_not_opened() -> None:
    row = make_license(activation_code=SECRET)
    License.objects.filter(pk=row.pk).update(secret_key=F("activation_code"))
    with pytest.raises(CannotDecryptError, match=r"licenses_license\.secret_key"):
        _ = License.objects.get(pk=row.pk).full_key


def test_a_row_with_an_unreadable_secret_can_be_loaded_and_given_a_new_one() -> None:
    row = make_license(activation_code=SECRET)
    License.objects.filter(pk=row.pk).update(secret_key=F("activation_code"))
    found = License.objects.get(pk=row.pk)
    found.secret_key = "new"
    found.save()
    assert License.objects.get(pk=row.pk).full_key == "new"


def test_bytes_of_a_file_come_back_exactly() -> None:
    body = bytes(range(256)) * 3
    license_ = make_license()
    row = LicenseFile(license=license_, name="a", size=len(body), sha256="0" * 64, body=body, source="upload")
    row.request = _request(license_)
    row.save()
    assert LicenseFile.objects.get(pk=row.pk).body == body


def _request(license_: License) -> Any:
    return license_.requests.create(
        state="files", configuration=license_.configuration, license_class=license_.license_class
    )


def test_a_sealed_value_is_not_shown_where_a_row_is_printed() -> None:
    row = make_license(activation_code=SECRET, secret_key=SECRET)
    assert SECRET not in f"{row!r} {row}"


@pytest.mark.parametrize("kind", [SealedField, SealedTextField, SealedJSONField])
def test_every_model_with_a_sealed_field_has_the_uid_that_binds_it(kind: type[SealedField]) -> None:
    for model in apps.get_models():
        if any(isinstance(field, kind) for field in model._meta.get_fields()):
            assert model._meta.get_field("uid").editable is False, model
