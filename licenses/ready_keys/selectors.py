"""How many ready keys there are, and where they are few."""

from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, QuerySet, Value, When

from licenses.models import LicenseClass, LicenseRequest, ReadyKey

State, Kind = LicenseRequest.State, LicenseRequest.Kind

_FEW = Case(
    When(ready__lt=F("ready_key_rule__low_mark"), then=Value(True)), default=Value(False), output_field=BooleanField()
)


def classes_with_figures() -> QuerySet[LicenseClass]:
    """License classes of offline plug-ins with `ready` (how many keys) and `is_low` (fewer than the low mark)."""
    rows = LicenseClass.objects.filter(configuration__mode="offline").select_related("configuration", "ready_key_rule")
    return rows.annotate(ready=Count("ready_keys")).annotate(is_low=_FEW)


def classes_with_marks() -> QuerySet[LicenseClass]:
    """Those that have keys or a low mark, the ones with few keys first."""
    kept = classes_with_figures().filter(Q(ready__gt=0) | Q(ready_key_rule__low_mark__gt=0))
    return kept.order_by(_FEW.desc(), "configuration__name", "name", "pk")


def waiting_requests() -> QuerySet[LicenseRequest]:
    """Requests of offline plug-ins that wait for a key, whatever their options."""
    return LicenseRequest.objects.filter(
        configuration__mode="offline", state=State.KEY, kind=Kind.ISSUE, license=None, held=False, leased=False
    )


def classes_to_serve() -> QuerySet[LicenseClass]:
    """Classes that have ready keys and requests that wait for one."""
    mine = {"license_class": OuterRef("pk")}
    keys = ReadyKey.objects.filter(**mine).order_by()
    return LicenseClass.objects.filter(Exists(keys), Exists(waiting_requests().filter(**mine).order_by()))
