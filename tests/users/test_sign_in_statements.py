"""The statements of a sign-in."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.conftest import PASSWORD
from users.models import Player

pytestmark = pytest.mark.django_db


def statements(client: Client, path: str, **fields: str) -> list[str]:
    """The statements of one form by their first words, without test savepoints."""
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.post(path, fields).status_code == 302
    sent = [one["sql"].split()[:3] for one in asked.captured_queries]
    return [words[0] for words in sent if "SAVEPOINT" not in words]


def test_stranger_signs_in_by_three_statements(alice: Player) -> None:
    sent = statements(Client(), "/login/", username="Alice", password=PASSWORD)
    assert sent == ["SELECT", "INSERT", "UPDATE"]
