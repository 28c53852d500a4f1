"""The closed list of refusals: code, HTTP status and text.

It is in the lowest app because every app refuses with these codes.
"""

from typing import Any

from django.http import HttpResponseBase, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

STATUS = {
    "invalid": 400,
    "not_signed_in": 401,
    "not_eligible": 403,
    "forbidden": 403,
    "not_found": 404,
    "not_open": 409,
    "paused": 409,
    "closed": 409,
    "no_attempts_left": 409,
    "sold_out": 409,
    "not_enough_coins": 409,
    "previous_day_missing": 409,
    "all_days_done": 409,
    "limit_reached": 409,
    "won_here": 409,
    "too_large": 413,
    "rate_limited": 429,
    "server_error": 500,
    "unavailable": 503,
}

DETAILS: dict[str, str | Promise] = {
    "invalid": _("That isn’t valid. Check it, then try again."),
    "not_signed_in": _("Sign in or choose a nickname to play."),
    "not_eligible": _("This game isn’t open to you."),
    "forbidden": _("You can’t see or change this."),
    "not_found": _("We couldn’t find that."),
    "not_open": _("The game hasn’t opened yet."),
    "paused": _("The game is paused. Try again in a moment."),
    "closed": _("The game is closed."),
    "no_attempts_left": _("You have no attempts left."),
    "sold_out": _("This item is sold out."),
    "not_enough_coins": _("You don’t have enough coins."),
    "previous_day_missing": _("Check in for the day before first."),
    "all_days_done": _("You have checked in on every day."),
    "limit_reached": _("You’ve reached the limit for this item."),
    "won_here": _(
        "Another player has already won a prize of this game in this browser, so you "
        "can’t win one here. If you share the device, ask the staff."
    ),
    "too_large": _("That is too large."),
    "rate_limited": _("That was too fast. Wait a moment, then try again."),
    "server_error": _("Something went wrong on our side. It isn’t your fault."),
    "unavailable": _("We’re busy. Try again in a moment."),
}


class Refused(Exception):
    """A request is refused and changes nothing.

    `code` is a key of `STATUS`; `detail` is the text for people, by default that of
    the code; `field` names the wrong part of the request; `retry_after` is in seconds;
    `more` are further fields of the reply.
    """

    def __init__(
        self,
        code: str,
        detail: str | Promise = "",
        *,
        field: str = "",
        retry_after: int = 0,
        **more: Any,
    ) -> None:
        assert code in STATUS
        self.code = code
        self.detail = detail or DETAILS[code]
        self.field = field
        self.retry_after = retry_after
        self.more = more
        super().__init__(code)

    def body(self) -> dict[str, Any]:
        """`code`, `detail` and further fields; `field`, `retry_after` if set."""
        body: dict[str, Any] = {"code": self.code, "detail": str(self.detail)}
        body |= self.more
        if self.field:
            body["field"] = self.field
        if self.retry_after:
            body["retry_after"] = self.retry_after
        return body

    def response(self) -> JsonResponse:
        response = JsonResponse({"error": self.body()})
        self.mark(response)
        return response

    def mark(self, response: HttpResponseBase) -> None:
        """Set the status and the headers of this refusal on a response."""
        response.status_code = STATUS[self.code]
        if self.retry_after:
            response.headers["Retry-After"] = str(self.retry_after)
        response.headers["Cache-Control"] = "private, no-store"
