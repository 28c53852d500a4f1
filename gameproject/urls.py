"""Every URL, app by app, and the error views."""

from django.contrib import admin
from django.core.exceptions import (
    RequestDataTooBig,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path, re_path, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.defaults import page_not_found, server_error

import answers.pages
import games.pages
import games.pictures
import live.joining
import users.pages
from core import metrics
from core.refusals import Refused
from gameproject.api import api
from gameproject.bare import API_PATHS
from gameproject.ops import metrics_view
from gameproject.ops.readiness import readyz

TOO_MUCH = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def healthz(request: HttpRequest) -> HttpResponse:
    """Liveness: the process responds. Says nothing about what it depends on."""
    return HttpResponse("ok\n", content_type="text/plain")


@csrf_exempt
def batch(request: HttpRequest) -> HttpResponseBase:
    """`/batch`, for clients of the previous system: reads only, so no CSRF token."""
    return resolve("/api/batch").func(request)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404, as JSON or as a page, by the path."""
    if request.path.startswith(API_PATHS):
        return Refused("not_found").response()
    leave_form_unread(request)
    return page_not_found(request, exception)


def unreadable(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """A request that Django can't parse, such as one with too many fields."""
    refused = Refused("too_large" if isinstance(exception, TOO_MUCH) else "invalid")
    if request.path.startswith(API_PATHS):
        return refused.response()
    page = render(None, "refused.html", refused.body())
    refused.mark(page)
    return page


def failed(request: HttpRequest) -> HttpResponseBase:
    """500: an error in our own code, which Django has logged."""
    metrics.failures.labels("http").inc()
    if request.path.startswith(API_PATHS):
        return Refused("server_error").response()
    leave_form_unread(request)
    return server_error(request)


def leave_form_unread(request: HttpRequest) -> None:
    """Django's error pages look for a CSRF token in the form, and fail if it is bad."""
    request.csrf_processing_done = True  # type: ignore[attr-defined]


handler400, handler404, handler500 = unreadable, not_found, failed

urlpatterns = [
    path("", games.pages.home, name="home"),
    path("games/<game:slug>/", games.pages.game, name="game"),
    path("games/<game:slug>/join/", live.joining.join, name="join"),
    path("login/", users.pages.sign_in, name="login"),
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
    path("readyz", readyz),
    path("metrics", metrics_view.metrics),
]
