"""Joining a game as a guest: a form in a shared page, for many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.gathered import Asked, GatheredView, attempt, then
from core.origins import is_ours
from core.rate_limits import take_many_for_address
from core.refusals import Refused
from games.models import Game, Guest
from games.models.people import TAKEN, AdmitRequest
from games.pages import player_of
from games.states import Access
from users.auth import MAX_BODY, check_size
from users.devices import device_of, set_cookie
from users.models import Player
from users.names import check_nickname
from users.sessions import open_for, sign_in_by


@dataclass
class Joining:
    """A form on its way through the steps, which fill it in.

    What is refused for its nickname stays here: it is asked for once more.
    """

    request: HttpRequest
    game: Game
    refused: Refused | None = None
    nickname: str = ""
    join_id: UUID | None = None
    guest: Player | None = None
    session_key: str = ""

    @property
    def player(self) -> Player | None:
        return player_of(self.request)

    def as_request(self) -> AdmitRequest:
        return AdmitRequest(self.game.pk, self.player, self.nickname, self.join_id)


def join_many(asked: Sequence[Asked]) -> list[Any]:
    """Let these play as guests under their nicknames."""
    forms = check_origins(asked)
    steps = (find_games, parse_forms, read_forms, count_strangers, admit, open_sessions)
    for step in steps:
        forms = then(forms, step)
    return list(forms)


def check_origins(asked: Sequence[Asked]) -> list[Any]:
    """The form stands in the shared page, which can hold no token; the browser's own
    word of where the form was sent from takes its place."""
    return [
        one
        if is_ours(one.request.headers.get("Origin", ""), one.request.get_host())
        else Refused("forbidden")
        for one in asked
    ]


def find_games(asked: list[Asked]) -> list[Any]:
    slugs = {one.slug for one in asked}
    rows = Game.objects.published().filter(slug__in=slugs, access=Access.EVERYBODY)
    games = {game.slug: game for game in rows}
    return [
        Joining(one.request, games[one.slug])
        if one.slug in games
        else Http404("No such game takes guests.")
        for one in asked
    ]


def parse_forms(forms: list[Joining]) -> list[Joining | Exception]:
    return [parse_form(form) for form in forms]


def parse_form(form: Joining) -> Joining | Exception:
    """Let Django read it, who says only once that it can't."""
    try:
        check_size(form.request)
        form.request.POST  # noqa: B018
    except (Refused, BadRequest, SuspiciousOperation, MultiPartParserError) as error:
        return error
    return form


def read_forms(forms: list[Joining]) -> list[Joining]:
    for form in forms:
        form.refused = attempt(read_form, form)
    return forms


def read_form(form: Joining) -> None:
    post = form.request.POST
    form.nickname = check_nickname(post.get("nickname", ""))
    form.join_id = read_join_id(post.get("join_id", ""))


def read_join_id(text: str) -> UUID | None:
    """What the page's script made; a form without a script has none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused("invalid", field="join_id") from None


def count_strangers(forms: list[Joining]) -> list[Joining]:
    strangers = [one for one in wanting(forms) if one.player is None]
    waits = take_many_for_address([one.request for one in strangers], "joins")
    for form, refused in zip(strangers, waits, strict=True):
        form.refused = refused
    return forms


def wanting(forms: list[Joining]) -> list[Joining]:
    """Those who are to be guests: nobody who plays with their account."""
    return [
        one
        for one in forms
        if not one.refused and (one.player is None or one.player.is_guest)
    ]


def admit(forms: list[Joining]) -> list[Joining]:
    """Make the guests, if need be, under the nicknames of the forms."""
    joining = wanting(forms)
    outcomes = Guest.objects.admit_many([one.as_request() for one in joining])
    for form, outcome in zip(joining, outcomes, strict=True):
        if isinstance(outcome, Refused):
            form.refused = outcome
        else:
            form.guest = outcome.player
    return forms


def open_sessions(forms: list[Joining]) -> list[Joining]:
    """A session for every guest who was a stranger: one statement."""
    new = [one for one in forms if one.guest and one.player is None]
    keys = open_for([one.guest for one in new if one.guest])
    for form, key in zip(new, keys, strict=True):
        form.session_key = key
    return forms


# What they are told


def respond(request: HttpRequest, form: Joining) -> HttpResponse:
    if form.refused:
        return ask_again(request, form.game, form.refused)
    response = redirect(form.game)
    if form.guest:
        set_cookie(response, device_of(request))
    if form.session_key and form.guest:
        if "CSRF_COOKIE" in request.META:  # else there is none to replace
            rotate_token(request)
        sign_in_by(request, form.session_key, form.guest)
    return response


def ask_again(request: HttpRequest, game: Game, refused: Refused) -> HttpResponse:
    """The form once more, with the nickname in it and why it was refused."""
    context = {
        "game": game,
        "nickname": request.POST.get("nickname", ""),
        "error": refused.detail,
        "perhaps_mine": refused.detail == TAKEN and shows_nothing(request),
    }
    page = render(request, "games/join.html", context)
    refused.mark(page)
    return page


def shows_nothing(request: HttpRequest) -> bool:
    """Whether no script has looked at the cookies, and none came.

    So whoever joined just now may be whoever asks.
    """
    return not request.COOKIES and not request.POST.get("join_id")


join_view = GatheredView(join_many, respond, MAX_BODY)
join = csrf_exempt(require_POST(join_view.alone))
