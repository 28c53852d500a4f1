"""Joining a game as a guest: a gathered view of the form on the game page."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core.gathered import Asked, GatheredView, attempt, then
from core.origins import is_from_our_page
from core.rate_limits import take_many_for_address
from core.refusals import Refused
from games.models import Game, Guest
from games.models.people import TAKEN, AdmitRequest
from games.pages import player_of
from games.states import Access
from users.auth import MAX_BODY, why_unreadable
from users.devices import device_of, set_cookie
from users.models import Player
from users.names import check_nickname
from users.sessions import open_for, sign_in_by


@dataclass
class Joining:
    """A form on its way through the steps, which set its fields.

    A refused nickname is kept in `refused`, because the form is shown again.
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
    """Make each visitor a guest; a `Joining` each, or the exception that ends it."""
    forms = check_origins(asked)
    steps = (find_games, parse_forms, read_forms, count_strangers, admit, open_sessions)
    for step in steps:
        forms = then(forms, step)
    return list(forms)


def check_origins(asked: Sequence[Asked]) -> list[Any]:
    """Check `Origin` in place of a CSRF token, which a shared page can't hold."""
    return [
        item if is_from_our_page(item.request) else Refused("forbidden")
        for item in asked
    ]


def find_games(asked: list[Asked]) -> list[Any]:
    slugs = {item.slug for item in asked}
    rows = Game.objects.published().filter(slug__in=slugs, access=Access.EVERYBODY)
    games = {game.slug: game for game in rows}
    return [
        Joining(item.request, games[item.slug])
        if item.slug in games
        else Http404("No such game takes guests.")
        for item in asked
    ]


def parse_forms(forms: list[Joining]) -> list[Joining | Exception]:
    return [why_unreadable(form.request) or form for form in forms]


def read_forms(forms: list[Joining]) -> list[Joining]:
    for form in forms:
        form.refused = attempt(read_form, form)
    return forms


def read_form(form: Joining) -> None:
    post = form.request.POST
    form.nickname = check_nickname(post.get("nickname", ""))
    form.join_id = read_join_id(post.get("join_id", ""))


def read_join_id(text: str) -> UUID | None:
    """The id that the page's script made; None if no script did."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Refused("invalid", field="join_id") from None


def count_strangers(forms: list[Joining]) -> list[Joining]:
    strangers = [form for form in wanting(forms) if form.player is None]
    refusals = take_many_for_address([form.request for form in strangers], "joins")
    for form, refused in zip(strangers, refusals, strict=True):
        form.refused = refused
    return forms


def wanting(forms: list[Joining]) -> list[Joining]:
    """The forms not refused yet, of strangers and guests; not of account holders."""
    return [
        form
        for form in forms
        if not form.refused and (form.player is None or form.player.is_guest)
    ]


def admit(forms: list[Joining]) -> list[Joining]:
    """Make each a guest of the game under its nickname; a guest may exist already."""
    joining = wanting(forms)
    outcomes = Guest.objects.admit_many([form.as_request() for form in joining])
    for form, outcome in zip(joining, outcomes, strict=True):
        if isinstance(outcome, Refused):
            form.refused = outcome
        else:
            form.guest = outcome.player
    return forms


def open_sessions(forms: list[Joining]) -> list[Joining]:
    """Open a session for every guest who was a stranger: one statement."""
    new = [form for form in forms if form.guest and form.player is None]
    keys = open_for([form.guest for form in new if form.guest])
    for form, key in zip(new, keys, strict=True):
        form.session_key = key
    return forms


# Responses


def respond(request: HttpRequest, form: Joining) -> HttpResponse:
    if form.refused:
        return ask_again(request, form.game, form.refused)
    response = redirect(form.game)
    if form.guest:
        set_cookie(response, device_of(request))
    if form.session_key and form.guest:
        if "CSRF_COOKIE" in request.META:  # else there is no token to replace
            rotate_token(request)
        sign_in_by(request, form.session_key, form.guest)
    return response


def ask_again(request: HttpRequest, game: Game, refused: Refused) -> HttpResponse:
    """The form again, with its nickname and the reason of the refusal."""
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
    """Whether the request has neither cookies nor a script's id.

    Then the guest who has the nickname may be this same visitor.
    """
    return not request.COOKIES and not request.POST.get("join_id")


join_view = GatheredView(join_many, respond, MAX_BODY)
join = csrf_exempt(require_POST(join_view.alone))
