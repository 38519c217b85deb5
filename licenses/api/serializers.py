"""What the API shows and takes of requests and licenses. No secret is ever shown."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from licenses.models import Finding, License, LicenseClass, LicenseFile, LicenseRequest, PluginConfiguration
from licenses.owed import MOST_AT_ONCE
from pbas.core.api.fields import UNSAID, IdField, IdOrCodeField, OptionalReasonSerializer, named

LONGEST_TEXT = 500
MOST_OPTIONS = 200

Text = serializers.CharField


# --- what was ordered -------------------------------------------------------------------------------------------


class AdditionalSerializer(serializers.Serializer[dict[str, Any]]):
    """An additional key ordered with a license."""

    code = Text(max_length=200)
    features = serializers.ListField(child=Text(max_length=200), max_length=MOST_OPTIONS, required=False)


class OptionsSerializer(serializers.Serializer[dict[str, Any]]):
    """What is chosen in a license class: codes of features, and additional keys."""

    features = serializers.ListField(child=Text(max_length=200), max_length=MOST_OPTIONS, required=False)
    additional = AdditionalSerializer(many=True, required=False)


# --- requests ---------------------------------------------------------------------------------------------------


class FileSerializer(serializers.ModelSerializer[LicenseFile]):
    """A license file without its bytes."""

    class Meta:
        model = LicenseFile
        fields = ["name", "version", "size", "sha256", "source", "created_at"]


class TroubleSerializer(serializers.Serializer[LicenseRequest]):
    """Why a request does not go on."""

    kind = Text(source="problem_kind", help_text="unavailable, refused, misconfigured, unknown ...")
    text = Text(source="problem_text", help_text="What happened, for a person.")
    fault = Text(source="problem_fault", help_text="Whose fault it is.")
    vendor_says = Text(source="problem_vendor", help_text="The vendor's own words.")


@extend_schema_serializer(component_name="RequestForLicense")  # "LicenseRequest" would be what writes a License
class LicenseRequestSerializer(serializers.ModelSerializer[LicenseRequest]):
    """A license request: how far it is, and what happens next."""

    plugin = serializers.PrimaryKeyRelatedField[PluginConfiguration](source="configuration", read_only=True)
    order = Text(source="order_number", read_only=True)
    problem = serializers.SerializerMethodField()
    options = OptionsSerializer(read_only=True)
    files = FileSerializer(many=True, read_only=True)

    class Meta:
        model = LicenseRequest
        fields = [
            *("id", "state", "kind", "plugin", "license_class", "subscription", "license", "due_at", "attempt", "held"),
            *("problem", "order", "options", "files", "created_at", "finished_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(TroubleSerializer(allow_null=True))
    def get_problem(self, request: LicenseRequest) -> dict[str, Any] | None:
        """None while all is well."""
        return TroubleSerializer(request).data if request.problem_kind else None


class CandidateSerializer(serializers.ModelSerializer[Finding]):
    """A key that may be the one of a request in doubt, and what it costs a month; null where that was not entered."""

    key = Text(source="shown", help_text="Masked where the vendor's keys are secrets; adopt it by its id.")
    monthly_fee = serializers.DecimalField(
        source="license_class.monthly_fee", max_digits=10, decimal_places=2, allow_null=True, default=None
    )
    currency = Text(source="license_class.currency", default="")

    class Meta:
        model = Finding
        fields = ["id", "key", "class_code", "vendor_status", "monthly_fee", "currency", "seen_at"]
        read_only_fields = fields


class NewLicensesSerializer(serializers.Serializer[dict[str, Any]]):
    """New License: a number of equal licenses of one class, for one subscription or for stock."""

    plugin = serializers.PrimaryKeyRelatedField(
        queryset=PluginConfiguration.objects.all(), error_messages=named("plug-in configuration")
    )
    license_class = IdOrCodeField(help_text="The class's id, or its code.")
    subscription = IdField(allow_null=True, help_text="null: for stock, to be assigned later.")
    number = serializers.IntegerField(min_value=1, max_value=MOST_AT_ONCE, default=1)
    options = OptionsSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Find the class among those of the plug-in."""
        plugin, lookup = attrs["plugin"], attrs["license_class"]
        found = plugin.classes.filter(**lookup).first()
        if found is None:
            named = next(iter(lookup.values()))
            raise serializers.ValidationError({"license_class": f"{plugin.name} has no license class {named}."})
        return {**attrs, "license_class": found}


class NewRequestsSerializer(serializers.Serializer[dict[str, Any]]):
    """The requests that were made."""

    requests = LicenseRequestSerializer(many=True)


class UploadSerializer(serializers.Serializer[dict[str, Any]]):
    """What a person brings by hand; at least one of the three."""

    key = Text(required=False, allow_blank=True, default="", max_length=LONGEST_TEXT)
    activation_code = Text(required=False, allow_blank=True, default="", max_length=LONGEST_TEXT)
    files = serializers.ListField(child=serializers.FileField(allow_empty_file=True), required=False, default=list)


