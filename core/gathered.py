"""Views that answer many requests at once, and how one of them is a view of Django's.

A gathered view works out the outcome of each request: a value; or the exception or the
response that ends it. Texts are made in `respond`, in the language of its request.
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
    """A request, with the slug of its address. Its `user` is known already."""

    request: HttpRequest
    slug: str = ""


@dataclass(frozen=True)
class GatheredView:
    """`many` gives the outcome of each request, in their order.

    If it raises, it has changed nothing. Of a body no more than `max_body` bytes, and
    one, are kept: what is longer the view refuses.
    """

    many: Callable[[Sequence[Asked]], Sequence[Any]]
    respond: Callable[[HttpRequest, Any], HttpResponseBase]
    max_body: int

    def alone(self, request: HttpRequest, slug: str = "") -> HttpResponseBase:
        """The same for one request, as a view of Django's."""
        [outcome] = self.many([Asked(request, slug)])
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, HttpResponseBase):
            return outcome
        return self.respond(request, outcome)


def then(
    outcomes: Sequence[Any], many: Callable[[list[Any]], Sequence[Any]]
) -> list[Any]:
    """The next step of those outcomes that aren't the end; the others stay.

    What makes the step fail is the outcome of its own item alone. The steps before it
    aren't repeated for that: they may have counted something.
    """
    good = [one for one in outcomes if not isinstance(one, ENDED)]
    results = iter(isolate(many, good) if good else ())
    return [one if isinstance(one, ENDED) else next(results) for one in outcomes]


def isolate(many: Callable[[Any], Sequence[Any]], items: Sequence[Any]) -> list[Any]:
    """The results of one call for all items; of one that makes it fail, the exception.

    A call that fails has kept nothing, and each half is tried again: so one bad item
    fails alone, whatever it raises. In an outage all fail, and nothing is repeated.
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
    """What a call returns, or the refusal or 404 that it raises."""
    try:
        return call(*args)
    except (Refused, Http404) as error:
        return error
