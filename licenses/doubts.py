"""What a person may do about a request of which it is not sure what it bought: the vendor is asked before he decides.

A vendor call is never made in a transaction; whoever moved the request meanwhile wins.
"""

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from ka_plugins.contract import Key, KeyStatus, Plugin, Settles, Verb
from ka_plugins.installing import Target
from licenses import bell, intake
from licenses.asking import ask
from licenses.claimed import order_of
from licenses.hand import busy, move_by_hand, refusal, was_bought
from licenses.models import Finding, InstallTarget, License, LicenseRequest
from licenses.moves import event_of
from licenses.owner import why_over
from licenses.plugins import plugin_class
from licenses.retry import SETTLE_MARGIN
from licenses.statements import in_seconds
from pbas.core.crypto import CannotDecryptError
from pbas.core.models import Event
from pbas.core.problems import Problem
from pbas.core.story import Actor

if TYPE_CHECKING:
    from django.db.models import QuerySet

State, Kind = LicenseRequest.State, LicenseRequest.Kind

ASKED_AGAIN = 3  # seconds; whoever looks again sooner changes nothing


def is_doubtful(request: LicenseRequest, told: str | None = None) -> bool:
    """Whether the request may have been sold without our knowing it; `told`: its `TOLD_OF_DOUBT`, if that is known."""
    if request.kind == Kind.ISSUE and request.license_id is not None:
        return False
    doubted = request.state == State.IN_DOUBT or request.stopped_in in {State.BUYING, State.IN_DOUBT}
    return doubted or _is_sent_again(request, told)


def _is_sent_again(request: LicenseRequest, told: str | None) -> bool:
    """Whether a doubt is settled by ordering once more, and that has not been answered yet.

    At most one statement, and none of a request that was never ordered, or where `told` is known.
    """
    if State.KEY not in {request.state, request.stopped_in} or request.intent_at is None:
        return False
    try:
        is_idempotent = plugin_class(request.configuration.template).settles == Settles.IDEMPOTENT
    except Problem:
        is_idempotent = True
    if not (is_idempotent or request.kind == Kind.CHANGE):
        return False
    return (_told_of(request.pk).first() if told is None else told) == State.IN_DOUBT


def _told_of(request: Any) -> "QuerySet[Event, str]":
    told = Event.objects.filter(request=request, kind__in=[State.IN_DOUBT, "ordered_again"])
    return told.order_by("-pk").values_list("kind", flat=True)


# Of many requests at once: what their stories said last of a doubt, "" where they were never ordered.
TOLD_OF_DOUBT = Case(
    When(
        Q(intent_at__isnull=False) & (Q(state=State.KEY) | Q(stopped_in=State.KEY)),
        then=Coalesce(Subquery(_told_of(OuterRef("pk"))[:1]), Value("")),
    ),
    default=Value(""),
)


def ask_soon(request: LicenseRequest) -> None:
    """Somebody looks at a request in doubt: the vendor is asked now, not when he would have been asked next."""
    if request.state != State.IN_DOUBT:
        return
    waiting = LicenseRequest.objects.filter(
        pk=request.pk, state=State.IN_DOUBT, leased=False, held=False, due_at__gt=in_seconds(ASKED_AGAIN)
    )
    with transaction.atomic():
        if waiting.update(due_at=Now()):
            bell.ring()


def candidates_of(request: LicenseRequest) -> list[Finding]:
    """The keys among which a person has to choose, with what their class costs. One statement; none without doubt."""
    if not is_doubtful(request):
        return []
    rows = Finding.objects.filter(request=request, kind=Finding.Kind.DOUBT).select_related("license_class")
    return list(rows.defer("key", "license_class__properties").order_by("pk"))


def candidate_key(request: LicenseRequest, pk: int) -> str:
    """The key of one candidate in clear. Raises ConflictProblem where it is none any more."""
    found = Finding.objects.filter(pk=pk, request=request, kind=Finding.Kind.DOUBT).first()
    if found is None:
        raise refusal(request, "That key is no candidate of request %(request)s any more. Look at the request again.")
    try:
        return str(found.key)
    except CannotDecryptError as error:
        raise Problem("Key %(key)s cannot be read: %(error)s", key=found.shown, error=error) from None


