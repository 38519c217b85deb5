from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "subscriptions"
    verbose_name = "Subscriptions"

    def ready(self) -> None:
        """Listen to the one signal that comes up from `licenses`, and have our own rows looked at with its."""
        from pbas.core import records
        from subscriptions import receivers, stuck  # noqa: F401 (models are loaded only now)
        from subscriptions.records import FORMS

        records.know(FORMS)
