"""Numbers that parts of a list keep while staff edit it: answers refer to them."""

from collections.abc import Sequence
from itertools import count


def same_texts(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """For places in the new list, the place in the old that is the same thing.

    First those with the same text. Of the rest, if equally many are left on both sides,
    each is a new text for the one at its turn; otherwise they are other things.
    """
    places = {text: place for place, text in enumerate(old)}
    found = {
        place: places.pop(text) for place, text in enumerate(new) if text in places
    }
    gone = sorted(places.values())
    come = [place for place in range(len(new)) if place not in found]
    return found | (dict(zip(come, gone)) if len(gone) == len(come) else {})


def numbered(kept: Sequence[int | None], used: int) -> tuple[list[int], int]:
    """A number for each part, and how many were ever used: new ones get new ones."""
    fresh = count(used)
    numbers = [next(fresh) if number is None else number for number in kept]
    return numbers, max([used, *(number + 1 for number in numbers)])
