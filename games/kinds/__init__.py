"""The kinds of game, one module each. They are found by their file names."""

import importlib
import pkgutil
from functools import cache

from games.kinds.base import Kind


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by name, in the order of their file names."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "base"
    )
    return {module.KIND.name: module.KIND for module in modules}


def kind_named(name: str) -> Kind:
    """The kind of that name; `KeyError` if there is none."""
    return kinds()[name]
