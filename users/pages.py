"""Signing in, out and up."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from users.signin import SignInForm, SignUpForm


class SignIn(LoginView):
    template_name = "users/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True
    extra_context = {"sign_up": settings.SIGN_UP}

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """A guest is signed in too, but may come to use an account."""
        super().setup(request, *args, **kwargs)
        self.redirect_authenticated_user = not getattr(request.user, "is_guest", False)


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
    following = next_page(request)
    player = form.save_once() if form.is_valid() else None
    if player:
        login(request, player, "django.contrib.auth.backends.ModelBackend")
        return redirect(following)
    context = {"form": form, "next": following}
    return render(request, "users/sign_up.html", context)


def next_page(request: HttpRequest) -> str:
    """Where to go on to: only ever a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, request.is_secure()
    )
    return wanted if safe else "/"
