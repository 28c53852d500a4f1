"""Every address, app by app."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt

import answers.pages
import games.pages
import games.pictures
import users.pages
from gameproject.api import api


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing of what it depends on."""
    return HttpResponse("ok\n", content_type="text/plain")


@csrf_exempt
def batch(request: HttpRequest) -> HttpResponseBase:
    """`/batch`, as the clients of the system before call it: reads only, no token."""
    return resolve("/api/batch").func(request)


urlpatterns = [
    path("", games.pages.home, name="home"),
    path("games/<slug:slug>/", games.pages.game, name="game"),
    path("games/<slug:slug>/join/", games.pages.join, name="join"),
    path("login/", users.pages.SignIn.as_view(), name="login"),
    path("logout/", users.pages.SignOut.as_view(), name="logout"),
    path("signup/", users.pages.sign_up, name="sign-up"),
    path("me/", answers.pages.mine, name="mine"),
    re_path(
        r"^media/pictures/(?P<name>[0-9a-f]{20}[^/]*\.webp)$", games.pictures.picture
    ),
    path("api/", api.urls),
    path("batch", batch),
    path("admin/", admin.site.urls),
    path("healthz", healthz),
]
