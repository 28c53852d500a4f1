"""Authentication over HTTP: browsers by session, scripts by token."""

from collections.abc import Sequence

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, RawPostDataException
from django.http.multipartparser import MultiPartParserError
from ninja.security import HttpBearer, SessionAuth
from ninja.utils import check_csrf

from core.gathered import attempt
from core.rate_limits import SAFE
from core.refusals import Refused
from users.models import ApiToken, Player

MAX_BODY = 64 * 1024  # bytes
CSRF_FAILED = "CSRF check Failed"  # as ninja says it


class Token(HttpBearer):
    """`Authorization: Bearer gp_…`. An invalid token is refused, not ignored."""

    reads_only = False  # whether no request changes anything, not even a POST

    def authenticate(self, request: HttpRequest, token: str) -> Player | None:
        check_size(request)
        found = ApiToken.objects.find(token)
        return player_of_token(request, found, self.reads_only)


class ReadingToken(Token):
    reads_only = True


class SignedIn(SessionAuth):
    """The session's player. Requests that change something need the CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Player | None:
        check_size(request)
        return request.user if isinstance(request.user, Player) else None


class Anybody(SessionAuth):
    """The session's player or a stranger, for requests that change nothing."""

    def __init__(self) -> None:
        super().__init__(csrf=False)

    def authenticate(self, request: HttpRequest, key: str | None) -> object:
        check_size(request)
        return request.user  # truthy for a stranger too


def check_size(request: HttpRequest) -> None:
    """Refuse a large body by its header or, if it was sent in chunks, by its size."""
    if int(request.headers.get("Content-Length") or size_of_body(request)) > MAX_BODY:
        raise Refused("too_large")


def why_unreadable(request: HttpRequest) -> Exception | None:
    """Why the request's form is too large or can't be parsed; None if it can.

    Django raises that only on the first read of `request.POST`.
    """
    try:
        check_size(request)
        request.POST  # noqa: B018
    except (Refused, BadRequest, SuspiciousOperation, MultiPartParserError) as error:
        return error
    return None


def size_of_body(request: HttpRequest) -> int:
    """In bytes; 0 if it was read as a form already, within Django's own limits."""
    try:
        return len(request.body)
    except RawPostDataException:
        return 0


def identify(
    requests: Sequence[HttpRequest], *, reads_only: bool = False
) -> list[Player | Exception | None]:
    """The player of each request, in one statement; each has its session's `user`.

    The rules are those of `members` or, with `reads_only`, of `everybody`. Only the
    latter lets strangers ask; their player is None.
    """
    tokens = [token_in(request) for request in requests]
    texts = {text for text in tokens if text}
    known = ApiToken.objects.find_many(texts) if texts else {}
    return [
        attempt(_identify, request, known.get(token or ""), token, reads_only)
        for request, token in zip(requests, tokens, strict=True)
    ]


def _identify(
    request: HttpRequest, known: ApiToken | None, text: str | None, reads_only: bool
) -> Player | None:
    if text is not None:
        check_size(request)
        return player_of_token(request, known, reads_only)
    if not reads_only and check_csrf(request):
        raise Refused("forbidden", CSRF_FAILED)
    check_size(request)
    player = request.user if isinstance(request.user, Player) else None
    if player is None and not reads_only:
        raise Refused("not_signed_in")
    return player


def token_in(request: HttpRequest) -> str | None:
    """The text of `Authorization: Bearer …`, or None; read as ninja does."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else None


def player_of_token(
    request: HttpRequest, token: ApiToken | None, reads_only: bool
) -> Player:
    """The player of a token; `Refused` if it is None or may not send this request."""
    if token is None:
        raise Refused("not_signed_in")
    writes = request.method not in SAFE and not reads_only
    if writes and token.scope != ApiToken.Scope.WRITE:
        raise Refused("forbidden")
    request.user = token.player
    return token.player


members = [Token(), SignedIn()]
everybody = [ReadingToken(), Anybody()]
