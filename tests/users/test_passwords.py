"""Hashing passwords: in few threads, without a database connection."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.test import Client

from core.slots import Slots
from tests.conftest import client_of
from users import hashers
from users.hashers import MAX_PASSWORD_LENGTH, HashThreads, TunedArgon2
from users.models import Player

pytestmark = pytest.mark.usefixtures("runs_servers")

Made = TypeVar("Made")
OLD, NEW = "correct horse", "another horse"
LONG = "x" * (MAX_PASSWORD_LENGTH + 1)


class Watched(HashThreads):
    """Record for each hash whether the thread that waited held a connection."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Slots(folder, 2))
        self.held: list[bool] = []

    def do(self, work: Callable[[], Made]) -> Made:
        made = super().do(work)
        self.held.append(
            connection.in_atomic_block or connection.connection is not None
        )
        return made


@pytest.fixture
def hashing(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, tmp_path: Path
) -> Watched:
    """The product's own hashing."""
    settings.PASSWORD_HASHERS = ["users.hashers.TunedArgon2"]
    watched = Watched(tmp_path)
    monkeypatch.setattr(hashers, "threads", watched)
    return watched


def doors(staff: Client, alice: Player, typed: str) -> dict[str, Callable[[], Any]]:
    """Send this password to every page that takes one."""
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
def test_nobody_holds_the_database_while_a_password_is_hashed(hashing: Watched) -> None:
    alice = Player.objects.create_user("Alice", OLD)
    staff = client_of(Player.objects.create_superuser("Carol", OLD))
    for door, knock in doors(staff, alice, OLD).items():
        hashing.held.clear()
        knock()
        assert hashing.held, door
        assert not any(hashing.held), door
    assert {p.name for p in Player.objects.all()} == {"Alice", "Carol", "Dan", "Eve"}
    assert Player.objects.get(name="Eve").check_password(OLD)
    assert Player.objects.get(name="Carol").check_password(NEW)


@pytest.mark.django_db
def test_password_longer_than_any_is_never_hashed(hashing: Watched) -> None:
    alice = Player.objects.create_user("Alice", OLD)
    staff = client_of(Player.objects.create_superuser("Carol", OLD))
    hashing.held.clear()
    for door, knock in doors(staff, alice, LONG).items():
        assert knock().status_code == 200, door
        assert not hashing.held, door
    assert Player.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Alice", "a LICE", "x", "x" * 41, "Admin"])
def test_sign_up_under_no_good_name_is_not_hashed(hashing: Watched, name: str) -> None:
    Player.objects.create_user("Alice", OLD)
    hashing.held.clear()
    page = Client().post("/signup/", {"name": name, "password": NEW})
    assert page.status_code == 200
    assert not hashing.held


@pytest.mark.django_db
def test_hash_within_a_transaction_leaves_it_alone(hashing: Watched) -> None:
    with transaction.atomic():
        Player.objects.create_user("Alice", OLD)
    assert Player.objects.get().check_password(OLD)


def test_what_was_hashed_before_is_still_verified() -> None:
    kept = TunedArgon2().encode(OLD, "saltsaltsaltsalt")
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert TunedArgon2().verify(OLD, kept)
    assert not TunedArgon2().verify(NEW, kept)


def test_hash_that_fails_leaves_its_slot(tmp_path: Path) -> None:
    hashing = HashThreads(Slots(tmp_path, 1))
    for _time in range(3):
        with pytest.raises(ZeroDivisionError):
            hashing.do(lambda: 1 / 0)


def test_passwords_are_looked_at_where_no_slot_can_be_had(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("by a file")
    hashing = HashThreads(Slots(tmp_path / "taken", 1))
    assert hashing.do(lambda: "done") == "done"
