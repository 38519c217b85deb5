"""Telling of alerts outside the panel: by e-mail and by signed webhook, each saying kept until it was taken."""

import hashlib
import hmac
import json
import logging
import time
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from licenses.models import Alert, AlertDelivery
from licenses.retry import wait_after

Subject, Way = AlertDelivery.Subject, AlertDelivery.Way

DELIVER = "licenses.tasks.deliver_alerts"
PATIENCE = timedelta(days=1)  # after which a saying is given up
LEASE = timedelta(seconds=90)  # longer than one sending may take
TIMEOUT = (5.0, 10.0)  # seconds to connect, and between two parts of an answer
AT_ONCE = 50
_LONGEST = 300  # characters of a problem that are kept

logger = logging.getLogger(__name__)


def plan(alerts: Iterable[Alert], subject: str) -> None:
    """Write down who is told of these alerts; in the caller's transaction. What heals at once is told to nobody."""
    now = timezone.now()
    due = now + timedelta(seconds=settings.ALERT_DELAY_SECONDS if subject == Subject.OPENED else 0)
    told = {Way.MAIL: settings.ALERT_MAIL, Way.WEBHOOK: settings.ALERT_WEBHOOKS}
    AlertDelivery.objects.bulk_create(
        AlertDelivery(alert=alert, subject=subject, way=way, address=address, due_at=due, deadline=now + PATIENCE)
        for alert in alerts
        for way, addresses in told.items()
        for address in addresses
    )


def drop_untold(alerts: Iterable[Alert]) -> set[int]:
    """Of alerts that close: forget what nobody has tried to tell yet. Answers the alerts that nobody was told of."""
    ids = [one.pk for one in alerts]
    AlertDelivery.objects.filter(alert__in=ids, subject=Subject.OPENED, tries=0).delete()
    told = AlertDelivery.objects.filter(alert__in=ids).values_list("alert", flat=True)
    return set(ids) - set(told)


def due_deliveries() -> QuerySet[AlertDelivery]:
    """What is to be sent now; of one alert to one address the closing only after the opening."""
    before = AlertDelivery.objects.filter(
        alert=OuterRef("alert"), address=OuterRef("address"), due_at__isnull=False, pk__lt=OuterRef("pk")
    )
    return AlertDelivery.objects.filter(~Exists(before), due_at__lte=Now())


def deliver_due() -> int:
    """Send what is due, each by one worker only, outside any transaction; answers how many were taken."""
    taken = 0
    for pk in list(due_deliveries().values_list("pk", flat=True)[:AT_ONCE]):
        if due_deliveries().filter(pk=pk).update(due_at=Now() + LEASE, tries=F("tries") + 1):
            taken += _deliver(AlertDelivery.objects.select_related("alert__configuration").get(pk=pk))
    return taken


def _deliver(delivery: AlertDelivery) -> bool:
    row = AlertDelivery.objects.filter(pk=delivery.pk)
    try:
        _WAYS[Way(delivery.way)](delivery)
    except Exception as error:  # noqa: BLE001 (whatever a mail server or a receiver does, the row says it and waits)
        problem = _words(error)
        again = timezone.now() + timedelta(seconds=wait_after(delivery.tries))
        row.update(problem=problem, due_at=again if again < delivery.deadline else None)
        logger.warning("Alert %s was not told by %s: %s", delivery.alert_id, delivery.way, problem)
        return False
    row.update(problem="", due_at=None, sent_at=Now())
    return True


def _words(error: Exception) -> str:
    """Why it failed, without addresses: those of webhooks may hold a secret."""
    return str(error)[:_LONGEST] if isinstance(error, NotTakenError) else type(error).__name__


class NotTakenError(Exception):
    """The receiver answered, but did not take it."""


def _mail(delivery: AlertDelivery) -> None:
    alert = delivery.alert
    head = _("Failing: %(plugin)s") if delivery.subject == Subject.OPENED else _("Works again: %(plugin)s")
    lines = [
        alert.text,
        "",
        *(f"{name}: {value}" for name, value in _told(delivery).items() if name != "text" and value not in ("", None)),
    ]
    EmailMessage(
        head % {"plugin": alert.configuration.name},
        "\n".join(lines),
        settings.DEFAULT_FROM_EMAIL,
        [delivery.address],
        headers={"Message-ID": f"<{delivery.uid}@alerts.panel>"},
    ).send()


def _post(delivery: AlertDelivery) -> None:
    body = json.dumps(_told(delivery)).encode()
    stamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json",
        "X-Panel-Delivery": str(delivery.uid),
        "X-Panel-Signature": f"t={stamp},v1={sign(stamp, body)}",
    }
    answer = requests.post(
        delivery.address, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False, stream=True
    )
    answer.close()
    if not answer.ok or answer.is_redirect:
        raise NotTakenError(f"The receiver answered {answer.status_code}.")


def sign(stamp: str, body: bytes) -> str:
    """The signature of a webhook: HMAC-SHA256 over its time in seconds, a dot, and its bytes; hexadecimal."""
    return hmac.new(settings.ALERT_WEBHOOK_SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _told(delivery: AlertDelivery) -> dict[str, Any]:
    """What is said of an alert; no key, no name of a customer that the problem's own words do not hold."""
    alert = delivery.alert
    return {
        "event": f"alert.{delivery.subject}",
        "alert": alert.pk,
        "plugin": alert.configuration.name,
        "step": alert.step,
        "kind": alert.kind,
        "cause": alert.cause,
        "text": alert.text,
        "requests": alert.count,
        "first_at": alert.first_at.isoformat(),
        "last_at": alert.last_at.isoformat(),
        "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
        "url": f"{settings.PANEL_URL}/failures/" if settings.PANEL_URL else "",
    }


_WAYS = {Way.MAIL: _mail, Way.WEBHOOK: _post}
