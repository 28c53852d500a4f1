"""Codes that stand in several pools, and files that are kept until the yes."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Window
from django.db.models.functions import RowNumber

AT_ONCE = 1000


def number_repeats(apps, _schema_editor):
    """Of codes with one text all but the first are repeats that nobody was asked of."""
    codes = apps.get_model("games", "Code").objects.all()
    place = Window(RowNumber(), partition_by=F("text"), order_by="id")
    repeats = codes.annotate(place=place).filter(place__gt=1).order_by("id")
    found = list(repeats.only("id").iterator())
    for code in found:
        code.repeat = 1 - code.place
    codes.bulk_update(found, ["repeat"], batch_size=AT_ONCE)


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("games", "0007_browsers"),
    ]

    operations = [
        migrations.AddField(
            model_name="code",
            name="repeat",
            field=models.SmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.RunPython(number_repeats, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="code",
            constraint=models.UniqueConstraint(
                models.F("text"), models.F("repeat"), name="code_once_unless_repeated"
            ),
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("key", models.UUIDField(default=uuid.uuid4, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "pool",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="games.pool",
                    ),
                ),
            ],
            options={
                "verbose_name": "uploaded file",
                "verbose_name_plural": "uploaded files",
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Piece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("place", models.PositiveSmallIntegerField()),
                ("data", models.BinaryField()),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="games.upload",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        models.F("upload"),
                        models.F("place"),
                        name="piece_once_a_place",
                    )
                ],
            },
        ),
    ]
