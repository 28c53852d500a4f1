"""The names on lists are bound to players: to the accounts that have them today."""

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery

from users.names import normalize_key, key_on_list, normalize_display


def bind(apps: Any, _schema_editor: Any) -> None:
    Game, Guest, Invitation, Player, Winner = (
        apps.get_model(app, model)
        for app, model in (
            ("games", "Game"),
            ("games", "Guest"),
            ("games", "Invitation"),
            ("users", "Player"),
            ("games", "Winner"),
        )
    )
    refold(Invitation, "name_key", delete=True)
    refold(Guest, "nickname_key", delete=False)
    for game in Game.objects.filter(kind="announce").iterator():
        names = winners_in(game.settings)
        Winner.objects.bulk_create(
            Winner(game=game, name=name, name_key=key) for key, name in names.items()
        )
    account = Player.objects.filter(name_key=OuterRef("name_key")).values("pk")[:1]
    for model in (Invitation, Winner):
        model.objects.update(player=Subquery(account))


def refold(model: Any, column: str, *, delete: bool) -> None:
    """Bring keys up to date; of two that are one now, the older row has it."""
    for row in model.objects.order_by("pk").iterator():
        key = normalize_key(getattr(row, column))
        if key == getattr(row, column):
            continue
        twin = model.objects.filter(game_id=row.game_id, **{column: key})
        if not twin.exists():
            model.objects.filter(pk=row.pk).update(**{column: key})
        elif delete:
            row.delete()


def winners_in(settings: dict[str, Any]) -> dict[str, str]:
    """The names of a winners' list as it is kept, by key."""
    found: dict[str, str] = {}
    for line in settings.get("winners", ()):
        name = line.partition(",")[0]
        if key := key_on_list(name):
            found.setdefault(key, normalize_display(name))
    return found


class Migration(migrations.Migration):

    dependencies = [
        ('games', '0005_lines'),
        ('users', '0005_names_alike'),
    ]

    operations = [
        migrations.RunPython(bind, migrations.RunPython.noop, elidable=True),
    ]
