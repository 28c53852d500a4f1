"""Receipts: only this site can make one for an accepted answer; staff can verify it."""

from datetime import datetime
from itertools import product
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from core.timestamps import to_ms
from games.frames import encode
from users.models import Player

if TYPE_CHECKING:
    from answers.models import Answer


def make(answer: "Answer") -> dict[str, Any]:
    """The receipt: the answer's `id`, server `time` in ms, `sequence` and `hmac`."""
    return {
        "id": str(answer.key),
        "time": to_ms(answer.submitted_at),
        "sequence": answer.pk,
        "hmac": _hmac(
            answer, answer.player_id, answer.submitted_at, settings.SECRET_KEY
        ),
    }


def is_genuine(answer: "Answer", hmac: str) -> bool:
    """Whether this site made this HMAC for this answer, with the current or an old key.

    The HMAC may name the guest that the player was then.
    """
    players = Player.objects.same_as(answer.player_id).values_list("pk", flat=True)
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(
        constant_time_compare(hmac, _hmac(answer, player_id, answer.submitted_at, key))
        for player_id, key in product(players, keys)
    )


def _hmac(answer: "Answer", player_id: int, at: datetime, key: str) -> str:
    fields = [
        answer.pk,
        str(answer.key),
        player_id,
        answer.game_id,
        answer.question,
        answer.value,
        to_ms(at),
    ]
    return salted_hmac(
        "answers.receipt", encode(fields), secret=key, algorithm="sha256"
    ).hexdigest()
