"""What the tests run on, in one place: for `pytest` alone and for every make target.

Whatever the environment names already is left as it is. `TEST_POSTGRES` and
`TEST_REDIS` name other servers than this machine's own; empty, they mean none.
"""

import os
import secrets
import shlex
import tempfile

import psycopg
import redis

POSTGRES = "postgres://gameproject_test:gameproject_test@127.0.0.1:5432"
REDIS = "redis://127.0.0.1:6379/9"
SECONDS = 3  # to reach a server; one that is stuck is as good as none


def environment() -> dict[str, str]:
    """Every variable a run needs. Its names are its own: two runs don't meet."""
    run = os.getpid()
    folder = own_folder(
        os.environ.get("DATA_DIR") or tempfile.mkdtemp(prefix="gameproject-")
    )
    given = {
        "DATA_DIR": folder,
        "SECRET_KEY": f"for-the-tests-alone-{secrets.token_hex(24)}",
        "REDIS_PREFIX": f"test-{run}",
    }
    if "DATABASE_URL" not in os.environ:
        given["DATABASE_URL"] = database_url(folder, f"gameproject_{run}")
    if "REDIS_URL" not in os.environ:
        given["REDIS_URL"] = redis_url()
    known = {name: os.environ[name] for name in given if name in os.environ}
    return {**given, **known, "DATA_DIR": folder}


def own_folder(folder: str) -> str:
    """A worker's own: two that collect static files into one spoil each other's."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    path = os.path.join(folder, worker) if worker else folder
    os.makedirs(path, exist_ok=True)
    return path


def database_url(folder: str, name: str) -> str:
    """On PostgreSQL if the tests can sign in there, else SQLite."""
    server = os.environ.get("TEST_POSTGRES", POSTGRES)
    if reaches_postgres(server):
        return f"{server}/{name}"
    return f"sqlite:///{folder}/db.sqlite3"


def redis_url() -> str:
    """Redis if one answers, else local memory."""
    url = os.environ.get("TEST_REDIS", REDIS)
    return url if reaches_redis(url) else ""


def for_a_shell() -> str:
    lines = (
        f"export {name}={shlex.quote(value)}" for name, value in environment().items()
    )
    return "\n".join(lines)


def reaches_postgres(server: str) -> bool:
    try:
        psycopg.connect(f"{server}/postgres", connect_timeout=SECONDS).close()
    except psycopg.Error:
        return False
    return True


def reaches_redis(url: str) -> bool:
    try:
        redis.Redis.from_url(url, socket_connect_timeout=SECONDS).ping()
    except (redis.RedisError, ValueError):
        return False
    return True


if __name__ == "__main__":
    print(for_a_shell())  # noqa: T201