class AdoptSerializer(serializers.Serializer[dict[str, Any]]):
    """The key that the vendor sold for a request whose answer was lost: itself, or the id of a candidate."""

    key = Text(max_length=LONGEST_TEXT, required=False)
    candidate = IdField(required=False, help_text="The id of one of its candidates, in place of the key.")
    reason = Text(required=False, allow_blank=True, default="", max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One of the two."""
        if ("key" in attrs) == ("candidate" in attrs):
            raise serializers.ValidationError({"key": "Give either the key or the id of a candidate."})
        return attrs


class CancelSerializer(OptionalReasonSerializer):
    """Why a request is given up; `nothing_sold` where the vendor's own pages were looked at, which needs a reason."""

    nothing_sold = serializers.BooleanField(
        default=False, help_text="Somebody knows that the vendor sold nothing; counts where he cannot tell himself."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A word that counts instead of the vendor's has to say how it is known."""
        if attrs["nothing_sold"] and attrs["reason"] == UNSAID:
            raise serializers.ValidationError({"reason": "Say how it is known that nothing was sold."})
        return attrs


# --- licenses ---------------------------------------------------------------------------------------------------


class NumberedFileSerializer(FileSerializer):
    """A license file of a license; `n` is its number in the address `files/{n}/`."""

    n = serializers.IntegerField(read_only=True)

    class Meta(FileSerializer.Meta):
        fields = ["n", *FileSerializer.Meta.fields]


class LicenseSerializer(serializers.ModelSerializer[License]):
    """A license. `key` is masked where the vendor's keys are secrets; an activation code is never shown."""

    plugin = serializers.PrimaryKeyRelatedField[PluginConfiguration](source="configuration", read_only=True)
    features = serializers.ListField(child=Text(), read_only=True)
    has_activation_code = serializers.BooleanField(read_only=True)
    files = serializers.SerializerMethodField()
    found = serializers.ChoiceField(
        License.Found.choices,
        read_only=True,
        allow_null=True,
        help_text="What the last read-back of the install target found; null: all is there.",
    )
    found_text = Text(read_only=True, allow_null=True, help_text="The same in words.")
    prove_at = serializers.DateTimeField(read_only=True, allow_null=True, help_text="When it is read back next.")

    class Meta:
        model = License
        fields = [
            *("id", "key", "state", "plugin", "license_class", "subscription", "parent", "features", "issued_at"),
            *("renew_at", "expires_at", "installed_at", "proven_at", "has_activation_code", "files"),
            *("in_sync", "checked_at", "found", "found_text", "prove_at"),
        ]
        read_only_fields = fields

    @extend_schema_field(NumberedFileSerializer(many=True))
    def get_files(self, license_: License) -> Any:
        """All versions, oldest first."""
        files = list(license_.files.all())
        for n, file in enumerate(files, start=1):
            file.n = n  # type: ignore[attr-defined]
        return NumberedFileSerializer(files, many=True).data


class RenewSerializer(serializers.Serializer[dict[str, Any]]):
    """Which end is to be put off, as `expires_at` of the license says it; without it, whichever it is."""

    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class ChangeSerializer(serializers.Serializer[dict[str, Any]]):
    """What a license is to become."""

    options = OptionsSerializer()


class AssignSerializer(serializers.Serializer[dict[str, Any]]):
    """Whose a license in stock is to be."""

    subscription = IdField()


# --- plug-ins ---------------------------------------------------------------------------------------------------


class StoredField(serializers.DictField):
    """A JSON object as it is stored; an empty one where what is stored is none."""

    def to_representation(self, value: Any) -> Any:
        """Whatever is stored breaks no answer."""
        return super().to_representation(value if isinstance(value, dict) else {})


class PluginSerializer(serializers.ModelSerializer[PluginConfiguration]):
    """A plug-in configuration. Secret settings are taken and never shown."""

    settings = StoredField(read_only=True, help_text="Without the secrets.")

    class Meta:
        model = PluginConfiguration
        fields = [
            *("id", "name", "template", "mode", "settings", "status", "status_text", "limit"),
            *("parked_until", "parked_why", "created_at"),
        ]
        read_only_fields = fields


class ClassSerializer(serializers.ModelSerializer[LicenseClass]):
    """A license class; all but `sold` comes from the vendor."""

    properties = StoredField(read_only=True, help_text="Groups, features and additional keys to choose from.")

    class Meta:
        model = LicenseClass
        fields = ["id", "code", "name", "sold", "retired", "properties", "monthly_fee", "currency"]
        read_only_fields = ["id", "code", "name", "retired", "properties", "monthly_fee", "currency"]
        extra_kwargs = {"sold": {"required": True}}


class ClassFilters(serializers.Serializer[dict[str, Any]]):
    """The query string of the list of classes."""

    sold = serializers.BooleanField(required=False)
    retired = serializers.BooleanField(required=False)
