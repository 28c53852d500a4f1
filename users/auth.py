"""Who asks over the API: a browser by its session, a script by its token."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from core.gathered import attempt
from core.rate_limits import SAFE
from core.refusals import Refused
from users.models import ApiToken, Player

MAX_BODY = 64 * 1024  # bytes
CSRF_FAILED = "CSRF check Failed"  # as ninja says it


class Token(HttpBearer):
    """`Authorization: Bearer gp_…`. A token that is no good is refused, not ignored."""

    reads_only = False  # whether every request, POSTs too, changes nothing

    def authenticate(self, request: HttpRequest, token: str) -> Player | None:
        check_size(request)
        return speaker(request, ApiToken.objects.find(token), self.reads_only)


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


def identify(
    requests: Sequence[HttpRequest], *, reads_only: bool = False
) -> list[Player | Exception | None]:
    """Who asks, for many requests whose `user` is known by the session.

    By the same rules as `members` or, with `reads_only`, `everybody`: only there a
    stranger, None, may ask. One statement looks up all the tokens.
    """
    tokens = [token_in(request) for request in requests]
    texts = {text for text in tokens if text}
    known = ApiToken.objects.find_many(texts) if texts else {}
    return [
        attempt(_identify, request, known.get(token or ""), token, reads_only)
        for request, token in zip(requests, tokens, strict=True)
    ]


def _identify(
    request: HttpRequest, found: ApiToken | None, token: str | None, reads_only: bool
) -> Player | None:
    if token is not None:
        check_size(request)
        return speaker(request, found, reads_only)
    if not reads_only and check_csrf(request):
        raise Refused("forbidden", CSRF_FAILED)
    check_size(request)
    player = request.user if isinstance(request.user, Player) else None
    if player is None and not reads_only:
        raise Refused("not_signed_in")
    return player


def token_in(request: HttpRequest) -> str | None:
    """The token of `Authorization: Bearer …`, or None, as ninja reads it."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def speaker(request: HttpRequest, found: ApiToken | None, reads_only: bool) -> Player:
    """The player for whom a token speaks; `Refused` if it may not."""
    if found is None:
        raise Refused("not_signed_in")
    writes = request.method not in SAFE and not reads_only
    if writes and found.scope != ApiToken.Scope.WRITE:
        raise Refused("forbidden")
    request.user = found.player
    return found.player


members = [Token(), SignedIn()]
everybody = [ReadingToken(), Anybody()]
