"""Moves a guest's answers and wins to the account that the guest signs in to."""

from answers.models import WIN, Answer, claim_of
from core.sql_format import prefix_of
from games.models import Code, Game
from users.models import Player


def move_answers(guest: Player, account: Player) -> None:
    """Move the answers to games that the account has not answered, and the codes won.

    If both have answered a game, the answers stay where they are. A code that was won
    there moves, so that the account can't win a second one.
    """
    theirs = Answer.objects.filter(player=account)
    rows = Answer.objects.filter(player=guest)
    for game_id in sorted(set(rows.values_list("game", flat=True))):
        Game.objects.lock(game_id)  # no winners are drawn meanwhile
    # A player can't have two answers with the same id: such a game stays.
    stay = rows.filter(key__in=theirs.values("key")).values("game")
    both = rows.filter(game__in=theirs.values("game")).values("game")
    games = rows.exclude(game__in=both).exclude(game__in=stay).values("game")
    rows.filter(game__in=set(games.values_list("game", flat=True))).update(
        player=account
    )
    move_wins(guest, account)


def move_wins(guest: Player, account: Player) -> None:
    """Move codes won in games that the account has answered, unless it won too."""
    answered = Answer.objects.filter(player=account).values("game")
    won = Code.objects.filter(
        player=guest, claim__startswith=prefix_of(WIN), pool__game__in=answered
    )
    for code in won.select_related("pool"):
        claim = claim_of(code.pool.game_id, account.pk)
        if not Code.objects.filter(claim=claim).exists():
            code.player, code.claim = account, claim
            code.save(update_fields=["player", "claim"])
