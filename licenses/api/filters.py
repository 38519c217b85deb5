"""The query strings of the API's lists: the names and values of the panel's own, and what scripts look up besides."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import Q
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from licenses.lists import LicenseList, RequestList
from licenses.models import Finding, License, LicenseRequest
from licenses.narrowing import Days, Narrowing
from licenses.reconciling.selectors import ignored_now
from licenses.selectors import SHORTEST_SEARCH
from pbas.core.api.fields import IdField

FOUND_BY = "Any part of the key, or of the subscription's name, account, e-mail or order."

Text = serializers.CharField


@extend_schema_field({"type": "string"})
class NarrowedField(serializers.Field[Q, str, str, Any]):
    """Narrows a list as the panel's filter of this name does; its value is the condition."""

    default_error_messages = {"invalid": "“{input}” is none of the values of this filter: {known}."}

    def __init__(self, values: Mapping[str, Narrowing] | Days) -> None:
        self.values = values
        self.known = ", ".join(values) if isinstance(values, Iterable) else "a day, as 2026-01-31"
        super().__init__(required=False, help_text=f"As in the panel: {self.known}.")

    def to_internal_value(self, data: str) -> Q:
        """The condition as of now."""
        if data not in self.values:
            self.fail("invalid", input=data, known=self.known)
        return self.values[data].fits()

    def to_representation(self, value: Q) -> str:
        """Never asked for: a filter is read only."""
        raise NotImplementedError


class ListFilters(serializers.Serializer[dict[str, Any]]):
    """Has all that `panel`, the list of the same rows there, is filtered and can be narrowed by."""

    panel: ClassVar[type[LicenseList | RequestList]]
    plugin = IdField(source="configuration_id", required=False)
    subscription = IdField(source="subscription_id", required=False)
    q = Text(required=False, min_length=SHORTEST_SEARCH, max_length=200, help_text=FOUND_BY)

    def get_fields(self) -> dict[str, Any]:
        """Those of the panel after those declared here."""
        narrowed = {name: NarrowedField(values) for name, values in self.panel.narrowings.items()}
        return {**super().get_fields(), **narrowed}


class RequestFilters(ListFilters):
    """The query string of the list of requests."""

    panel = RequestList
    state = serializers.ChoiceField(LicenseRequest.State.choices, required=False)
    license = IdField(source="license_id", required=False)
    order = Text(source="subscription__order__number", required=False, help_text="An order's number.")


class LicenseFilters(ListFilters):
    """The query string of the list of licenses."""

    panel = LicenseList
    state = serializers.ChoiceField(License.State.choices, required=False)
    license_class = IdField(source="license_class_id", required=False)
    parent = IdField(source="parent_id", required=False)  # type: ignore[assignment] # our word here
    in_sync = serializers.BooleanField(required=False, help_text="Whether the vendor said the same of it.")
    found = serializers.ChoiceField(
        License.Found.choices, required=False, help_text="What the last read-back of the install target found."
    )


class FindingFilters(serializers.Serializer[dict[str, Any]]):
    """The query string of the list of findings."""

    plugin = IdField(source="configuration_id", required=False)
    kind = serializers.ChoiceField(Finding.Kind.choices, required=False)
    license = IdField(source="license_id", required=False)
    billed = serializers.BooleanField(source="is_billed", required=False)
    ignored = NarrowedField({"1": Narrowing("Ignored", ignored_now)})
