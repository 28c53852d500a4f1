"""Hashing passwords: few at a time, a bounded line, and the database left to others."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice
from typing import Any, TypeVar

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client

from core.refusals import Refused
from tests.conftest import client_of
from users import hashers
from users.hashers import MAX_PASSWORD_LENGTH, Line, TunedArgon2
from users.models import Player

pytestmark = pytest.mark.usefixtures("runs_servers")

Made = TypeVar("Made")
OLD, NEW = "correct horse", "another horse"
LONG = "x" * (MAX_PASSWORD_LENGTH + 1)


class Watched(Line):
    """Notes of each hash whether whoever waited for it held the database."""

    def __init__(self) -> None:
        super().__init__(at_once=2, longest=2)
        self.held: list[bool] = []

    def do(self, work: Callable[[], Made]) -> Made:
        made = super().do(work)
        self.held.append(
            connection.in_atomic_block or connection.connection is not None
        )
        return made


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Watched:
    """The product's own hashing."""
    settings.PASSWORD_HASHERS = ["users.hashers.TunedArgon2"]
    watched = Watched()
    monkeypatch.setattr(hashers, "line", watched)
    return watched


def doors(staff: Client, alice: Player, typed: str) -> dict[str, Callable[[], Any]]:
    """Every page that takes a password, each given this one."""
    twice = {"password1": typed, "password2": typed}
    new = {"new_password1": NEW, "new_password2": NEW}
    return {
        "sign in": lambda: Client().post(
            "/login/", {"username": "alice", "password": typed}
        ),
        "sign in as nobody": lambda: Client().post(
            "/login/", {"username": "nobody", "password": typed}
        ),
        "sign in as staff": lambda: Client().post(
            "/admin/login/", {"username": "carol", "password": typed}
        ),
        "sign up": lambda: Client().post(
            "/signup/", {"name": "Dan", "password": typed}
        ),
        "add a player": lambda: staff.post(
            "/admin/users/player/add/", {"name": "Eve", **twice}
        ),
        "set a player's password": lambda: staff.post(
            f"/admin/users/player/{alice.pk}/password/",
            {**twice, "set-password": "1", "usable_password": "true"},
        ),
        "change one's own password": lambda: staff.post(
            "/admin/password_change/", {"old_password": typed, **new}
        ),
    }


@pytest.mark.django_db(transaction=True)
def test_nobody_holds_the_database_while_a_password_is_hashed(line: Watched) -> None:
    alice = Player.objects.create_user("Alice", OLD)
    staff = client_of(Player.objects.create_superuser("Carol", OLD))
    for door, knock in doors(staff, alice, OLD).items():
        line.held.clear()
        knock()
        assert line.held, door
        assert not any(line.held), door
    assert {p.name for p in Player.objects.all()} == {"Alice", "Carol", "Dan", "Eve"}
    assert Player.objects.get(name="Eve").check_password(OLD)
    assert Player.objects.get(name="Carol").check_password(NEW)


@pytest.mark.django_db
def test_password_longer_than_any_is_never_hashed(line: Watched) -> None:
    alice = Player.objects.create_user("Alice", OLD)
    staff = client_of(Player.objects.create_superuser("Carol", OLD))
    line.held.clear()
    for door, knock in doors(staff, alice, LONG).items():
        assert knock().status_code == 200, door
        assert not line.held, door
    assert Player.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Alice", "a LICE", "x", "x" * 41, "Admin"])
def test_sign_up_under_no_good_name_is_not_hashed(line: Watched, name: str) -> None:
    Player.objects.create_user("Alice", OLD)
    line.held.clear()
    page = Client().post("/signup/", {"name": name, "password": NEW})
    assert page.status_code == 200
    assert not line.held


@pytest.mark.django_db
def test_hash_within_a_transaction_leaves_it_alone(line: Watched) -> None:
    with transaction.atomic():
        Player.objects.create_user("Alice", OLD)
    assert Player.objects.get().check_password(OLD)


class Work:
    """What takes until it is let go, and how many were at it at the most."""

    def __init__(self) -> None:
        self.two_began, self.may_end = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self.now = self.most = 0

    def __call__(self) -> str:
        with self._lock:
            self.now += 1
            self.most = max(self.most, self.now)
            if self.now == 2:
                self.two_began.set()
        self.may_end.wait(20)
        with self._lock:
            self.now -= 1
        return "done"


def test_line_does_so_much_at_a_time_and_refuses_beyond_its_length() -> None:
    line, work = Line(at_once=2, longest=3), Work()

    def ask(_place: int) -> str:
        try:
            return line.do(work)
        except Refused as refused:
            return f"{refused.code}, wait {refused.retry_after}"

    with ThreadPoolExecutor(12) as threads:
        asked = as_completed([threads.submit(ask, place) for place in range(12)])
        first = [one.result() for one in islice(asked, 7)]
        assert work.two_began.wait(20)
        work.may_end.set()
        others = [one.result() for one in asked]
    assert first == ["unavailable, wait 5"] * 7
    assert others == ["done"] * 5
    assert work.most == 2
    assert line.do(lambda: "again") == "again"


def test_work_that_fails_leaves_its_place() -> None:
    line = Line(at_once=1, longest=0)
    for _time in range(3):
        with pytest.raises(ZeroDivisionError):
            line.do(lambda: 1 / 0)


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/login/", "/admin/login/", "/signup/"])
def test_who_comes_where_the_line_is_long_is_told_when_to_come_again(
    line: Watched, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    full = Line(at_once=1, longest=-1)
    monkeypatch.setattr(hashers, "line", full)
    fields = {"username": "alice", "name": "Dan", "password": NEW}
    page = Client().post(path, fields)
    assert page.status_code == 503
    assert int(page["Retry-After"]) > 0
    assert "busy" in page.content.decode()
    assert not Player.objects.exists()


def test_what_was_hashed_before_is_still_verified() -> None:
    kept = TunedArgon2().encode(OLD, "saltsaltsaltsalt")
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert TunedArgon2().verify(OLD, kept)
    assert not TunedArgon2().verify(NEW, kept)
