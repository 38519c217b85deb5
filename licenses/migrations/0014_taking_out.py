"""What has ended is taken out of its target, and so are files that newer ones have replaced."""

from django.db import migrations, models

FOUND = [
    ("missing", "Not there any more"),
    ("different", "Other content"),
    ("older", "Older than ours"),
    ("unknown", "Not known"),
    ("reinstall", "Being re-installed"),
    ("left", "Ended, still to be taken out"),
]


class Migration(migrations.Migration):
    dependencies = [("licenses", "0013_issued_by_day")]

    operations = [
        migrations.AlterField(
            "license", "found", models.CharField(blank=True, choices=FOUND, max_length=12, null=True)
        ),
        migrations.AddField("licensefile", "cleared_at", models.DateTimeField(blank=True, null=True)),
    ]
