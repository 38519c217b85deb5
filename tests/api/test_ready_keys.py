"""Ready keys over the API: figures, the rule of a class, and bringing more as JSON or as a file."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from licenses.models import LicenseClass, LicenseRequest, ReadyKey
from licenses.services import new_licenses
from pbas.core.models import IdempotencyRecord
from pbas.core.story import SYSTEM
from tests.api.calls import Api, problem
from tests.factories import make_class, make_configuration, make_license


@pytest.fixture
def plesk(db: None) -> LicenseClass:  # noqa: ARG001 (opens the database)
    return make_class()


def place(license_class: LicenseClass, rest: str = "") -> str:
    return f"plugins/{license_class.configuration_id}/ready-keys/{license_class.pk}/{rest}"


def keys(*numbers: str) -> dict[str, Any]:
    return {"keys": [{"key": number, "activation_code": f"CODE-{number}"} for number in numbers]}


def test_keys_come_as_json_are_counted_and_serve_who_waits(api: Api, plesk: LicenseClass) -> None:
    (request,) = new_licenses(
        configuration=plesk.configuration, license_class=plesk, number=1, subscription_id=None, actor=SYSTEM
    )
    answer = api.post(place(plesk, "import/"), keys("KEY-A-0001", "KEY-A-0002"), key="k1")
    assert answer.status_code == 201
    assert answer.json() == {"new": 2, "served": 1, "duplicates": [], "malformed": []}
    assert LicenseRequest.objects.get(pk=request.pk).license is not None
    assert api.patch(place(plesk), {"low_mark": 2}).json()["is_low"] is True
    (row,) = api.get(f"plugins/{plesk.configuration_id}/ready-keys/").json()["results"]
    assert (row["license_class"], row["ready"], row["low_mark"], row["is_low"]) == (plesk.pk, 1, 2, True)
    assert row == api.get(place(plesk)).json()

    again = api.post(place(plesk, "import/"), keys("KEY-A-0001", "KEY-A-0002"), key="k1")
    assert (again.json(), again["Idempotency-Replayed"]) == (answer.json(), "true")
    assert ReadyKey.objects.count() == 1
    told = f"{answer.json()} {list(IdempotencyRecord.objects.values_list('answer', 'request_digest'))} {row}"
    assert "KEY-A" not in told


def test_a_file_is_shown_before_it_is_taken_and_taken_whole_or_not_at_all(api: Api, plesk: LicenseClass) -> None:
    api.patch(place(plesk), {"pattern": "[A-Z]+-[0-9]+", "example": "ABC-1"})
    make_license(plesk, key="ABC-3")

    def send(body: bytes, **more: Any) -> Any:
        given = {"file": SimpleUploadedFile("keys.csv", body), **more}
        return api.post(place(plesk, "import/"), given, format="multipart")

    shown = send(b"key\nABC-1\nwrong\nABC-1\n", preview="true")
    assert shown.status_code == 200
    assert shown.json()["new"] == 1
    assert [one["line"] for one in shown.json()["duplicates"]] == [4]
    assert [one["line"] for one in shown.json()["malformed"]] == [3]
    body = problem(send(b"key\nABC-1\nwrong\n"), 422, "file")
    assert body["detail"].startswith("Line 3: It does not look like a key of this class, such as ABC-1")
    assert not ReadyKey.objects.exists()
    assert send(b"key\nABC-1\n").json()["new"] == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "keys"),
        ({"keys": []}, "keys"),
        ({"keys": [{"key": " "}]}, "keys"),
        ({"keys": [{}]}, "keys.0.key"),
        ({"keys": [{"key": "x" * 201}]}, "keys.0.key"),
        ({"keys": "KEY"}, "keys"),
    ],
)
def test_what_is_no_list_of_keys_is_refused_at_its_field(
    api: Api, plesk: LicenseClass, given: dict[str, Any], field: str
) -> None:
    errors = problem(api.post(place(plesk, "import/"), given), 422)["errors"]
    assert errors[0]["field"].startswith(field)
    assert not ReadyKey.objects.exists()


def test_a_rule_that_makes_no_sense_is_refused_at_its_field(api: Api, plesk: LicenseClass) -> None:
    problem(api.patch(place(plesk), {"pattern": "["}), 422, "pattern")
    problem(api.patch(place(plesk), {"pattern": "A"}), 422, "example")
    problem(api.patch(place(plesk), {"low_mark": -1}), 422, "low_mark")


def test_an_online_plugin_has_no_ready_keys(api: Api, plesk: LicenseClass) -> None:
    online = make_class(make_configuration(template="plesk_ka", mode="online"))
    problem(api.get(f"plugins/{online.configuration_id}/ready-keys/"), 404)
    problem(api.post(place(online, "import/"), keys("KEY-1")), 404)
    problem(api.get(f"plugins/{plesk.configuration_id}/ready-keys/{online.pk}/"), 404)
