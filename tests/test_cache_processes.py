"""One computation at a time, also across processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings
from django.core.cache import caches

from users.cache import drop

PROCESSES, THREADS = 4, 125

ASKER = """
import json, sys, threading
import django
django.setup()
from concurrent.futures import ThreadPoolExecutor
from django.core.cache import caches
from users.cache import kept

def compute():
    caches["strict"].incr("computed")
    return {"state": caches["strict"].get("truth")}

def ask(_place):
    together.wait(60)
    return kept("page", "game", 60, compute)["state"]

together = threading.Barrier(given := int(sys.argv[1]))
with ThreadPoolExecutor(given) as crowd:
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(list(crowd.map(ask, range(given)))), flush=True)
"""


def ask_everywhere() -> list[str]:
    """What each of 500 askers in four processes got, all asking at once."""
    askers = [
        subprocess.Popen(
            [sys.executable, "-c", ASKER, str(THREADS)],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "gameproject.settings"},
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _process in range(PROCESSES)
    ]
    for asker in askers:
        assert asker.stdout
        assert asker.stdout.readline() == "ready\n"
    for asker in askers:
        assert asker.stdin
        asker.stdin.write("\n")
        asker.stdin.flush()
    return [state for a in askers for state in json.loads(a.communicate()[0])]


def test_500_who_miss_at_once_in_four_processes_share_one_computation() -> None:
    assert "redis" in settings.CACHES["strict"]["BACKEND"]
    caches["strict"].set_many({"computed": 0, "truth": "old"})
    assert ask_everywhere() == ["old"] * PROCESSES * THREADS
    assert caches["strict"].get("computed") == 1
    caches["strict"].set("truth", "new")
    drop("game")
    assert ask_everywhere() == ["new"] * PROCESSES * THREADS
    assert caches["strict"].get("computed") == 2
