"""Modules as text: where they stand, and what they import."""

import ast
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent


def imported_by(path: Path) -> set[str]:
    """Every module named in the imports of a file of ours."""
    package = path.relative_to(ROOT).parent.parts
    return imported_in(path.read_text(encoding="utf-8"), package)


def imported_in(source: str, package: Sequence[str]) -> set[str]:
    """Every module named in the imports of a source in this package, also of those
    inside functions. `from games import models` names `games` and `games.models`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    return found


def belongs_to(module: str, package: str) -> bool:
    """Whether a module is the package or stands inside it."""
    return module == package or module.startswith(f"{package}.")
