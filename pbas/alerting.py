"""Settings of alerts and figures, read from the environment; `settings` takes them over."""

from django.core.exceptions import ImproperlyConfigured

from pbas.environment import value_of

__all__ = [
    "ALERT_DELAY_SECONDS",
    "ALERT_MAIL",
    "ALERT_WEBHOOKS",
    "ALERT_WEBHOOK_SECRET",
    "EMAIL_TIMEOUT",
    "METRICS_TOKEN",
    "PANEL_URL",
]

ALERT_DELAY_SECONDS = float(value_of("PBAS_ALERT_DELAY_SECONDS", "30"))  # what heals within it is told to nobody
ALERT_MAIL = [one.strip() for one in value_of("PBAS_ALERT_MAIL").split(",") if one.strip()]
ALERT_WEBHOOKS = value_of("PBAS_ALERT_WEBHOOKS").split()
ALERT_WEBHOOK_SECRET = value_of("PBAS_ALERT_WEBHOOK_SECRET")
PANEL_URL = value_of("PBAS_URL").rstrip("/")  # where people reach the panel: for links in mails and webhooks
METRICS_TOKEN = value_of("PBAS_METRICS_TOKEN")

EMAIL_TIMEOUT = 10  # seconds; a mail server that hangs holds up one worker for so long

if ALERT_MAIL and not value_of("EMAIL_URL"):
    raise ImproperlyConfigured("PBAS_ALERT_MAIL needs EMAIL_URL, the mail server by which alerts are sent.")
if ALERT_WEBHOOKS and not ALERT_WEBHOOK_SECRET:
    raise ImproperlyConfigured("PBAS_ALERT_WEBHOOKS needs PBAS_ALERT_WEBHOOK_SECRET, by which receivers know them.")
