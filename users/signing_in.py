"""Signing in with name and password: a gathered view of the sign-in form."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme

from core.gathered import Asked, GatheredView, attempt, then
from core.origins import rejection_of
from users.auth import MAX_BODY, why_unreadable
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
    """A form on its way through the steps, which fill it in.

    A refusal stays in the form, because the form is shown again.
    """

    request: HttpRequest
    form: SignInForm
    session_key: str = ""

    @property
    def account(self) -> Player | None:
        return self.form.user_cache


def sign_in_many(asked: Sequence[Asked]) -> list[Any]:
    """Check each form; a `SigningIn` for each, or what ends its request.

    Those whose password is right have an account and a new session.
    """
    outcomes: Sequence[Any] = asked
    for step in (read_forms, find_accounts, check_passwords, take_along, open_sessions):
        outcomes = then(outcomes, step)
    return list(outcomes)


def read_forms(asked: list[Asked]) -> list[Any]:
    return [read_form(item.request) for item in asked]


def read_form(request: HttpRequest) -> SigningIn | HttpResponseBase | Exception:
    """The form; or what ends the request if it is malformed or of another site."""
    ended = why_unreadable(request) or rejection_of(request)
    return ended or SigningIn(request, SignInForm(request, request.POST))


def find_accounts(forms: list[SigningIn]) -> list[SigningIn]:
    """Look up the account of each name, if there is one: one statement."""
    keys = {signing_in.form.name_key for signing_in in forms}
    rows = Player.objects.filter(name_key__in=keys)
    accounts = {player.name_key: player for player in rows}
    for form in (signing_in.form for signing_in in forms):
        form.known = {form.name_key: accounts.get(form.name_key)}
    return forms


def check_passwords(forms: list[SigningIn]) -> list[SigningIn | Exception]:
    """Check all passwords, at most `AT_ONCE` at a time."""
    if len(forms) == 1:
        return [check_password(forms[0])]
    return list(checkers.map(check_password_and_let_go, forms))


def check_password(signing_in: SigningIn) -> SigningIn | Exception:
    try:
        signing_in.form.is_valid()
    except Exception as error:  # ends this request alone
        return error
    return signing_in


def check_password_and_let_go(signing_in: SigningIn) -> SigningIn | Exception:
    """The same in a thread of its own, which gives its connection back."""
    try:
        return check_password(signing_in)
    finally:
        connection.close()  # opened if the hash of an older algorithm was replaced


def take_along(forms: list[SigningIn]) -> list[Any]:
    """Move what each browser's guest has to the account."""
    return [attempt(take_guest_along, signing_in) for signing_in in forms]


def take_guest_along(signing_in: SigningIn) -> SigningIn:
    guest = guest_of(signing_in.request)
    if guest and signing_in.account:
        join(guest, signing_in.account, timezone.now())
    return signing_in


def open_sessions(forms: list[SigningIn]) -> list[SigningIn]:
    """Open a session for each account; end the browser's previous session."""
    proven = [signing_in for signing_in in forms if signing_in.account]
    accounts = [signing_in.account for signing_in in proven if signing_in.account]
    end(signing_in.request.session.session_key for signing_in in proven)
    for signing_in, key in zip(proven, open_for(accounts), strict=True):
        signing_in.session_key = key
    if accounts:
        note_sign_in(accounts)
    return forms


# Responses


def respond(_request: HttpRequest, signing_in: SigningIn) -> HttpResponse:
    response = lead_on(signing_in) if signing_in.account else ask_again(signing_in)
    add_never_cache_headers(response)
    return response


def lead_on(signing_in: SigningIn) -> HttpResponse:
    """Redirect to the next page; set the session's and the device's cookies."""
    assert signing_in.account
    request, account = signing_in.request, signing_in.account
    response = HttpResponseRedirect(next_page(request))
    remember(request, response, account)
    rotate_token(request)
    sign_in_by(request, signing_in.session_key, account)
    return response


def ask_again(signing_in: SigningIn) -> HttpResponse:
    """The form again, with its errors."""
    form = signing_in.form
    context = {"form": form, "sign_up": settings.SIGN_UP}
    response = render(signing_in.request, TEMPLATE, context)
    if form.refused:
        form.refused.mark(response)
    return response


def next_page(request: HttpRequest) -> str:
    """The page to redirect to: `next` if it is on this site, else the home page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, request.is_secure()
    )
    return wanted if safe else "/"


sign_in_view = GatheredView(sign_in_many, respond, MAX_BODY)
