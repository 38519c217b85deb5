"""What a run does is told with the address from which it was asked for."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0009_notices")]

    operations = [
        migrations.AddField("bulkrun", "address", models.GenericIPAddressField(blank=True, null=True)),
    ]
