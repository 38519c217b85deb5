"""Ready keys have their own word; their tables keep the names that they have. And what a change ends after its proof."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("licenses", "0005_ready_keys")]

    operations = [
        migrations.AlterModelTable("classstock", "licenses_classstock"),
        migrations.AlterModelTable("stockkey", "licenses_stockkey"),
        migrations.RenameModel("ClassStock", "ReadyKeyRule"),
        migrations.RenameModel("StockKey", "ReadyKey"),
        migrations.AlterField(
            "readykeyrule",
            "license_class",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="ready_key_rule",
                to="licenses.licenseclass",
            ),
        ),
        migrations.AlterField(
            "readykey",
            "license_class",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="ready_keys", to="licenses.licenseclass"
            ),
        ),
        migrations.AddField("licenserequest", "to_end", models.JSONField(blank=True, null=True)),
    ]
