"""What is done once a change is committed, and can't undo it by failing."""

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def on_commit(act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call it on commit; the log has what it raises, and the change stands."""

    def call() -> None:  # Django names it in the log, which a `partial` has no name for
        act(*args, **kwargs)

    transaction.on_commit(call, robust=True)
