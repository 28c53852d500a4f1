"""Many reads for many askers together: one round trip to the cache, at most one
statement per type. One item costs as much as fifty for each of many askers.

Items missing in the cache take a few more round trips. `mine` takes the statements of
a welcome per game. No type returns more than its own route.
"""

import logging
from collections.abc import Sequence
from functools import partial

from batch.askers import Asker, Data, Items, ReadRequest
from batch.readers import READERS
from core import metrics
from core.cache import Key
from core.caching import CacheBatch, get_or_compute_many
from core.gathered import isolate
from core.refusals import STATUS, Refused
from users.models import Player

__all__ = ["ReadRequest", "read_many", "result_of"]

logger = logging.getLogger(__name__)

Reply = dict[ReadRequest, Data | Refused]


def read_many(
    asked: Sequence[tuple[Sequence[ReadRequest], Player | None]],
) -> list[Reply]:
    """For each asker, in order: the data or the refusal of each of their items.

    Items that several askers ask for are one object in all their replies: don't change
    them.
    """
    askers = [Asker.of(requests, player) for requests, player in asked]
    return get_or_compute_many(keys_of(askers), partial(read, askers))


def keys_of(askers: Sequence[Asker]) -> list[Key]:
    """The cache keys of all items that the askers ask for."""
    return [key for reader in READERS.values() for key in reader.keys(askers)]


def read(askers: Sequence[Asker], cached: CacheBatch) -> list[Reply]:
    replies: list[Reply] = [{} for _asker in askers]
    for type_ in dict.fromkeys(type_ for asker in askers for type_ in asker.ids):
        places = [place for place, asker in enumerate(askers) if type_ in asker.ids]
        items = read_type(type_, [askers[place] for place in places], cached)
        for place, own in zip(places, items):
            replies[place] |= {ReadRequest(type_, id_): own[id_] for id_ in own}
    return replies


def read_type(type_: str, askers: Sequence[Asker], cached: CacheBatch) -> list[Items]:
    """Each asker's items of one type.

    An unexpected error affects only this type, and only the askers who cause it.
    """
    outcomes = isolate(partial(READERS[type_].read, cached), askers)
    return [
        failed(type_, asker, items) if isinstance(items, Exception) else items
        for asker, items in zip(askers, outcomes)
    ]


def failed(type_: str, asker: Asker, error: Exception) -> Items:
    """Log and count the error; `server_error` for each of the asker's items."""
    logger.error("Items of a batch could not be read: %s", type_, exc_info=error)
    metrics.failures.labels("batch").inc()
    return dict.fromkeys(asker.ids[type_], Refused("server_error"))


def result_of(request: ReadRequest, outcome: Data | Refused) -> Data:
    """One item of the reply: `type`, `id`, `status`, and `data` or `error`."""
    item = {"type": request.type, "id": request.id}
    if isinstance(outcome, Refused):
        return {**item, "status": STATUS[outcome.code], "error": outcome.body()}
    return {**item, "status": 200, "data": outcome}
