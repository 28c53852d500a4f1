"""`/api/users/<id>`: oneself; staff see anyone."""

from typing import Any

from django.http import HttpRequest
from ninja import Router, Schema

from users.models import Player
from users.refusals import Refused

router = Router(tags=["users"])


class UserOut(Schema):
    id: int
    name: str
    guest: bool
    coins: int


@router.get("/{int:user_id}", response=UserOut)
def user(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """The player, to themselves and to staff. Others can't even learn who exists."""
    asking: Player = request.auth  # type: ignore[attr-defined]
    if asking.pk != user_id and not asking.is_staff:
        raise Refused("forbidden")
    player = Player.objects.filter(pk=user_id).first()
    if player is None:
        raise Refused("not_found")
    return player.public()
