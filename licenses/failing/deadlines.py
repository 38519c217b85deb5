"""Deadlines of requests that no worker claims: those of idle configurations come to a person too, with the reason."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from licenses import moves
from licenses.models import Alert, LicenseRequest, PluginConfiguration
from licenses.moves import Move, Trouble, event_of
from pbas.core.models import Event
from pbas.core.story import SYSTEM

State, Status = LicenseRequest.State, PluginConfiguration.Status

AT_ONCE = 500


def bring_overdue() -> int:
    """Bring requests past their deadline to a person where nobody else does; answers how many. Safe to repeat."""
    idle = PluginConfiguration.objects.exclude(status=Status.CONFIGURED, parkings=0).filter(mode="online")
    return sum(_bring(configuration) for configuration in idle.defer("settings", "secrets"))


def overdue_of(configuration: PluginConfiguration) -> QuerySet[LicenseRequest]:
    """The requests of a configuration that wait for its vendor beyond their deadline."""
    waiting = [State.KEY, State.BUYING, State.IN_DOUBT, State.FILES]
    free = Q(leased=False) | Q(due_at__lt=Now())
    rows = LicenseRequest.objects.filter(free, configuration=configuration, due_at__isnull=False, state__in=waiting)
    return rows.filter(deadline__lt=Now()).order_by("due_at")


def _bring(configuration: PluginConfiguration) -> int:
    trouble, brought = None, 0
    while late := list(overdue_of(configuration)[:AT_ONCE]):
        trouble = trouble or Trouble("deadline", _why(configuration), "vendor or network")
        made = [Move(one.pk, one.attempt, one.state, State.ATTENTION, by_hand=True, trouble=trouble) for one in late]
        won = moves.make(made)
        Event.objects.bulk_create(
            event_of(one, SYSTEM, "needs_attention", trouble.text) for one in late if one.pk in won
        )
        brought += len(won)
        if not won:
            break
    return brought


def _why(configuration: PluginConfiguration) -> str:
    """What the requests of a configuration have been waiting for, for a person."""
    since, why = stopped_since(configuration)
    words = {"plugin": configuration.name, "since": since, "why": why.rstrip(".")}
    if configuration.status == Status.PAUSED:
        return _("It waited until its deadline: %(plugin)s is paused%(since)s because: %(why)s.") % words
    if configuration.parkings:
        return _("It waited until its deadline: %(plugin)s does not work%(since)s because: %(why)s.") % words
    return _("It waited until its deadline: %(plugin)s is not configured%(since)s because: %(why)s.") % words


def stopped_since(configuration: PluginConfiguration) -> tuple[str, str]:
    """Since when a configuration sends nothing to its vendor (" since ...", or nothing where it is not known), and why.

    One statement.
    """
    if configuration.status == Status.PAUSED:
        told = Event.objects.filter(configuration=configuration, kind="configuration_paused")
        at, why = told.values_list("at", flat=True).first(), configuration.status_text
    else:
        alerts = Alert.objects.filter(configuration=configuration, step="", closed_at=None)
        at = alerts.values_list("opened_at", flat=True).first()
        why = configuration.parked_why if configuration.parkings else configuration.status_text
    since = date_format(timezone.localtime(at), "Y-m-d H:i") if at else ""
    return (_(" since %(at)s") % {"at": since} if since else ""), why
