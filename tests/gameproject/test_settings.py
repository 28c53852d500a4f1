"""Settings: one file, each variable read once and documented, refused by name."""

import os
import re
import subprocess
import sys

import pytest

from tests.modules import ROOT

READ = re.findall(
    r'env\.\w+\(\s*"(\w+)"', (ROOT / "gameproject/settings.py").read_text()
)
EXPLAINED = re.findall(
    r"^#?([A-Z_]+)=", (ROOT / "deploy/env.example").read_text(), re.M
)


def start(**env: str) -> subprocess.CompletedProcess[str]:
    """Start the project with nothing but these variables."""
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        env={"PATH": os.environ["PATH"], "DATA_DIR": "/nonexistent-but-unused", **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )


def test_each_variable_is_read_once() -> None:
    assert len(READ) == len(set(READ))
    others = [
        path
        for folder in ROOT.iterdir()
        if folder.name not in ("tests", ".venv")
        for path in folder.glob("**/*.py")
        if path.name not in ("asgi.py", "settings.py")
        and re.search(r"\benviron\b", path.read_text())
    ]
    assert others == []


def test_each_variable_is_explained_and_no_other() -> None:
    assert sorted(READ) == sorted(EXPLAINED)


@pytest.mark.parametrize("key", ["", "short", "for-development-only-never-on-a-server"])
def test_no_start_without_a_secret_of_ones_own(key: str) -> None:
    process = start(SECRET_KEY=key, DATABASE_URL="postgres://x@y/z")
    assert process.returncode != 0
    assert "SECRET_KEY is missing" in process.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("DB_POOL_MAX", "many"), ("LIMIT_ANSWERS", "lots")]
)
def test_unreadable_value_stops_the_start_by_name(name: str, value: str) -> None:
    good = {"SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://x@y/z"}
    process = start(**{**good, name: value})
    assert process.returncode != 0
    assert name in process.stderr


def test_more_pages_at_once_than_connections_stop_the_start() -> None:
    good = {"SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://x@y/z"}
    process = start(**good, DB_POOL_MAX="30", PAGES_AT_ONCE="11")
    assert "PAGES_AT_ONCE is more than DB_POOL_MAX leaves room for" in process.stderr
    assert "PAGES_AT_ONCE" not in start(**good, DB_POOL_MAX="30").stderr


def test_https_origins_make_cookies_secure() -> None:
    code = (
        "from django.conf import settings as s;"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT)"
    )
    process = subprocess.run(
        [sys.executable, "-c", code],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "gameproject.settings",
            "PUBLIC_ORIGINS": "https://play.example",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert process.stdout.split() == ["True", "True", "True"]
