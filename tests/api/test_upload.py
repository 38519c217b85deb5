"""What a person brings by hand over the API: key, activation code, files."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from licenses.models import License, LicenseFile, LicenseRequest
from licenses.uploads import MAX_FILE_BYTES, MAX_FILES
from pbas.core.models import Event, IdempotencyRecord
from tests.api.calls import Api, problem

KEY, CODE = "ABCD-1234-EFGH", "ACT-5678-CODE"


@pytest.fixture
def upload(api: Api, request_row: LicenseRequest) -> Callable[..., Any]:
    """Send one upload for the request."""

    def send(*, key_header: str | None = None, **fields: Any) -> Any:
        path = f"license-requests/{request_row.pk}/upload/"
        return api.post(path, fields, key=key_header, format="multipart")

    return send


def file(name: str = "license.xml", body: bytes = b"<license/>") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body)


def test_key_code_and_files_make_a_license_that_waits_for_its_install(api: Api, upload: Callable[..., Any]) -> None:
    shown = upload(key=KEY, activation_code=CODE, files=[file(), file("extra.bin", b"\x00\xff")]).json()
    assert shown["state"] == "install"
    assert [(one["name"], one["size"], one["source"]) for one in shown["files"]] == [
        ("license.xml", 10, "upload"),
        ("extra.bin", 2, "upload"),
    ]
    license_ = License.objects.get(pk=shown["license"])
    assert (license_.full_key, license_.activation_code) == (KEY, CODE)
    assert [bytes(one.body) for one in license_.files.all()] == [b"<license/>", b"\x00\xff"]
    assert api.get(f"licenses/{license_.pk}/").json()["has_activation_code"] is True


def test_neither_key_nor_code_is_shown_or_told_anywhere(api: Api, upload: Callable[..., Any]) -> None:
    answer = upload(key=KEY, activation_code=CODE, files=[file()], key_header="k1")
    license_ = api.get(f"licenses/{answer.json()['license']}/")
    kept = IdempotencyRecord.objects.values_list("answer", "request_digest")
    told = Event.objects.values_list("text", "detail")
    everything = f"{answer.json()} {license_.json()} {list(kept)} {list(told)}"
    assert KEY not in everything
    assert CODE not in everything


def test_what_is_missing_is_awaited_and_may_come_later(upload: Callable[..., Any]) -> None:
    assert upload(files=[file()]).json()["state"] == "key"
    assert upload(key=KEY).json()["state"] == "install"


def test_a_key_alone_may_come_as_a_plain_form_or_as_json(api: Api, request_row: LicenseRequest) -> None:
    path = f"license-requests/{request_row.pk}/upload/"
    form = "application/x-www-form-urlencoded"
    assert api.post(path, f"key={KEY}", content_type=form).json()["state"] == "files"
    assert api.post(path, {"activation_code": CODE}).status_code == 200


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "key"),
        ({"key": " "}, "key"),
        ({"activation_code": CODE}, "key"),
        ({"key": "two\nlines"}, "key"),
        ({"key": "x" * 201}, "key"),
        ({"key": KEY, "activation_code": "x" * 201}, "activation_code"),
        ({"files": [("empty.xml", b"")]}, "files"),
        ({"files": [("large.bin", b"x" * (MAX_FILE_BYTES + 1))]}, "files"),
        ({"files": [("a.xml", b"same"), ("b.xml", b"same")]}, "files"),
        ({"files": [(f"{n}.xml", str(n).encode()) for n in range(MAX_FILES + 1)]}, "files"),
    ],
)
def test_bad_input_is_422_at_its_field_and_nothing_is_kept(
    upload: Callable[..., Any], request_row: LicenseRequest, fields: dict[str, Any], field: str
) -> None:
    sent = {**fields, "files": [file(*one) for one in fields["files"]]} if "files" in fields else fields
    problem(upload(**sent), 422, field)
    request_row.refresh_from_db()
    assert request_row.state == "key"
    assert not LicenseFile.objects.exists()
    assert not License.objects.exists()


def test_files_that_are_text_fields_are_422(upload: Callable[..., Any]) -> None:
    problem(upload(key=KEY, files="not a file"), 422, "files.0")


def test_a_form_that_is_cut_off_is_400(api: Api, request_row: LicenseRequest) -> None:
    path = f"license-requests/{request_row.pk}/upload/"
    problem(api.post(path, "no boundary", content_type="multipart/form-data"), 400)


def test_an_upload_beyond_all_files_together_is_413(upload: Callable[..., Any]) -> None:
    problem(upload(files=[file("huge.bin", b"x" * (MAX_FILES * MAX_FILE_BYTES + 100_000))]), 413)
    assert not LicenseFile.objects.exists()


def test_the_same_file_again_is_422(upload: Callable[..., Any]) -> None:
    upload(files=[file()])
    problem(upload(files=[file("other-name.xml")]), 422, "files")
    assert LicenseFile.objects.count() == 1


def test_a_key_that_another_license_has_is_422(
    api: Api, upload: Callable[..., Any], request_row: LicenseRequest
) -> None:
    upload(key=KEY)
    body = {
        "plugin": request_row.configuration_id,
        "license_class": request_row.license_class_id,
        "subscription": request_row.subscription_id,
    }
    other = api.post("license-requests/", body).json()["requests"][0]["id"]
    answer = problem(api.post(f"license-requests/{other}/upload/", {"key": KEY.lower()}), 422, "key")
    assert "already on license" in answer["detail"]
    assert License.objects.count() == 1


def test_an_upload_to_a_finished_request_is_409(
    api: Api, upload: Callable[..., Any], request_row: LicenseRequest
) -> None:
    api.post(f"license-requests/{request_row.pk}/cancel/", {"reason": "Ordered twice."})
    assert "cancelled" in problem(upload(key=KEY), 409)["detail"]


def test_an_upload_sent_again_with_its_key_is_kept_once(upload: Callable[..., Any]) -> None:
    first = upload(key=KEY, files=[file()], key_header="k1")
    again = upload(key=KEY, files=[file()], key_header="k1")
    assert (again.json(), again["Idempotency-Replayed"]) == (first.json(), "true")
    assert LicenseFile.objects.count() == 1
    problem(upload(key=KEY, files=[file(body=b"<other/>")], key_header="k1"), 422)
