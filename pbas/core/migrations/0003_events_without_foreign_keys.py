"""The subjects of events lose their constraints in the database; see ADR 0014."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT

SUBJECTS = {
    "order": "subscriptions.order",
    "subscription": "subscriptions.subscription",
    "request": "licenses.licenserequest",
    "license": "licenses.license",
    "configuration": "licenses.pluginconfiguration",
}


class Migration(migrations.Migration):
    dependencies = [("core", "0002_links")]
    operations = [
        migrations.AlterField(
            "event",
            name,
            models.ForeignKey(to, PROTECT, null=True, blank=True, db_index=False, db_constraint=False),
        )
        for name, to in SUBJECTS.items()
    ]
