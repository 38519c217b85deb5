from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "pbas.core"
    label = "core"
    verbose_name = "Core"
