"""`manage.py createsuperuser` asks for the name used to sign in."""

import getpass
import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils.translation import override

from tests.conftest import PASSWORD
from users.models import Player

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def made_at_a_terminal(monkeypatch: pytest.MonkeyPatch, *names: str) -> list[str]:
    """Type these names, one after the other; the questions that were asked."""
    answers, asked = iter(names), []

    def type_in(question: str) -> str:
        asked.append(question)
        return next(answers)

    monkeypatch.setattr("builtins.input", type_in)
    monkeypatch.setattr(getpass, "getpass", lambda *_prompt: PASSWORD)
    with override("en"):
        call_command("createsuperuser", stdin=Terminal(), stdout=io.StringIO())
    return asked


def test_name_is_asked_for_and_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert made_at_a_terminal(monkeypatch, "  Carol  Smith ") == ["Name: "]
    carol = Player.objects.get()
    assert (carol.name, carol.name_key) == ("Carol Smith", "carolsmith")
    assert carol.is_superuser
    assert carol.check_password(PASSWORD)


def test_name_that_somebody_has_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, alice: Player, capsys: Any
) -> None:
    made_at_a_terminal(monkeypatch, "A lice", "!", "Carol")
    said = capsys.readouterr().err
    assert "That name is taken." in said
    assert "A name has 2 to 40 letters or digits." in said
    assert Player.objects.filter(is_superuser=True).get().name == "Carol"


@pytest.fixture
def _unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)


@pytest.mark.usefixtures("_unattended")
def test_name_can_be_given_beforehand(
    monkeypatch: pytest.MonkeyPatch, alice: Player
) -> None:
    quiet = {"interactive": False, "verbosity": 0}
    call_command("createsuperuser", name="Carol", **quiet)
    monkeypatch.setenv("DJANGO_SUPERUSER_NAME", "Dave")
    call_command("createsuperuser", **quiet)
    found = Player.objects.filter(is_superuser=True).order_by("pk")
    assert [one.name for one in found] == ["Carol", "Dave"]
    with override("en"), pytest.raises(CommandError, match="taken"):
        call_command("createsuperuser", name="ALICE", **quiet)
