"""What may be asked of a license: what its plug-in has a verb for and its state allows, and the request that asks."""

from collections.abc import Collection, Iterator
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from ka_plugins.contract import Verb
from licenses import bell
from licenses.models import License, LicenseRequest
from licenses.moves import event_of
from licenses.options import Options
from licenses.owed import uids_of
from licenses.owner import check_goes_on, why_over
from licenses.plugins import plugin_class
from licenses.retry import PATIENCE
from pbas.core.problems import ConflictProblem, Problem, inside
from pbas.core.story import Actor

State, Kind = License.State, LicenseRequest.Kind

_FROM: dict[str, frozenset[str]] = {  # the states of a license in which it makes sense
    Kind.RENEW: frozenset({State.ISSUED, State.INSTALLED, State.EXPIRED}),
    Kind.CHANGE: frozenset({State.ISSUED, State.INSTALLED}),
    Kind.SUSPEND: frozenset({State.INSTALLED}),
    Kind.RESUME: frozenset({State.SUSPENDED}),
    Kind.TERMINATE: frozenset({State.ISSUED, State.INSTALLED, State.SUSPENDED, State.EXPIRED}),
}
_LACKS = {
    Kind.RENEW: gettext_noop("%(name)s cannot renew a license."),
    Kind.CHANGE: gettext_noop("%(name)s cannot change a license."),
    Kind.SUSPEND: gettext_noop("%(name)s cannot suspend a license."),
    Kind.RESUME: gettext_noop("%(name)s cannot resume a license."),
    Kind.TERMINATE: gettext_noop("%(name)s cannot terminate a license."),
}
_INSTALLS = {Kind.RENEW, Kind.CHANGE}  # what they bring goes into a subscription
_BY_HAND = {*_INSTALLS, Kind.TERMINATE}  # what a person does with the vendor of an offline plug-in and tells the panel


def verbs_of(license_: License, asked: Collection[str]) -> frozenset[str]:
    """The kinds of request that would be taken for a license now; `asked` are the kinds of its open requests."""
    return frozenset(kind for kind in _FROM if why_not(license_, kind, asked) is None)


def why_not(license_: License, kind: str, asked: Collection[str]) -> Problem | None:
    """Why a kind of request would be refused for a license now, for the person who asked; None where it would not."""
    for text in _conflicts(license_, kind, asked):
        return ConflictProblem(text, name=license_.key, state=inside(license_.get_state_display()))
    if kind != Kind.TERMINATE and (over := why_over(license_.subscription)):
        return over
    if kind == Kind.CHANGE and license_.parent is not None:
        return Problem(
            "%(license)s is an additional key: change its license %(parent)s instead.",
            license=license_.key,
            parent=license_.parent.key,
        )
    return _what_plugin_lacks(license_, kind)


def _conflicts(license_: License, kind: str, asked: Collection[str]) -> Iterator[str]:
    """How a license stands against a kind of request; the texts name its %(name)s and %(state)s."""
    if license_.state == State.TERMINATED:
        yield gettext_noop("License %(name)s is terminated; nothing more can be done with it.")
    elif license_.state not in _FROM[kind]:
        yield gettext_noop("License %(name)s is %(state)s; that cannot be asked for now.")
    if kind in _INSTALLS and license_.subscription_id is None:
        yield gettext_noop("License %(name)s is in stock. Assign it to a subscription first.")
    if kind in asked:
        yield gettext_noop("License %(name)s already has an open request of this kind.")
    if Kind.TERMINATE in asked:
        yield gettext_noop("License %(name)s is being ended.")


def _what_plugin_lacks(license_: License, kind: str) -> Problem | None:
    configuration = license_.configuration
    if not configuration.is_online:
        said = Problem("%(name)s is offline: that is arranged with the vendor, not here.", name=configuration.name)
        return None if kind in _BY_HAND else said
    try:
        verbs = plugin_class(configuration.template).verbs
    except Problem as problem:
        return problem
    if Verb(kind) not in verbs:
        return Problem(_LACKS[Kind(kind)], name=configuration.name)
    if kind == Kind.RENEW and Verb.DESCRIBE in verbs and not (license_.expires_at or license_.renew_at):
        return ConflictProblem("License %(name)s never expires, so there is nothing to renew.", name=license_.key)
    return None


def open_kinds(license_: License) -> set[str]:
    """The kinds of the open requests of a license. One statement."""
    return set(license_.requests.filter(finished_at__isnull=True).values_list("kind", flat=True))


def ask_for(
    license_: License,
    kind: str,
    options: Options | None = None,
    *,
    actor: Actor,
    text: str,
    detail: str = "",
    once: UUID | None,
) -> LicenseRequest:
    """Make the request that asks for a verb. The same `once` again answers the request that it made first.

    Raises ConflictProblem where the license's state or an open request forbids it, Problem where the plug-in cannot.
    """
    (uid,) = uids_of(once, 1)
    sent_before = LicenseRequest.objects.filter(uid=uid, license=license_)
    if once and (made := sent_before.first()):
        return made
    if problem := why_not(license_, kind, open_kinds(license_)):
        raise problem
    request = _row(license_, kind, uid, options or {})
    try:
        with transaction.atomic():
            if kind != Kind.TERMINATE:
                check_goes_on(license_.subscription_id)
            request.save()
            event_of(request, actor, "requested", text, detail.strip()).save()
            bell.ring()
    except IntegrityError:  # somebody was a moment faster
        if once and (made := sent_before.first()):
            return made
        raise ConflictProblem("License %(name)s already has an open request of this kind.", name=license_.key) from None
    return request


def _row(license_: License, kind: str, uid: UUID, options: Options) -> LicenseRequest:
    now, configuration = timezone.now(), license_.configuration
    return LicenseRequest(
        uid=uid,
        kind=kind,
        state=LicenseRequest.State.KEY,
        configuration=configuration,
        license_class=license_.license_class,
        subscription_id=license_.subscription_id,
        order_number=license_.requests.order_by("pk").values_list("order_number", flat=True).first() or "",
        license=license_,
        options=options,
        due_at=now if configuration.is_online else None,
        deadline=now + PATIENCE,
    )
