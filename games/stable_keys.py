"""Stable numbers of a list's items, to which answers refer while staff edit it."""

from collections.abc import Sequence
from itertools import count


def same_texts(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """Match items of two lists: places in the new list to places in the old one.

    Items with the same text match. If equally many items are left in both lists, they
    match in their order: staff have changed their texts. Otherwise they are new items.
    """
    places = {text: place for place, text in enumerate(old)}
    same = {place: places.pop(text) for place, text in enumerate(new) if text in places}
    removed = sorted(places.values())
    added = [place for place in range(len(new)) if place not in same]
    return same | (dict(zip(added, removed)) if len(removed) == len(added) else {})


def numbered(known: Sequence[int | None], used: int) -> tuple[list[int], int]:
    """A number for each item, and how many numbers are used now.

    `known` has the numbers that items keep. The others get new ones, from `used` on.
    """
    fresh = count(used)
    numbers = [next(fresh) if number is None else number for number in known]
    return numbers, max([used, *(number + 1 for number in numbers)])
