"""Each variable is checked at the start; an error for a bad value names it."""

import os
import runpy
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from tests.gameproject.test_settings import READ, ROOT

GOOD = {"SECRET_KEY": "x" * 50, "DATABASE_URL": "postgres://x@y/z"}
RATES = ["lots", "50/1m,", "50/1 m", "0/5m", "-1/s", "50", ""]
COUNTS = ["0", "-5", "many", "1.5", ""]
SWITCHES = ["perhaps", "2", ""]
BAD = {
    "DATA_DIR": ["/dev/null/x"],
    "DEBUG": SWITCHES,
    "SECRET_KEY": ["", "short", "for-development-only-never-on-a-server"],
    "SECRET_KEY_FALLBACKS": ["short"],
    "ALLOWED_HOSTS": ["", "https://play.example", "play.example/", "a b", "a;b"],
    "PUBLIC_ORIGINS": ["play.example.com", "https://play.example.com/", "https://"],
    "TRUST_PROXY": SWITCHES,
    "HSTS_SECONDS": ["-1", "long"],
    "CDN_URL": ["cdn.example", "https://cdn.example; script-src *", "https://a b"],
    "DATABASE_URL": ["nonsense", "mysql://x@y/z", "https://x/y", ""],
    "DB_POOL_MIN": ["-1", "many", "51"],
    "DB_POOL_MAX": [*COUNTS, "4"],
    "DB_POOL_IDLE_SECONDS": COUNTS,
    "DB_POOL_TIMEOUT_SECONDS": COUNTS,
    "DB_POOL_WAITING": COUNTS,
    "REDIS_URL": ["localhost:6379", "http://localhost", "redis://"],
    "REDIS_PREFIX": ["", "a b", "a:*"],
    "SOCKET_THREADS": COUNTS,
    "PAGES_AT_ONCE": COUNTS,
    "GAME_CACHE_SECONDS": COUNTS[1:],
    "USER_CACHE_SECONDS": COUNTS[1:],
    "PASSWORD_MIN_LENGTH": [*COUNTS, "129"],
    "SESSION_DAYS": [*COUNTS, "100000"],
    "SIGN_UP": SWITCHES,
    "NICKNAME_BLOCKLIST": ["bad,,worse", "bad, "],
    "SIGN_IN_FAILURES_ACCOUNT": RATES,
    "SIGN_IN_FAILURES_ADDRESS": RATES,
    "LIMIT_GAME": RATES,
    "LIMIT_GAMES": RATES,
    "LIMIT_ANSWERS": RATES,
    "LIMIT_CHECKINS": RATES,
    "LIMIT_USER": RATES,
    "VENUE_SIZE": COUNTS,
    "LIMIT_JOINS": RATES,
    "LIMIT_SIGN_UPS": RATES,
    "LIMIT_BATCHES": RATES,
    "SOCKETS_PER_SESSION": COUNTS,
    "SOCKETS_PER_ADDRESS": COUNTS,
    "METRICS_TOKEN": ["guess"],
    "LANGUAGE_CODE": ["", "english", "xx"],
    "TIME_ZONE": ["", "Bangkok", "../etc/passwd"],
    "LOG_LEVEL": ["loud", "", "info "],
}


def read_settings(monkeypatch: pytest.MonkeyPatch, **env: str) -> dict[str, Any]:
    """The settings with nothing but these variables, by name."""
    for name in os.environ:
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(ROOT / "gameproject/settings.py"))


def test_every_variable_has_bad_values_here() -> None:
    assert sorted(BAD) == sorted(READ)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name in BAD for value in BAD[name]]
)
def test_a_bad_value_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    good = {} if name == "DATA_DIR" else GOOD
    with pytest.raises((EnvError, ImproperlyConfigured), match=name):
        read_settings(monkeypatch, **{"SECRET_KEY": "x" * 50, **good, name: value})


def test_the_values_that_documents_show_are_good(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines = (ROOT / "deploy/env.example").read_text().splitlines()
    shown = [line[1:].split("=", 1) for line in lines if line.startswith("#")]
    pairs = {pair[0]: pair[1] for pair in shown if pair[0] in READ and pair[1]}
    settings = read_settings(monkeypatch, **{**pairs, **GOOD})
    assert settings["SESSION_COOKIE_AGE"] == 60 * 24 * 3600
