"""Signing in, out and up."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from core.rate_limits import take_for_address
from core.refusals import Refused
from users.devices import remember
from users.guests import guest_of, join
from users.models import Player
from users.signin import SignInForm, SignUpForm, sign_in_page


@method_decorator(sign_in_page, name="dispatch")
class SignIn(LoginView):
    template_name = "users/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True
    extra_context = {"sign_up": settings.SIGN_UP}

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """A guest is signed in too, but may come to use an account."""
        super().setup(request, *args, **kwargs)
        self.redirect_authenticated_user = not getattr(request.user, "is_guest", False)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in; what the browser's guest has goes with its player."""
        guest, account = guest_of(self.request), form.get_user()
        if guest:
            join(guest, account, timezone.now())
        return super().form_valid(form)


class SignOut(LogoutView):
    next_page = "/"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Make an account, where the site lets anybody do so, and sign in."""
    if not settings.SIGN_UP:
        raise Http404
    form = SignUpForm(request.POST or None)
    next_url = next_page(request)
    try:
        player = make_account(request, form)
    except Refused as refused:
        form.add_error(None, str(refused.detail))
        page = ask_again(request, form, next_url)
        refused.mark(page)
        return page
    if player is None:
        return ask_again(request, form, next_url)
    login(request, player, "django.contrib.auth.backends.ModelBackend")
    response = HttpResponseRedirect(next_url)
    remember(request, response, player)
    return response


def make_account(request: HttpRequest, form: SignUpForm) -> Player | None:
    """The new account; None where the form says why there is none."""
    if not form.is_valid():
        return None
    take_for_address(request, "sign-ups")
    return form.save_once(guest_of(request))


def ask_again(request: HttpRequest, form: SignUpForm, next_url: str) -> HttpResponse:
    context = {"form": form, "next": next_url}
    return render(request, "users/sign_up.html", context)


def next_page(request: HttpRequest) -> str:
    """Where to go on to: only ever a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, request.is_secure()
    )
    return wanted if safe else "/"
