"""The JSON API: every app's routes; every error has the form of a refusal."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

import answers.api
import batch.api
import checkins.api
import games.api
import live.http  # noqa: F401 - adds the commands to the routers
import users.api
from core.refusals import Refused
from users.auth import members

api = NinjaAPI(
    title="Gameproject",
    description="What a client may ask for over HTTP. See docs/protocol.md.",
    auth=members,
    urls_namespace="api",
)
api.add_router("/games", games.api.router)
api.add_router("/users", users.api.router)
api.add_router("/answers", answers.api.router)
api.add_router("", checkins.api.router)
api.add_router("/batch", batch.api.router)


@api.exception_handler(Refused)
def _refused(request: HttpRequest, refused: Refused) -> HttpResponse:
    return refused.response()


@api.exception_handler(AuthenticationError)
def _stranger(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return Refused("not_signed_in").response()


@api.exception_handler(ValidationError)
def _unreadable(request: HttpRequest, error: ValidationError) -> HttpResponse:
    first: dict[str, Any] = error.errors[0]
    # Without "body" and the name of our parameter.
    field = ".".join(str(part) for part in first["loc"][2:] or first["loc"][-1:])
    return Refused("invalid", first["msg"], field=field).response()


@api.exception_handler(HttpError)
def _http_error(request: HttpRequest, error: HttpError) -> HttpResponse:
    codes = {400: "invalid", 401: "not_signed_in", 403: "forbidden", 404: "not_found"}
    code = codes.get(error.status_code, "invalid")
    return Refused(code, str(error)).response()
