"""Many reads answered together, for many askers: one trip to the cache, and at most one
query a type. It costs as much for one item of one asker as for fifty of each of many.

What is missing in the cache takes a few trips more. `mine` takes the statements of a
welcome for each game. No type gives more than its own route would.
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
    """For each asker, in their order: the data or the refusal of each of their items.

    What several askers ask for is read once, and stands in each of their replies: treat
    it as read-only.
    """
    askers = [Asker.of(requests, player) for requests, player in asked]
    return get_or_compute_many(keys_of(askers), partial(read, askers))


def keys_of(askers: Sequence[Asker]) -> list[Key]:
    """Where the cache may have what these ask for."""
    return [key for reader in READERS.values() for key in reader.keys(askers)]


def read(askers: Sequence[Asker], cached: CacheBatch) -> list[Reply]:
    replies: list[Reply] = [{} for _asker in askers]
    for type_ in dict.fromkeys(type_ for asker in askers for type_ in asker.ids):
        places = [place for place, asker in enumerate(askers) if type_ in asker.ids]
        items = read_type(type_, [askers[place] for place in places], cached)
        for place, found in zip(places, items):
            replies[place] |= {ReadRequest(type_, id_): found[id_] for id_ in found}
    return replies


def read_type(type_: str, askers: Sequence[Asker], cached: CacheBatch) -> list[Items]:
    """The items of one type; a bug of ours there spoils neither other types nor those
    of other askers who don't meet it."""
    found = isolate(partial(READERS[type_].read, cached), askers)
    return [
        failed(type_, asker, items) if isinstance(items, Exception) else items
        for asker, items in zip(askers, found)
    ]


def failed(type_: str, asker: Asker, error: Exception) -> Items:
    logger.error("Items of a batch could not be read: %s", type_, exc_info=error)
    metrics.failures.labels("batch").inc()
    return dict.fromkeys(asker.ids[type_], Refused("server_error"))


def result_of(wanted: ReadRequest, found: Data | Refused) -> Data:
    """One item of the reply."""
    said = {"type": wanted.type, "id": wanted.id}
    if isinstance(found, Refused):
        return {**said, "status": STATUS[found.code], "error": found.body()}
    return {**said, "status": 200, "data": found}
