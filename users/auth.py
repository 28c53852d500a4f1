"""Who asks over the API: a browser by its session, a script by its token."""

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from core.rate_limits import SAFE
from core.refusals import Refused
from users.models import ApiToken, Player

MAX_BODY = 64 * 1024  # bytes


class Token(HttpBearer):
    """`Authorization: Bearer gp_…`. A token that is no good is refused, not ignored."""

    reads_only = False  # whether every request, POSTs too, changes nothing

    def authenticate(self, request: HttpRequest, token: str) -> Player | None:
        check_size(request)
        found = ApiToken.objects.find(token)
        if found is None:
            raise Refused("not_signed_in")
        writes = request.method not in SAFE and not self.reads_only
        if writes and found.scope != ApiToken.Scope.WRITE:
            raise Refused("forbidden")
        request.user = found.player
        return found.player


class ReadingToken(Token):
    reads_only = True


class SignedIn(SessionAuth):
    """The session's player; browsers send the CSRF token with what changes anything."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Player | None:
        check_size(request)
        return request.user if isinstance(request.user, Player) else None


class Anybody(SessionAuth):
    """The session's player or a stranger, where nothing is changed."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> object:
        check_size(request)
        return request.user  # a stranger's is truthy as well


def check_size(request: HttpRequest) -> None:
    """Refuse by what the header says or, of a body sent in chunks, by its length."""
    if int(request.headers.get("Content-Length") or len(request.body)) > MAX_BODY:
        raise Refused("too_large")


members = [Token(), SignedIn()]
everybody = [ReadingToken(), Anybody()]
