from django.apps import AppConfig


class LicensesConfig(AppConfig):
    name = "licenses"
    verbose_name = "Licenses"

    def ready(self) -> None:
        """Have what is written down of licenses known by its form."""
        from licenses.records import FORMS
        from pbas.core import records

        records.know(FORMS)
