"""Callbacks after commit; an error in one undoes nothing."""

from collections.abc import Callable
from typing import ParamSpec

from django.db import transaction

P = ParamSpec("P")


def on_commit(act: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
    """Call `act` after commit, or now without a transaction; errors are logged."""

    def call() -> None:  # Django logs its name, which a `partial` lacks
        act(*args, **kwargs)

    transaction.on_commit(call, robust=True)
