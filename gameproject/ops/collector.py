"""Python's garbage collector, made to come seldom."""

import gc

# New objects before each generation of them is looked through for garbage.
COLLECT_EVERY = (200_000, 5, 5)


def collect_seldom() -> None:
    """Spare a rush the pauses of Python's collector. Called once all is loaded.

    What was loaded stays, so that it need not be gone through: that halted a process
    for a tenth of a second, several times in a second of handshakes.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)
