"""Say plainly which number staff enter for a name on a list."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('games', '0009_backorders'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='invitation',
            name='player',
            field=models.ForeignKey(blank=True, help_text='The number of the account or guest. Empty: no player yet.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='player'),
        ),
        migrations.AlterField(
            model_name='winner',
            name='player',
            field=models.ForeignKey(blank=True, help_text='The number of the account or guest. Empty: no player yet.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='player'),
        ),
    ]
