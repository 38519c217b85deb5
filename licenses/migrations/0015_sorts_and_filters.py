"""Each order that a list offers beside a filter has its index."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("licenses", "0014_taking_out"),
        ('subscriptions', '0004_account_user'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='license',
            name='license_found',
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(fields=['configuration', 'state', 'expires_order', 'id'], name='license_tab_state_expires'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(fields=['state', 'expires_order', 'id'], name='license_state_expires'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('in_sync', False)), fields=['id'], name='license_all_not_in_sync'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('found__isnull', False)), fields=['configuration', 'id'], name='license_found'),
        ),
        migrations.AddIndex(
            model_name='license',
            index=models.Index(condition=models.Q(('found__isnull', False)), fields=['id'], name='license_all_found'),
        ),
        migrations.AddIndex(
            model_name='licenserequest',
            index=models.Index(condition=models.Q(('state__in', ['attention', 'in_doubt'])), fields=['configuration', 'id'], name='request_stopped'),
        ),
        migrations.AddIndex(
            model_name='licenserequest',
            index=models.Index(condition=models.Q(('state__in', ['attention', 'in_doubt'])), fields=['id'], name='request_all_stopped'),
        ),
    ]
