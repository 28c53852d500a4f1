"""Signing in with name and password: a form in a shared page, for many at once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.db import connection
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from core.gathered import Asked, GatheredView, attempt, then
from core.origins import rejection_of
from core.refusals import Refused
from users.auth import MAX_BODY, check_size
from users.devices import remember
from users.guests import guest_of, join
from users.hashers import AT_ONCE
from users.models import Player
from users.sessions import end, note_sign_in, open_for, sign_in_by
from users.signin import SignInForm

TEMPLATE = "users/sign_in.html"
checkers = ThreadPoolExecutor(AT_ONCE, "sign-in")


@dataclass
class SigningIn:
    """A request on its way through the steps, which fill it in.

    What the form refuses stays in the form: it is shown once more.
    """

    request: HttpRequest
    form: SignInForm
    session_key: str = ""

    @property
    def account(self) -> Player | None:
        return self.form.user_cache


def sign_in_many(asked: Sequence[Asked]) -> list[Any]:
    """Open a session for each account whose password was sent."""
    outcomes: Sequence[Any] = asked
    for step in (read_forms, find_accounts, check_passwords, take_along, open_sessions):
        outcomes = then(outcomes, step)
    return list(outcomes)


def read_forms(asked: list[Asked]) -> list[Any]:
    return [read_form(one.request) for one in asked]


def read_form(request: HttpRequest) -> SigningIn | HttpResponseBase | Exception:
    """The form, or why there is none: it can't be read, or no page of ours sent it."""
    try:
        check_size(request)
        form = SignInForm(request, request.POST)
    except (Refused, BadRequest, SuspiciousOperation, MultiPartParserError) as error:
        return error
    return rejection_of(request) or SigningIn(request, form)


def find_accounts(forms: list[SigningIn]) -> list[SigningIn]:
    """The account of each name, if there is one: one statement."""
    keys = {one.form.name_key for one in forms}
    rows = Player.objects.filter(name_key__in=keys)
    accounts = {player.name_key: player for player in rows}
    for one in forms:
        one.form.known = {one.form.name_key: accounts.get(one.form.name_key)}
    return forms


def check_passwords(forms: list[SigningIn]) -> list[SigningIn | Exception]:
    """Look at each, as many at a time as this machine hashes."""
    if len(forms) == 1:
        return [check_password(forms[0])]
    return list(checkers.map(check_password_and_let_go, forms))


def check_password(one: SigningIn) -> SigningIn | Exception:
    try:
        one.form.is_valid()
    except Exception as error:  # its own, whatever it is: no other form is affected
        return error
    return one


def check_password_and_let_go(one: SigningIn) -> SigningIn | Exception:
    try:
        return check_password(one)
    finally:
        connection.close()  # a hash of an older kind was replaced


def take_along(forms: list[SigningIn]) -> list[Any]:
    """Give each account what its browser's guest has."""
    return [attempt(take_guest_along, one) for one in forms]


def take_guest_along(one: SigningIn) -> SigningIn:
    guest = guest_of(one.request)
    if guest and one.account:
        join(guest, one.account, timezone.now())
    return one


def open_sessions(forms: list[SigningIn]) -> list[SigningIn]:
    """A session for each who is let in; the one they had before ends."""
    let_in = [one for one in forms if one.account]
    accounts = [one.account for one in let_in if one.account]
    end(one.request.session.session_key for one in let_in)
    for one, key in zip(let_in, open_for(accounts), strict=True):
        one.session_key = key
    if accounts:
        note_sign_in(accounts)
    return forms


# What they are told


def respond(_request: HttpRequest, one: SigningIn) -> HttpResponse:
    response = lead_on(one) if one.account else ask_again(one)
    add_never_cache_headers(response)
    return response


def lead_on(one: SigningIn) -> HttpResponse:
    """Let the browser have the session, and remember the account."""
    assert one.account
    response = HttpResponseRedirect(next_page(one.request))
    remember(one.request, response, one.account)
    rotate_token(one.request)
    sign_in_by(one.request, one.session_key, one.account)
    return response


def ask_again(one: SigningIn) -> HttpResponse:
    """The form, with what is wrong."""
    context = {"form": one.form, "sign_up": settings.SIGN_UP}
    response = render(one.request, TEMPLATE, context)
    if one.form.refused:
        one.form.refused.mark(response)
    return response


def next_page(request: HttpRequest) -> str:
    """Where to go on to: only ever a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, request.is_secure()
    )
    return wanted if safe else "/"


sign_in_view = GatheredView(sign_in_many, respond, MAX_BODY)
