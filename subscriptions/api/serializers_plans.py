"""Hosting plans as the API shows and takes them, with services and offered licenses."""

from typing import Any

from django.db import transaction
from rest_framework import serializers

from licenses.api.serializers import OptionsSerializer
from licenses.models import LicenseClass
from licenses.options import checked
from pbas.core.api.fields import named
from pbas.core.problems import Problem
from subscriptions.models import HostingPlan, PlanLicense, PlanService
from subscriptions.selectors import sold_classes

Parts = dict[str, list[dict[str, Any]]]


class PlanServiceSerializer(serializers.ModelSerializer[PlanService]):
    """A service that every subscription of the plan gets."""

    class Meta:
        model = PlanService
        fields = ["name", "label", "is_hosting"]


class PlanLicenseSerializer(serializers.ModelSerializer[PlanLicense]):
    """A license that the plan offers; an included one adds nothing to the price."""

    license_class = serializers.PrimaryKeyRelatedField(
        queryset=LicenseClass.objects.all(), error_messages=named("license class")
    )
    code = serializers.CharField(source="license_class.code", read_only=True)
    name = serializers.CharField(source="license_class.name", read_only=True)
    options = OptionsSerializer(required=False)

    class Meta:
        model = PlanLicense
        fields = ["id", "license_class", "code", "name", "is_included", "options", "setup_fee", "monthly_fee"]


class PlanSerializer(serializers.ModelSerializer[HostingPlan]):
    """A hosting plan. Given services and licenses replace those that were there; what was ordered stays as it was."""

    services = PlanServiceSerializer(many=True, required=False)
    licenses = PlanLicenseSerializer(many=True, required=False)

    class Meta:
        model = HostingPlan
        fields = [
            *("id", "code", "name", "description", "is_active", "in_store", "currency", "setup_fee", "monthly_fee"),
            *("services", "licenses", "created_at"),
        ]
        read_only_fields = ["id", "created_at"]

    def validate_services(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """No name twice, and at most one that brings the install target."""
        _refuse_twice([row["name"] for row in rows])
        if sum(row.get("is_hosting", False) for row in rows) > 1:
            raise serializers.ValidationError("Only one service brings the install target.")
        return rows

    def validate_licenses(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """No license class twice; only what we sell, or what the plan has already; with options that can be had."""
        _refuse_twice([row["license_class"].name for row in rows])
        kept = dict(self.instance.licenses.values_list("license_class_id", "options")) if self.instance else {}
        sold = set(sold_classes(kept).values_list("pk", flat=True))
        if missing := [row["license_class"].name for row in rows if row["license_class"].pk not in sold]:
            raise serializers.ValidationError(f"{missing[0]} is not sold. Tick it on its plug-in's page first.")
        return [_with_options(rows, number, kept) for number in range(len(rows))]

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> HostingPlan:
        """The plan with its parts."""
        parts: Parts = {name: validated_data.pop(name, []) for name in ("services", "licenses")}
        plan = HostingPlan.objects.create(**validated_data)
        return _with_parts(plan, parts)

    @transaction.atomic
    def update(self, instance: HostingPlan, validated_data: dict[str, Any]) -> HostingPlan:
        """The plan with its parts; those that are not given stay."""
        parts: Parts = {name: validated_data.pop(name) for name in ("services", "licenses") if name in validated_data}
        return _with_parts(super().update(instance, validated_data), parts)


def _with_parts(plan: HostingPlan, parts: Parts) -> HostingPlan:
    """Bring services (by name) and licenses (by class) to what is given; a part that stays keeps its id."""
    for row in parts.get("services", []):
        PlanService.objects.update_or_create(plan=plan, name=row["name"], defaults=row)
    for row in parts.get("licenses", []):
        PlanLicense.objects.update_or_create(plan=plan, license_class=row["license_class"], defaults=row)
    if "services" in parts:
        plan.services.exclude(name__in=[row["name"] for row in parts["services"]]).delete()
    if "licenses" in parts:
        plan.licenses.exclude(license_class__in=[row["license_class"] for row in parts["licenses"]]).delete()
    return plan


def _with_options(rows: list[dict[str, Any]], number: int, kept: dict[int, Any]) -> dict[str, Any]:
    """A row with its options in their one form; those that are not given are what the plan has, or none."""
    row = rows[number]
    license_class: LicenseClass = row["license_class"]
    try:
        return {**row, "options": checked(license_class, row.get("options", kept.get(license_class.pk, {})))}
    except Problem as problem:
        detail: Any = [problem.message]
        for name in reversed(problem.field.split(".")):
            detail = {name: detail}
        raise serializers.ValidationError([{}] * number + [detail]) from None


def _refuse_twice(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise serializers.ValidationError(f"{twice[0]} is there twice.")
