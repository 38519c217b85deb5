"""Decisions by the API that come too late or make no sense: each says how it stands, and changes nothing."""

from datetime import timedelta

from django.utils import timezone

from licenses.models import LicenseRequest
from pbas.core.models import Event
from tests.api.calls import Api, problem


def refused(api: Api, request: LicenseRequest, part: str, says: str) -> None:
    """A 409 in words, after which row and story are as before."""
    rows = LicenseRequest.objects.filter(pk=request.pk)
    before, told = rows.values().get(), Event.objects.count()
    assert says in problem(api.post(f"license-requests/{request.pk}/{part}/", {"reason": "Why."}), 409)["detail"]
    assert (rows.values().get(), Event.objects.count()) == (before, told)


def test_what_is_not_held_is_not_released(api: Api, request_row: LicenseRequest) -> None:
    refused(api, request_row, "release", "is not on hold")


def test_a_running_request_is_neither_tried_again_nor_held_nor_given_up(api: Api, request_row: LicenseRequest) -> None:
    request_row.configuration.mode = "online"
    request_row.configuration.save()
    until = timezone.now() + timedelta(minutes=5)
    LicenseRequest.objects.filter(pk=request_row.pk).update(state="buying", leased=True, due_at=until)
    for part in ("retry", "hold", "cancel"):
        refused(api, request_row, part, "A worker is busy with request")


def test_of_two_staff_who_decide_at_once_the_later_one_is_told_what_the_first_did(
    api: Api, request_row: LicenseRequest
) -> None:
    assert api.post(f"license-requests/{request_row.pk}/cancel/", {"reason": "He has left."}).status_code == 200
    for part in ("cancel", "hold", "retry"):
        refused(api, request_row, part, "cancelled")