# --- the three decisions --------------------------------------------------------------------------------------------


def adopt_key(*, request: LicenseRequest, key: str, actor: Actor, reason: str = "") -> LicenseRequest:
    """Take a key that was bought for this request though its answer was lost; what is missing is fetched then.

    The vendor is asked about it where he can be. Raises Problem at `key` where it is malformed, another license has
    it, it is of another class or has ended, or he cannot be asked now.
    """
    if request.state not in {State.IN_DOUBT, State.ATTENTION} or request.license_id:
        raise refusal(request, "Request %(request)s takes no key now: %(state)s.")
    clean = intake.clean_key(request, key)
    _check_at_vendor(request, clean)
    with transaction.atomic():
        license_ = intake.save_key(request, Key(clean))
        to = intake.first_state(request, license_)
        event = event_of(request, actor, "adopted", f"Key {license_.key} was adopted.", reason)
        Finding.objects.filter(configuration=request.configuration, fingerprint=license_.fingerprint).delete()
        return move_by_hand(request, to, event=event, wait=0, license_=license_)


def order_again(*, request: LicenseRequest, actor: Actor, reason: str) -> LicenseRequest:
    """A person found out that the vendor sold nothing: the key is ordered anew. Raises Problem without a reason.

    The panel never decides this by itself; who says so wrongly buys a second key.
    """
    if not reason.strip():
        raise Problem("Say how you know that nothing was sold; it stays in the story.", field="reason")
    if not is_doubtful(request):
        raise refusal(request, "Request %(request)s is not in doubt: %(state)s.")
    if why_over(request.subscription):
        raise refusal(
            request,
            "Nothing is bought for request %(request)s any more: its subscription is ended. Cancel the request.",
        )
    event = event_of(request, actor, "ordered_again", "Nothing was sold, says a person; ordered again.", reason.strip())
    return move_by_hand(request, State.KEY, event=event, wait=0)


def cancel_request(*, request: LicenseRequest, actor: Actor, reason: str, nothing_sold: bool = False) -> LicenseRequest:
    """Give up a request for which nothing was bought. One in doubt asks the vendor first.

    `nothing_sold`: a person looked at the vendor's own pages; counts where the vendor cannot tell. Raises Problem
    without a reason, ConflictProblem where something was sold or nobody knows.
    """
    if not reason.strip():
        raise Problem("Say why the request is cancelled; it stays in its story.", field="reason")
    if problem := why_not_cancel(request):
        raise problem
    said = _check_unsold(request, nothing_sold=nothing_sold) if is_doubtful(request) else ""
    event = event_of(request, actor, "cancelled", f"Cancelled. {said}" if said else "Cancelled.", reason.strip())
    return move_by_hand(request, State.CANCELLED, event=event)


def why_not_cancel(request: LicenseRequest) -> Problem | None:
    """Why a request could not be given up whatever its vendor says; None where it could."""
    if request.is_final:
        return refusal(request, "Request %(request)s is %(state)s; it cannot be cancelled any more.")
    if request.state == State.BUYING or request.leased:
        return busy(request)
    if request.kind == Kind.TERMINATE and why_over(request.subscription):
        return refusal(request, "Request %(request)s belongs to the end of a subscription and cannot be given up.")
    if request.state == State.PROOF or was_bought(request):
        return refusal(request, "What request %(request)s bought costs money. End that license instead of the request.")
    return None


# --- asking the vendor ----------------------------------------------------------------------------------------------


