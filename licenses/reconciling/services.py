"""What people decide about a finding besides adopting: end it at the vendor, take his word over, or ignore it."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from ka_plugins.contract import Key, KeyStatus, Verb
from licenses import ending, intake
from licenses.asking import ask
from licenses.models import Finding, License, LicenseClass, LicenseRequest
from licenses.plugins import plugin_class
from licenses.reconciling.comparing import LIVING
from licenses.reconciling.deciding import bring_files_again, check_stranger, claimed, described, number_of
from licenses.reconciling.reading import describes
from pbas.core.problems import ConflictProblem, Problem, inside
from pbas.core.story import Actor, tell

Kind, State = Finding.Kind, License.State

LONGEST_IGNORED = timedelta(days=366)
_AS_THEIRS: dict[KeyStatus, str] = {
    KeyStatus.SUSPENDED: State.SUSPENDED,
    KeyStatus.EXPIRED: State.EXPIRED,
    KeyStatus.TERMINATED: State.TERMINATED,
}


def may_terminate(finding: Finding) -> bool:
    """Whether the key of a finding may be ended at the vendor from here: nobody of ours uses it."""
    return finding.kind == Kind.ORPHAN or (finding.kind == Kind.DIFFERENT and finding.is_billed)


def may_fetch(finding: Finding) -> bool:
    """Whether the vendor's word can be taken over: it is about a license that we did not end."""
    return finding.kind in {Kind.MISSING, Kind.DIFFERENT} and not finding.is_billed


def terminate(*, finding: Finding, actor: Actor, reason: str) -> None:
    """End a key at the vendor that nobody of ours uses. Never one that is ours and lives, ready, or being bought.

    Raises Problem without a reason, or with the vendor's words where he refuses; then nothing has changed.
    """
    if not reason.strip():
        raise Problem("Say why the key is ended; it stays in the story.", field="reason")
    if not may_terminate(finding):
        raise ConflictProblem(
            "Key %(finding)s is not one to end here: %(kind)s.",
            finding=finding.shown,
            kind=inside(finding.get_kind_display()),
        )
    configuration = finding.configuration
    if not configuration.is_online or Verb.TERMINATE not in plugin_class(configuration.template).verbs:
        raise Problem(
            "%(configuration)s cannot end a key: that is arranged with the vendor.", configuration=configuration.name
        )
    subjects = {"configuration": configuration, "license": finding.license}
    with claimed(finding):
        number, shown = number_of(finding), f"{configuration.name}: key {finding.shown}"
        check_stranger(finding, described(finding) if describes(configuration.template) else Key(number))
        tell(actor, "orphan_end_asked", f"{shown} is to be ended at the vendor.", detail=reason.strip(), **subjects)
        try:
            ask(configuration, lambda plugin: plugin.terminate(number))
        except Problem as problem:
            tell(actor, "orphan_not_ended", f"{shown} was not ended.", detail=str(problem), **subjects)
            raise
        with transaction.atomic():
            tell(actor, "orphan_ended", f"{shown} was ended at the vendor.", detail=reason.strip(), **subjects)
            if finding.kind != Kind.ORPHAN:
                License.objects.filter(pk=finding.license_id or 0).update(in_sync=True, checked_at=timezone.now())
            Finding.objects.filter(pk=finding.pk).delete()


def fetch_anew(*, finding: Finding, actor: Actor) -> LicenseRequest | None:
    """Take over what the vendor says now of a license: number, features, dates, state. Nothing is bought.

    Answers the request that fetches its files and installs them again, None where nothing has to be installed.
    Raises ConflictProblem where a request of the license is open.
    """
    if finding.license is None or not may_fetch(finding):
        raise ConflictProblem("Key %(finding)s is not one whose license can be fetched anew.", finding=finding.shown)
    with claimed(finding):
        key = described(finding)
        with transaction.atomic():
            license_ = _locked(finding.license)
            _take_over(license_, key)
            text = f"What the vendor says of {license_.key} was taken over: {key.status}."
            tell(actor, "taken_over", text, license=license_, subscription=license_.subscription,
                 configuration=license_.configuration)  # fmt: skip
            Finding.objects.filter(pk=finding.pk).delete()
            return bring_files_again(license_, actor)


def _locked(license_: License) -> License:
    rows = License.objects.select_for_update(of=("self",), no_key=True)
    kept = rows.select_related("configuration", "license_class", "subscription").get(pk=license_.pk)
    opened = kept.requests.filter(finished_at__isnull=True).values_list("pk", flat=True).first()
    if opened is not None:
        raise ConflictProblem(
            "Request %(opened)s of license %(kept)s is open. Its end will show what is different.",
            opened=opened,
            kept=kept.key,
        )
    return kept


def _take_over(license_: License, key: Key) -> None:
    intake.take_over(license_, plugin_class(license_.configuration.template), key)
    if key.status in LIVING - {KeyStatus.SUSPENDED}:
        if license_.state in {State.SUSPENDED, State.EXPIRED}:
            license_.state = State.INSTALLED if license_.installed_at else State.ISSUED
    else:
        license_.state = _AS_THEIRS[key.status]
    license_.in_sync, license_.checked_at = key.status != KeyStatus.PROBLEM, timezone.now()
    license_.save()
    ending.take_out([license_.pk])


def ignore(*, finding: Finding, until: datetime, actor: Actor, reason: str) -> None:
    """Leave a finding out until a moment; then it comes back. Raises Problem at `reason` or `until`."""
    if not reason.strip():
        raise Problem("Say why it is ignored; whoever comes after you reads it.", field="reason")
    now = timezone.now()
    if not now < until <= now + LONGEST_IGNORED:
        raise Problem("It is ignored until a day in the future, at most a year from now.", field="until")
    _note_ignored(finding, until, reason.strip(), actor)
    text = f"{finding.configuration.name}: the finding about key {finding.shown} is ignored until {until:%Y-%m-%d}."
    tell(actor, "finding_ignored", text, detail=reason.strip(), configuration=finding.configuration,
         license=finding.license)  # fmt: skip


def heed(*, finding: Finding, actor: Actor) -> None:
    """End an ignoring now."""
    _note_ignored(finding, None, "", actor)
    text = f"{finding.configuration.name}: the finding about key {finding.shown} is not ignored any more."
    tell(actor, "finding_heeded", text, configuration=finding.configuration, license=finding.license)


def _note_ignored(finding: Finding, until: datetime | None, reason: str, actor: Actor) -> None:
    kept = {"ignored_until": until, "ignored_why": reason, "ignored_by": actor.name if until else ""}
    if not Finding.objects.filter(pk=finding.pk).update(**kept):
        raise ConflictProblem("The finding about key %(finding)s is settled meanwhile.", finding=finding.shown)
    for name, value in kept.items():
        setattr(finding, name, value)


def set_cost(*, license_class: LicenseClass, monthly_fee: Decimal | None, currency: str, actor: Actor) -> None:
    """Write down what the vendor bills a month for one license of a class; None where that is not known."""
    kept = {"monthly_fee": monthly_fee, "currency": currency if monthly_fee is not None else ""}
    LicenseClass.objects.filter(pk=license_class.pk).update(**kept)
    before, said = _price(license_class.monthly_fee, license_class.currency), _price(monthly_fee, currency)
    text = f"What {license_class.name} costs a month is now {said}."
    tell(actor, "class_cost", text, detail=f"Before: {before}.", configuration=license_class.configuration)


def _price(monthly_fee: Decimal | None, currency: str) -> str:
    return "not known" if monthly_fee is None else f"{monthly_fee} {currency}"
