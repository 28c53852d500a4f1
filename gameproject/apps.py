"""Fills in what lower apps need from higher ones (`games/extensions.py`)."""

from django.apps import AppConfig


class GameprojectConfig(AppConfig):
    name = "gameproject"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from answers import results
        from answers.joining import move_answers
        from answers.meanings import touched_by
        from answers.models import Answer
        from checkins.changes import check_change
        from checkins.joining import move_days, move_purchases
        from checkins.shop import void_codes
        from checkins.storefront import shop
        from core.metrics import count_statements
        from games.extensions import registry
        from games.joining import move_lines
        from users import extensions

        connection_created.connect(count_statements)
        registry.public["shop"] = shop
        registry.counts = Answer.objects.counts
        registry.reveal = results.reveal
        registry.check_change = check_change
        registry.touched_by = touched_by
        registry.changed_by = results.changed_by
        registry.regrade = results.regrade
        registry.void_codes = void_codes
        extensions.moves += [move_lines, move_answers, move_days, move_purchases]
