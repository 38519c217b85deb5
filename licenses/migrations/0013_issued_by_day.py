"""The dashboard counts licenses by the day of their issue, and the list of licenses is filtered by it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("licenses", "0012_mass_upload"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="license",
            index=models.Index(fields=["issued_at"], name="license_issued"),
        ),
    ]
