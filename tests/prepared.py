"""What every stack begins with: made once in a run by the product, copied from then on.

A database is migrated and static files are collected in seconds, and copied in a tenth
of one. Stacks are started some twenty times.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import psycopg
from django.conf import settings

ROOT = Path(__file__).parent.parent
POSTGRES = os.environ.get("DATABASE_URL", "")


def manage(*words: str, **env: str) -> None:
    """Run a command of the product, in the tests' environment but for `env`."""
    subprocess.run(
        [sys.executable, "manage.py", *words],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "gameproject.settings", **env},
        cwd=ROOT,
        check=True,
    )


def copy_static_files(folder: Path) -> None:
    """Those that `collectstatic` gathered when the tests began."""
    shutil.copytree(settings.STATIC_ROOT, folder)


def copy_sqlite(path: Path) -> None:
    """A migrated SQLite database, unless there is one."""
    if not path.exists():
        shutil.copyfile(_migrated_sqlite(), path)


@contextmanager
def fresh_database() -> Iterator[str]:
    """The URL of a migrated, empty database on the tests' PostgreSQL; it is dropped."""
    name = f"stack_{uuid4().hex[:12]}"
    _order(f"CREATE DATABASE {name} TEMPLATE {_migrated_postgres()}")
    yield _url(name)
    _order(f"DROP DATABASE {name} WITH (FORCE)")


def drop_originals() -> None:
    """At the end of a run; what lies in the tests' folder goes with it."""
    if _migrated_postgres.cache_info().currsize:
        _order(f"DROP DATABASE {_migrated_postgres()} WITH (FORCE)")


@cache
def _migrated_sqlite() -> Path:
    path = Path(os.environ["DATA_DIR"]) / f"migrated-{uuid4().hex[:12]}.sqlite3"
    manage("migrate", "-v0", DATABASE_URL=f"sqlite:///{path}", REDIS_URL="")
    return path


@cache
def _migrated_postgres() -> str:
    name = f"migrated_{uuid4().hex[:12]}"
    _order(f"CREATE DATABASE {name}")
    manage("migrate", "-v0", DATABASE_URL=_url(name))
    return name


def _url(name: str) -> str:
    server, _slash, _name = POSTGRES.rpartition("/")
    return f"{server}/{name}"


def _order(statement: str) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True) as postgres:
        postgres.execute(statement)
