"""Where the apps are put together: what higher ones hand down is filled in here."""

from django.apps import AppConfig


class GameprojectConfig(AppConfig):
    name = "gameproject"

    def ready(self) -> None:
        from django.db.backends.signals import connection_created

        from answers import commands, results, welcome
        from answers.board import boards_of, places_of
        from answers.joining import move_answers
        from answers.meanings import touched_by
        from answers.models import Answer
        from checkins.changes import check_change
        from checkins.commands import checkin_command, redeem_command
        from checkins.joining import move_days, move_purchases
        from checkins.shop import void_codes
        from checkins.showcase import shop
        from checkins.welcome import checkins_of, purchases_of
        from games.arrivals import codes_of, lines_of
        from games.handover import given
        from games.joining import move_lines
        from users import handover
        from users.counts import count_statements

        connection_created.connect(count_statements)
        given.commands |= {
            "checkin": checkin_command,
            "redeem": redeem_command,
        }
        given.together["answer"] = commands.answers
        given.mine |= {
            "answers": welcome.answers_of,
            "codes": codes_of,
            "lines": lines_of,
            "checkins": checkins_of,
            "purchases": purchases_of,
        }
        given.further["rank"] = welcome.ranks_of
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
        handover.moves += [move_lines, move_answers, move_days, move_purchases]
