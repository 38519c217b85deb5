"""Why a piece of an upload fits nowhere is said in the language of who reads it: its words are kept apart."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("licenses", "0017_names")]

    operations = [
        migrations.AddField(model_name="uploadpiece", name="words", field=models.JSONField(db_default={}, default=dict)),
    ]
