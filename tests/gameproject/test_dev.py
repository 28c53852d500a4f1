"""`make dev`: a change of the code shows on the page without a command."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.stack import ROOT, free_port, wait_until_served

NOT_CODE = shutil.ignore_patterns(".*", "var", "tests", "docs", "*.pyc", "*.mo")
OF_DEV = {"DEBUG": "true", "GAME_CACHE_SECONDS": "0", "REDIS_URL": ""}


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the code that the test may change."""
    return shutil.copytree(ROOT, tmp_path / "code", ignore=NOT_CODE)


@pytest.fixture
def site(runs_servers: None, code: Path, tmp_path: Path) -> Iterator[str]:
    """The address at which the copy is served."""
    data = f"sqlite:///{tmp_path}/db.sqlite3"
    env = {**os.environ, **OF_DEV, "DATA_DIR": str(tmp_path), "DATABASE_URL": data}
    port = str(free_port())
    command = [sys.executable, "manage.py", "play", "--reload", "127.0.0.1", port]
    serving = subprocess.Popen(
        command, cwd=code, env=env, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_until_served(int(port))
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(serving.pid, 15)
        serving.wait(20)


def change(file: Path, before: str, after: str) -> None:
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def wait_until_said(address: str, text: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if text in urlopen(address).read().decode():
                return
        except (URLError, ConnectionError):
            pass  # between the end of one process and the start of the next
        time.sleep(0.05)
    raise TimeoutError(f"{address} never said {text}")


def test_changed_code_template_and_script_are_served(code: Path, site: str) -> None:
    game = f"{site}/games/quiz/"
    wait_until_said(game, "The two-minute quiz")
    change(
        code / "templates/games/game.html",
        "{% block main %}",
        "{% block main %}A new line",
    )
    wait_until_said(game, "A new line")
    change(code / "static/js/game.js", "import", "// A new line\nimport")
    wait_until_said(f"{site}/static/js/game.js", "A new line")
    change(code / "gameproject/urls.py", '"ok\\n"', '"well\\n"')
    wait_until_said(f"{site}/healthz", "well")


def test_no_reload_without_debug(tmp_path: Path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DEBUG": "false"}
    done = subprocess.run(
        [sys.executable, "manage.py", "play", "--reload"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "make dev" in done.stderr
