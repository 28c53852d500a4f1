"""Everybody at every door of the rehearsal is counted, and nothing is left behind."""

import json
from pathlib import Path
from typing import Any

from tests.fronted import Fronted
from tests.gameproject.test_loadtest import (
    PLAYERS,
    check_report,
    left_behind,
    rehearse,
)

DOORS = {
    "join",
    "socket",
    "stranger's arrival",
    "home page",
    "sign-in page",
    "sign-up page",
    "one game as JSON",
    "all games as JSON",
    "home, signed in",
    "own page",
    "batch",
    "answers over HTTP",
    "check-ins",
    "check-ins over HTTP",
    "join another game",
    "sign-ins",
    "sign-ins meanwhile",
    "answers while all sign in",
}


def promises_of(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["promise"]: one for one in found["promises"]}


def test_everybody_comes_in_at_every_door(fronted: Fronted, tmp_path: Path) -> None:
    before = left_behind(fronted)
    page = tmp_path / "report.html"
    done = rehearse(fronted, "--json", "--doors", "--report", str(page))
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)

    promises = promises_of(found)
    for door in DOORS:
        promise = promises[f"{door}: everybody"]
        assert promise["measured"] == str(PLAYERS), promise
        assert found["phases"][door]["let_in"]["count"] == PLAYERS
        assert found["phases"][door]["outcomes"] == {"in": PLAYERS}
    assert promises["guests: none made twice"]["measured"] == str(2 * PLAYERS)
    rewards = promises["check-ins: a reward each"]
    assert rewards["measured"] == f"{PLAYERS} done, {PLAYERS} given"
    assert found["phases"]["admin meanwhile"]["let_in"]["count"]
    assert left_behind(fronted) == before
    assert not fronted.logged_errors()
    check_report(page.read_text(), plots=8)
