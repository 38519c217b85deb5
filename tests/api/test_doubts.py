"""What is in doubt is decided by the API as on the page: by one of its candidates, by a person's word, or given up."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from licenses.models import Finding, License, LicenseRequest
from tests.api.calls import Api, problem


@pytest.fixture
def doubted(request_row: LicenseRequest) -> LicenseRequest:
    """Nobody knows what was sold for it: a person has to decide."""
    told = {"problem_kind": "unknown", "problem_text": "Two keys could be it.", "stopped_in": "in_doubt"}
    LicenseRequest.objects.filter(pk=request_row.pk).update(state="attention", intent_at=timezone.now(), **told)
    return LicenseRequest.objects.get(pk=request_row.pk)


@pytest.fixture
def candidate(doubted: LicenseRequest) -> Finding:
    return make_candidate(doubted, "SECRET-KEY-1")


def make_candidate(request: LicenseRequest, key: str) -> Finding:
    request.license_class.monthly_fee, request.license_class.currency = "9.50", "EUR"
    request.license_class.save()
    return Finding.objects.create(
        configuration=request.configuration,
        license_class=request.license_class,
        request=request,
        kind=Finding.Kind.DOUBT,
        fingerprint=key,
        shown=f"••••{key[-5:]}",
        key=key,
        seen_at=timezone.now(),
    )


def address(request: LicenseRequest, part: str = "") -> str:
    return f"license-requests/{request.pk}/{part}"


def test_candidates_are_shown_masked_with_what_each_costs(
    api: Api, doubted: LicenseRequest, candidate: Finding
) -> None:
    answer = api.get(address(doubted, "candidates/"))
    (shown,) = answer.json()
    assert (shown["id"], shown["key"]) == (candidate.pk, "••••KEY-1")
    assert (shown["monthly_fee"], shown["currency"]) == ("9.50", "EUR")
    assert "SECRET" not in answer.text


def test_a_request_without_doubt_has_no_candidates(api: Api, request_row: LicenseRequest) -> None:
    assert api.get(address(request_row, "candidates/")).json() == []


def test_a_candidate_is_adopted_by_its_id_once(api: Api, doubted: LicenseRequest, candidate: Finding) -> None:
    for _ in range(2):
        answer = api.post(address(doubted, "adopt/"), {"candidate": candidate.pk, "reason": "Its minute."}, key="a")
        assert (answer.status_code, answer.json()["state"]) == (200, "files")
    assert License.objects.get().full_key == "SECRET-KEY-1"
    problem(api.post(address(doubted, "adopt/"), {"candidate": candidate.pk}), 409)


@pytest.mark.parametrize("body", [{}, {"key": "K-1", "candidate": 1}])
def test_either_a_key_or_a_candidate_is_adopted(body: dict[str, Any], api: Api, doubted: LicenseRequest) -> None:
    problem(api.post(address(doubted, "adopt/"), body), 422, "key")


def test_the_candidate_of_another_request_is_not_adopted(api: Api, doubted: LicenseRequest, candidate: Finding) -> None:
    other = LicenseRequest.objects.create(
        configuration=doubted.configuration, license_class=doubted.license_class, state="in_doubt"
    )
    problem(api.post(address(other, "adopt/"), {"candidate": candidate.pk}), 409)
    assert License.objects.count() == 0


def test_a_key_that_another_license_has_is_not_adopted(
    api: Api, doubted: LicenseRequest, make_license: Callable[..., License]
) -> None:
    taken = make_candidate(doubted, "TAKEN-KEY-1")
    assert api.post(address(doubted, "adopt/"), {"candidate": taken.pk}).status_code == 200
    second = LicenseRequest.objects.create(
        configuration=doubted.configuration, license_class=doubted.license_class, state="in_doubt"
    )
    assert make_license("OTHER")
    problem(api.post(address(second, "adopt/"), {"key": "TAKEN-KEY-1"}), 422, "key")
    second.refresh_from_db()
    assert (second.state, second.license) == ("in_doubt", None)


def test_absence_is_declared_with_a_reason_only(api: Api, doubted: LicenseRequest) -> None:
    problem(api.post(address(doubted, "order-again/"), {}), 422, "reason")
    problem(api.post(address(doubted, "cancel/"), {"nothing_sold": True}), 422, "reason")
    for unsure in ({}, {"reason": "Not wanted."}):
        problem(api.post(address(doubted, "cancel/"), unsure), 409)
    answer = api.post(address(doubted, "cancel/"), {"reason": "Not in his list.", "nothing_sold": True})
    assert answer.json()["state"] == "cancelled"


def test_what_was_never_sold_is_ordered_again_by_a_persons_word(api: Api, doubted: LicenseRequest) -> None:
    assert api.post(address(doubted, "order-again/"), {"reason": "Not in his list."}).json()["state"] == "key"
