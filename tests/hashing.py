"""A stack in which passwords are hashed only when a test lets them be."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from core.slots import Slots
from tests.stack import Stack
from users.hashers import AT_ONCE


@contextmanager
def nobody_hashes(stack: Stack) -> Iterator[None]:
    """Every slot of the machine's is ours."""
    slots = Slots(Path(stack.env["DATA_DIR"]) / "hashing", AT_ONCE)
    with ExitStack() as held:
        for place in range(AT_ONCE):
            held.enter_context(slots.hold(place))
        yield
