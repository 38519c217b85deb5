from django.conf import settings
from django.db import migrations, models


def keep_what_they_had(apps, schema_editor):
    """Until now all staff could do everything: whoever is staff goes on as administrator."""
    group, _ = apps.get_model("auth", "Group").objects.get_or_create(name="administrator")
    for user in apps.get_model("auth", "User").objects.filter(is_staff=True, is_superuser=False):
        user.groups.add(group)


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0004_seals"),
        ("auth", "0012_alter_user_first_name_max_length"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PanelRight",
            fields=[("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))],
            options={
                "permissions": [
                    ("view", "Read all pages, without secrets"),
                    ("operate", "Work on requests and licenses"),
                    ("reveal", "See keys, codes and files in clear"),
                    ("configure", "Plug-ins, plans and stock rules"),
                    ("staff", "Staff and their roles"),
                    ("sell", "Call the API as a store"),
                ],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.RunPython(keep_what_they_had, migrations.RunPython.noop),
    ]
