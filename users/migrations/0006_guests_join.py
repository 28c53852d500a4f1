from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from users import session_triggers
from users import ledger_triggers as triggers


def put_away(apps: Any, schema_editor: Any) -> None:
    """SQLite makes the table of players anew, which no trigger outlives."""
    if schema_editor.connection.vendor == "sqlite":
        session_triggers.drop(apps, schema_editor)
        triggers.drop(apps, schema_editor)


def put_back(apps: Any, schema_editor: Any) -> None:
    if schema_editor.connection.vendor == "sqlite":
        triggers.create(apps, schema_editor)
        session_triggers.create(apps, schema_editor)


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0005_names_alike'),
    ]

    operations = [
        migrations.RunPython(put_away, put_back),
        migrations.AddField(
            model_name='player',
            name='account',
            field=models.ForeignKey(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='guests', to=settings.AUTH_USER_MODEL, verbose_name='account'),
        ),
        migrations.AddConstraint(
            model_name='player',
            constraint=models.CheckConstraint(condition=models.Q(('account', None), ('is_guest', True), _connector='OR'), name='player_in_an_account_is_guest'),
        ),
        migrations.AlterField(
            model_name='coinentry',
            name='reason',
            field=models.CharField(choices=[('check-in', 'check-in'), ('completed', 'all days completed'), ('make-up', 'missed day made up'), ('redeemed', 'spent in the shop'), ('refund', 'refund'), ('joined', 'from guest to account'), ('adjusted', 'adjusted by staff')], max_length=20, verbose_name='reason'),
        ),
        migrations.RunPython(put_back, put_away),
    ]
