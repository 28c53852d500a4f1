"""Names that look alike are one name now, such as O'Neil with either quote."""

from itertools import count
from typing import Any

from django.db import migrations

from users.names import normalize_key

LONE_ACCENT = " \u0301"  # what a ´ was kept as


def refold(apps: Any, _schema_editor: Any) -> None:
    """Give each account the key of its name; who has the older account keeps it, and
    the newer one is numbered."""
    players = apps.get_model("users", "Player").objects.exclude(name_key=None)
    for player in players.order_by("pk").iterator():
        name = player.name.replace(LONE_ACCENT, "'")
        key = normalize_key(player.name_key if name == player.name else name)
        if key == player.name_key:
            continue
        others = players.exclude(pk=player.pk)
        if others.filter(name_key=key).exists():
            name, key = numbered(name, key, others)
            print(f"  Player {player.pk} is “{name}” now: the name was another's too.")
        player.name, player.name_key = name, key
        player.save(update_fields=["name", "name_key"])


def numbered(name: str, key: str, others: Any) -> tuple[str, str]:
    """The first name with a number that nobody has."""
    for number in count(2):
        if not others.filter(name_key=f"{key}{number}").exists():
            break
    return f"{name[: 40 - len(str(number)) - 1]} {number}", f"{key}{number}"


class Migration(migrations.Migration):

    dependencies = [
        ('users', '0004_revocations'),
    ]

    operations = [
        migrations.RunPython(refold, migrations.RunPython.noop, elidable=True),
    ]
