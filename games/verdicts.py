"""What verdicts are called: by staff, and on a player's list of answers."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from games.kinds.base import Verdict

FOR_STAFF: Mapping[str, str | Promise] = {
    Verdict.PENDING.value: _("pending"),
    Verdict.RIGHT.value: _("right"),
    Verdict.WRONG.value: _("wrong"),
}
FOR_PLAYERS: Mapping[str, str | Promise] = {
    Verdict.PENDING.value: _("Received"),
    Verdict.RIGHT.value: _("Right"),
    Verdict.WRONG.value: _("Not right"),
}