def _check_at_vendor(request: LicenseRequest, key: str) -> None:
    """Raises Problem at `key` where the vendor has it otherwise than this request may take it."""
    configuration = request.configuration
    plugin = plugin_class(configuration.template)
    if not configuration.is_online or Verb.DESCRIBE not in plugin.verbs:
        return
    words = {"key": intake.masked(key) if plugin.secret_keys else key, "request": request.pk, "field": "key"}
    try:
        known = ask(configuration, lambda vendor: vendor.describe(key))
    except Problem as problem:
        text = "%(plugin)s was asked about key %(key)s: %(said)s"
        raise Problem(text, plugin=configuration.name, said=problem.message, **words) from problem  # type: ignore[arg-type]
    if known.status in {KeyStatus.TERMINATED, KeyStatus.EXPIRED}:
        text = "Key %(key)s is %(status)s at the vendor; it cannot be adopted any more."
        raise Problem(text, status=known.status, **words)  # type: ignore[arg-type]
    wanted = request.license_class.code
    if known.class_code and known.class_code != wanted:
        text = "Key %(key)s is a %(theirs)s, but request %(request)s is for a %(wanted)s."
        raise Problem(text, theirs=known.class_code, wanted=wanted, **words)  # type: ignore[arg-type]
    if known.parent:
        text = "Key %(key)s is additional to another key. Adopt that one: this one comes with it."
        raise Problem(text, **words)  # type: ignore[arg-type]


def _check_unsold(request: LicenseRequest, *, nothing_sold: bool) -> str:
    """How it is known that a doubtful request was not sold, for its story. Raises ConflictProblem where it is not."""
    keys, why = _found(request)
    if keys:
        text = (
            "The vendor sold %(keys)s for request %(request)s. Adopt the key, and end its license if nobody wants it."
        )
        raise refusal(request, text, keys=", ".join(keys))
    if why is None:
        return "The vendor was asked: he sold nothing."
    if nothing_sold:
        return "Nothing was sold, says a person."
    text = (
        "Request %(request)s may have been sold. %(why)s Adopt the key, or look at the vendor's own pages and say that"
        " nothing was sold."
    )
    raise refusal(request, text, why=why.message)


def _found(request: LicenseRequest) -> tuple[list[str], Problem | None]:
    """The keys, as people see them, that the vendor sold for a request; and why finding none would prove nothing."""
    configuration = request.configuration
    name = configuration.name
    if request.kind != Kind.ISSUE:
        return [], Problem("Only the vendor's own pages tell whether it was done.")
    if not configuration.is_online:
        return [], Problem("%(plugin)s is offline: its vendor cannot be asked.", plugin=name)
    try:
        plugin = plugin_class(configuration.template)
        if Verb.FIND_ISSUED not in plugin.verbs:
            return [], Problem("%(plugin)s cannot tell what it sold.", plugin=name)
        order = order_of(request, class_code=request.license_class.code, target=_target_of(request))
        keys = ask(configuration, lambda vendor: vendor.find_issued(order))
    except Problem as problem:
        return [], problem
    prints = {intake.fingerprint(plugin, key.number): key.number for key in keys}
    taken = set(License.objects.filter(fingerprint__in=prints).values_list("fingerprint", flat=True))
    shown = [intake.masked(key) if plugin.secret_keys else key for one, key in prints.items() if one not in taken]
    return shown, _why_unproven(request, plugin)


def _why_unproven(request: LicenseRequest, plugin: type[Plugin]) -> Problem | None:
    """Why a vendor who finds nothing may have sold it all the same."""
    if plugin.settles == Settles.BY_TRAITS or request.options.get("additional"):  # half of an order is not found
        name = request.configuration.name
        return Problem("%(plugin)s knows of no such key; that does not prove that none was sold.", plugin=name)
    long_enough = plugin.timeout + SETTLE_MARGIN
    if request.intent_at is None or (timezone.now() - request.intent_at).total_seconds() < long_enough:
        return Problem("A sale may still be on its way: ask once more in a minute.")
    return None


def _target_of(request: LicenseRequest) -> Target | None:
    row = InstallTarget.objects.filter(subscription_id=request.subscription_id or 0).first()
    try:
        return Target(row.kind, row.address, row.credentials) if row else None
    except CannotDecryptError as error:
        raise Problem("The install target cannot be read: %(error)s", error=error) from None
