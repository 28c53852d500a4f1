"""Call what owes a code a backorder; the rights to see them keep their holders."""

import django.db.models.deletion
from django.db import migrations, models


def rename_permissions(apps, former, new):
    permissions = apps.get_model("auth", "Permission").objects
    rows = permissions.filter(content_type__app_label="games")
    for permission in rows.filter(codename__endswith=f"_{former}"):
        permission.codename = permission.codename.replace(f"_{former}", f"_{new}")
        permission.save(update_fields=["codename"])


def forwards(apps, _schema_editor):
    rename_permissions(apps, "owed", "backorder")


def backwards(apps, _schema_editor):
    rename_permissions(apps, "backorder", "owed")


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("games", "0008_imports"),
    ]

    operations = [
        migrations.RenameModel("Owed", "Backorder"),
        migrations.AlterField(
            model_name="backorder",
            name="pool",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="backorders",
                to="games.pool",
            ),
        ),
        migrations.RunPython(forwards, backwards),
    ]
