"""Views that answer many requests in one call; each also works as a Django view.

Such a view gives an outcome per request: a value for `respond`, or the exception or
the response that ends the request. `respond` makes its texts, in its language.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase

from core.outages import OUTAGES
from core.refusals import Refused

ENDED = (Exception, HttpResponseBase)


@dataclass(frozen=True)
class Asked:
    """A request with its `user`, and the slug in its path."""

    request: HttpRequest
    slug: str = ""


@dataclass(frozen=True)
class GatheredView:
    """`many` gives the outcome of each request, in their order.

    If it raises, it has changed nothing. Of a request's body at most `max_body` + 1
    bytes are read: with that byte the view knows that the body is too long.
    """

    many: Callable[[Sequence[Asked]], Sequence[Any]]
    respond: Callable[[HttpRequest, Any], HttpResponseBase]
    max_body: int

    def alone(self, request: HttpRequest, slug: str = "") -> HttpResponseBase:
        """The same for one request, as a Django view."""
        [outcome] = self.many([Asked(request, slug)])
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, HttpResponseBase):
            return outcome
        return self.respond(request, outcome)


def then(
    outcomes: Sequence[Any], many: Callable[[list[Any]], Sequence[Any]]
) -> list[Any]:
    """Replace each outcome that is a value by its result of the next step, `many`.

    An item that makes the step fail gets the exception as its outcome. Earlier steps
    aren't repeated, as they may have counted something.
    """
    values = [outcome for outcome in outcomes if not isinstance(outcome, ENDED)]
    results = iter(isolate(many, values) if values else ())
    return [
        outcome if isinstance(outcome, ENDED) else next(results) for outcome in outcomes
    ]


def isolate(many: Callable[[Any], Sequence[Any]], items: Sequence[Any]) -> list[Any]:
    """The results of one call for all items; an item that makes it fail, its exception.

    A call that fails must have changed nothing. Then each half is tried again, so that
    one bad item fails alone. An outage (`OUTAGES`) is raised for all, without retry.
    """
    try:
        return list(many(items))
    except OUTAGES:
        raise
    except Exception as error:
        if len(items) == 1:
            return [error]
    half = len(items) // 2
    return [*isolate(many, items[:half]), *isolate(many, items[half:])]


def attempt(call: Callable[..., Any], *args: Any) -> Any:
    """The result of a call, or the `Refused` or `Http404` that it raised."""
    try:
        return call(*args)
    except (Refused, Http404) as error:
        return error
