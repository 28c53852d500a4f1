"""Where the apps are put together: what higher ones hand down is filled in here."""

from django.apps import AppConfig


class GameprojectConfig(AppConfig):
    name = "gameproject"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from answers import commands, personal, results
        from answers.joining import move_answers
        from answers.leaderboard import boards_of, places_of
        from answers.meanings import touched_by
        from answers.models import Answer
        from checkins.changes import check_change
        from checkins.commands import checkin_command, redeem_command
        from checkins.joining import move_days, move_purchases
        from checkins.personal import checkins_of, purchases_of
        from checkins.shop import void_codes
        from checkins.storefront import shop
        from core.metrics import count_statements
        from games.extensions import given
        from games.joining import move_lines
        from live.welcome import codes_of, lines_of
        from users import extensions

        connection_created.connect(count_statements)
        given.commands |= {
            "checkin": checkin_command,
            "redeem": redeem_command,
        }
        given.together["answer"] = commands.answers
        given.mine |= {
            "answers": personal.answers_of,
            "codes": codes_of,
            "lines": lines_of,
            "checkins": checkins_of,
            "purchases": purchases_of,
        }
        given.further["rank"] = personal.ranks_of
        given.public["shop"] = shop
        given.counts = Answer.objects.counts
        given.boards = boards_of
        given.places = places_of
        given.reveal = results.reveal
        given.check_change = check_change
        given.touched_by = touched_by
        given.changed_by = results.changed_by
        given.regrade = results.regrade
        given.void_codes = void_codes
        extensions.moves += [move_lines, move_answers, move_days, move_purchases]
