"""Which settings of a check-in game can't change once players have checked in."""

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from checkins.models import CheckIn
from core.refusals import Refused
from games.kinds.base import Settings
from games.kinds.checkin import CheckinSettings
from games.models import Game


def check_change(game: Game, new: Settings) -> None:
    """Refuse new settings, by field, that would lose a completed day."""
    old = game.rules
    if not isinstance(new, CheckinSettings) or not isinstance(old, CheckinSettings):
        return
    done = CheckIn.objects.filter(game=game).aggregate(last=Max("day"))["last"]
    if done is None:
        return
    if new.mode != old.mode:
        raise refused(
            "mode", _("Players have checked in: “Days follow” can't be changed.")
        )
    if new.mode == "calendar" and new.first_day != old.first_day:
        raise refused(
            "first_day", _("Players have checked in: the first day can't be changed.")
        )
    if len(new.days) < done:
        text = _("Players have done day %(day)d: it can't be removed.") % {"day": done}
        raise refused("days", text)


def refused(field: str, text: object) -> Refused:
    return Refused("invalid", str(text), field=field)
