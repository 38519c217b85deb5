"""Names of models in the product's own words; no table changes."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [("licenses", "0016_one_index_of_fingerprints")]

    operations = [
        migrations.AlterModelOptions(
            name="pluginconfiguration", options={"ordering": ["name"], "verbose_name": "plug-in configuration"}
        ),
        migrations.AlterModelOptions(
            name="uploadbatch", options={"ordering": ["-id"], "verbose_name_plural": "upload batches"}
        ),
    ]
