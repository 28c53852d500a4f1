"""`/api/users/<id>`: players read their own data, staff anybody's."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from ninja import Router, Schema

from core.cache import Key
from core.caching import get_or_compute
from core.rate_limits import limited
from core.refusals import Refused
from core.schemas import responses
from users.models import Player

router = Router(tags=["users"])


class UserOut(Schema):
    id: int
    name: str
    guest: bool
    coins: int


@router.get("/{int:user_id}", response=responses(UserOut))
@limited("user")
def user(request: HttpRequest, user_id: int) -> dict[str, Any]:
    """A player's data, for themselves and for staff. Nobody else learns who exists."""
    asking: Player = request.auth  # type: ignore[attr-defined]
    if not may_see(asking, user_id):
        raise Refused("forbidden")
    data = get_or_compute(key_of(user_id), lambda: public_of(user_id))
    if data is None:
        raise Refused("not_found")
    return dict(data)


def may_see(asking: Player, user_id: int) -> bool:
    return asking.pk == user_id or asking.is_staff


def key_of(user_id: int) -> Key:
    """The cache key of a player's own data."""
    return Key(f"user:{user_id}", f"user:{user_id}", settings.USER_CACHE_SECONDS)


def public_of(user_id: int) -> dict[str, Any] | None:
    player = Player.objects.filter(pk=user_id).first()
    return player.public() if player else None
