"""`manage.py audit` reports each rule when it is broken, on both databases."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from core.invariants import Finding
from gameproject.management.commands.audit import RULES
from tests.breakages import BREAKS
from tests.stack import REDIS, ROOT, Stack, fresh_database


@pytest.fixture(scope="module", params=["postgres", "sqlite"])
def quiet(
    runs_servers: None,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """A database without daphnes, whose schedulers would read altered tables."""
    folder = tmp_path_factory.mktemp("quiet")
    with ExitStack() as ends:
        url = f"sqlite:///{folder}/db.sqlite3"
        if request.param == "postgres":
            url = ends.enter_context(fresh_database())
        stack = Stack(folder, 0, DATABASE_URL=url, REDIS_URL=REDIS)
        stack.start()
        yield stack
        stack.stop()


@pytest.fixture(scope="module")
def found(quiet: Stack) -> list[bool]:
    """For each break, whether the audit reported its rule."""
    return quiet.run(
        "from tests.breakages import found_after_each_break\n"
        "out = found_after_each_break()"
    )


def reported(stack: Stack) -> dict[str, list[str]]:
    return stack.run("from tests.breakages import reported\nout = reported()")


def says(rule: Any) -> str:
    return rule.says


def test_nothing_is_reported_while_all_is_in_order(quiet: Stack) -> None:
    assert reported(quiet) == {}


@pytest.mark.parametrize("place", range(len(BREAKS)), ids=lambda i: BREAKS[i][0])
def test_broken_rule_is_reported(found: list[bool], place: int) -> None:
    assert found[place]


def test_every_rule_has_been_broken() -> None:
    assert {rule for rule, _break in BREAKS} == set(map(says, RULES))


def test_each_rule_is_one_line_with_the_rows_it_looked_at() -> None:
    [line] = Finding("all is well", 1234, "users.Player").lines()
    assert line == "ok        1,234  all is well"


def test_at_most_20_rows_are_listed_and_then_counted() -> None:
    found = Finding("all is well", 1234, "users.Player", 25, list(range(20)))
    state, rows = found.lines()
    assert state.startswith("FAIL")
    assert rows.strip().startswith("users.Player 0, 1, 2,")
    assert rows.endswith("18, 19 and 5 more: 25 in all")


def test_what_staff_said_yes_to_is_told_and_no_fault() -> None:
    found = Finding(
        "all is well",
        1234,
        "games.Code",
        accepted=21,
        accepted_rows=list(range(20)),
    )
    state, rows = found.lines()
    assert state.startswith("ok")
    assert rows.strip().startswith("games.Code 0, 1, 2,")
    assert rows.endswith("19 and 1 more: 21 in all, to which staff said yes")


def test_code_in_two_pools_is_told_once_staff_said_yes(quiet: Stack) -> None:
    lines = quiet.run(
        "from django.db import transaction\n"
        "from games.invariants import RULES\n"
        "from tests.breakages import World\n"
        "with transaction.atomic():\n"
        "    world = World()\n"
        "    world.item.pool.add(['V1'], {'V1': 1})\n"
        "    found = [rule.check() for rule in RULES]\n"
        "    transaction.set_rollback(True)\n"
        "out = [one.lines() for one in found if one.accepted or one.broken]"
    )
    [(state, rows)] = lines
    assert "no code stands in two pools, unless staff said yes" in state
    assert state.startswith("ok")
    assert rows.endswith("1 in all, to which staff said yes")


def test_code_that_stood_in_two_pools_before_is_reported(quiet: Stack) -> None:
    """The migration keeps such codes; it does not accept them for staff."""
    quiet.manage("migrate", "games", "0004", "-v0")
    quiet.run(
        "from django.db import connection\n"
        "game = Game.objects.create(slug='old', kind='puzzle', title='-')\n"
        "pools = [game.pools.create(name=name).pk for name in 'ABC']\n"
        "with connection.cursor() as cursor:\n"
        "    for pool in pools:\n"
        "        for text in ('DUP-1', f'OWN-{pool}'):\n"
        "            cursor.execute('INSERT INTO games_code (pool_id, text)'\n"
        "                           ' VALUES (%s, %s)', [pool, text])"
    )
    quiet.manage("migrate", "-v0")
    rule = "no code stands in two pools, unless staff said yes"
    assert quiet.run(
        "out = list(Code.objects.order_by('pk').values_list('text', 'repeat'))"
    )[::2] == [["DUP-1", 0], ["DUP-1", -1], ["DUP-1", -2]]
    assert "3 in all" in reported(quiet)[rule][1]
    quiet.run("Code.objects.accept()")
    assert rule not in reported(quiet)
    quiet.run(
        "Code.objects.filter(pool__game__slug='old').delete()\n"
        "Pool.objects.filter(game__slug='old').delete()\n"
        "Game.objects.filter(slug='old').delete()"
    )


# As deployers run it


@pytest.fixture
def laptop(runs_servers: None, tmp_path: Path) -> dict[str, str]:
    """The environment of a process with a new database."""
    env = {**os.environ, "DATA_DIR": str(tmp_path)}
    env["DATABASE_URL"] = f"sqlite:///{tmp_path}/db.sqlite3"
    manage(env, "migrate", "-v0")
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as database:
        database.executemany(
            "INSERT INTO users_player (password, is_superuser, name, is_guest, status, "
            "is_staff, joined_at, coins) VALUES ('', 0, ?, 1, 'active', 0, 0, 0)",
            [(f"Guest {number}",) for number in range(25)],
        )
        database.commit()
    return env


def manage(env: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "manage.py", *words]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True)


def test_clean_database_passes(laptop: dict[str, str]) -> None:
    done = manage(laptop, "audit")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert "ok           25  every balance is the sum of its coin entries" in lines
    assert len(lines) == len(RULES)


def test_broken_database_fails_and_the_rows_are_listed(laptop: dict[str, str]) -> None:
    with closing(sqlite3.connect(f"{laptop['DATA_DIR']}/db.sqlite3")) as database:
        database.execute("DROP TRIGGER coins_are_the_sum")
        database.execute("UPDATE users_player SET coins = 1")
        database.commit()
    done = manage(laptop, "audit")
    assert done.returncode == 1
    assert "FAIL         25  every balance is the sum of its coin" in done.stdout
    assert "users.Player 1, 2, 3, 4, 5, 6, 7" in done.stdout
    assert "20 and 5 more: 25 in all" in done.stdout
    assert "without coins_are_the_sum" in done.stdout
    assert f"2 of {len(RULES)} rules are broken" in done.stderr


# In use


def test_audit_waits_for_no_writer(stack: Stack) -> None:
    broken = stack.run(
        "import threading\n"
        "from django.db import connection, transaction\n"
        "from gameproject.management.commands.audit import audit\n"
        "writing, over = threading.Event(), threading.Event()\n"
        "def write():\n"
        "    with transaction.atomic():\n"
        "        Player.objects.create_guest('Bob')\n"
        "        writing.set()\n"
        "        over.wait(60)\n"
        "    connection.close()\n"
        "writer = threading.Thread(target=write)\n"
        "writer.start()\n"
        "writing.wait(60)\n"
        "players = Player.objects.count()\n"
        "try: found = audit()\n"
        "finally: over.set(); writer.join()\n"
        "assert Player.objects.count() == players + 1\n"
        "seen = [one.checked for one in found if one.says.startswith('no balance')]\n"
        "assert seen == [players], seen\n"
        "out = [one.says for one in found if one.broken]"
    )
    assert broken == []


def test_audit_sees_one_moment_and_changes_nothing(on_postgres: Stack) -> None:
    error = on_postgres.run(
        "from django.db import InternalError\n"
        "from gameproject.management.commands.audit import moment\n"
        "try:\n"
        "    with moment(): Player.objects.create_guest('Bob')\n"
        "except InternalError as refused: out = str(refused)"
    )
    assert "read-only transaction" in error
