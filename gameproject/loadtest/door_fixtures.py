"""What the doors need on the site: games to join or check in to, and staff."""

from datetime import timedelta

from django.contrib.auth.models import Permission
from django.utils import timezone

from gameproject.loadtest.fixtures import Fixtures, puzzle
from gameproject.loadtest.visitor import NICKNAME
from games.models import Code, Game
from games.states import Access
from users.models import Player
from users.sessions import open_for

ZONE = "UTC"


def make_open_game(fixtures: Fixtures, part: str) -> Game:
    """A game that anybody may join, so it is in the public list meanwhile."""
    game = puzzle(f"{fixtures.prefix}-{part}")
    game.open(timezone.now())
    return game


def make_check_in_game(fixtures: Fixtures, part: str) -> Game:
    """A check-in game with a code for each of the rehearsal's players.

    It gives no coins, because an entry of the ledger can't be removed. So the shop is
    not rehearsed.
    """
    game = Game.objects.create(
        slug=f"{fixtures.prefix}-{part}",
        kind="checkin",
        title="Rehearsal",
        access=Access.LISTED,
        settings=check_in_settings(),
    )
    game.invite([player.name for player in fixtures.players])
    pool = game.pools.create(name="Rehearsal")
    pool.add(f"{game.slug}-{place}" for place in range(len(fixtures.players)))
    game.open(timezone.now())
    return game


def check_in_settings() -> dict[str, object]:
    today = timezone.now().date()
    return {
        "time_zone": ZONE,
        "first_day": today.isoformat(),
        "last_day": (today + timedelta(days=1)).isoformat(),
        "days": [{"pool": "Rehearsal"}],
    }


def open_staff_session(fixtures: Fixtures) -> str:
    """The session of a member of staff who may only view games."""
    staff = Player(name=f"{fixtures.prefix}-staff", is_staff=True)
    staff.set_unusable_password()
    staff.save()
    staff.user_permissions.add(
        Permission.objects.get(codename="view_game", content_type__app_label="games")
    )
    return open_for([staff])[0]


def count_guests() -> int:
    """The number of guests that joining has made."""
    return Player.objects.filter(is_guest=True, name__startswith=NICKNAME).count()


def count_rewards(game: Game) -> tuple[int, int]:
    """The numbers of a game's check-ins, and of the codes given for them."""
    given = Code.objects.filter(pool__game=game).exclude(player=None)
    return game.checkins.count(), given.count()
