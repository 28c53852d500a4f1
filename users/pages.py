"""The pages to sign in, sign out and sign up."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LogoutView
from django.forms import BaseForm
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.origins import from_our_page_or_token
from core.rate_limits import take_for_address
from core.refusals import Refused
from core.shared_pages import get_or_render, page_key, respond
from users.devices import remember
from users.guests import guest_of
from users.models import Player
from users.renewal import forget_cookies
from users.signin import SignInForm, SignUpForm
from users.signing_in import TEMPLATE, next_page, sign_in_view

TEMPLATES = {"/login/": TEMPLATE, "/signup/": "users/sign_up.html"}


@csrf_exempt
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponseBase:
    """Sign in. The form is the same bytes for everybody, signed in or not."""
    if request.method == "POST":
        return sign_in_view.alone(request)
    return shared_form(request, "/login/", SignInForm(), {"sign_up": settings.SIGN_UP})


class SignOut(LogoutView):
    """Also deletes the cookies by which shared pages see that somebody is signed in."""

    next_page = "/"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = super().post(request, *args, **kwargs)
        forget_cookies(response)
        return response


@from_our_page_or_token
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponseBase:
    """Make an account and sign in, if the site has open sign-up."""
    if not settings.SIGN_UP:
        raise Http404
    if request.method != "POST":
        return shared_form(request, "/signup/", SignUpForm(), {})
    return open_and_sign_in(request)


@never_cache
def open_and_sign_in(request: HttpRequest) -> HttpResponse:
    """Handles the sent form: an account and its session, or the form with errors."""
    form = SignUpForm(request.POST)
    try:
        player = make_account(request, form)
    except Refused as refused:
        form.add_error(None, str(refused.detail))
        page = ask_again(request, form)
        refused.mark(page)
        return page
    if player is None:
        return ask_again(request, form)
    login(request, player, "django.contrib.auth.backends.ModelBackend")
    response = HttpResponseRedirect(next_page(request))
    remember(request, response, player)
    return response


def make_account(request: HttpRequest, form: SignUpForm) -> Player | None:
    """The new account; None if the form has errors."""
    if not form.is_valid():
        return None
    take_for_address(request, "sign-ups")
    return form.save_once(guest_of(request))


def ask_again(request: HttpRequest, form: SignUpForm) -> HttpResponse:
    return render(request, TEMPLATES["/signup/"], {"form": form})


def shared_form(
    request: HttpRequest, path: str, form: BaseForm, context: dict[str, Any]
) -> HttpResponse:
    """The shared page of an empty form; only its address says where to go next."""
    # Not `render(request, …)`: context processors could add a name or a token.
    key = page_key(path, "forms", settings.GAME_CACHE_SECONDS)
    page = get_or_render(
        key, lambda: render_to_string(TEMPLATES[path], {"form": form, **context})
    )
    return respond(request, page)
