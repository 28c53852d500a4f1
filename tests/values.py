"""Values that no kind takes for an answer, and short ways to ask a kind things."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st

from core.refusals import Refused
from games.kinds.base import ONLY, Entry, QuestionKind, Settings

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def nested(depth: int) -> list[Any]:
    return [nested(depth - 1)] if depth else []


# One of everything JSON, and Python's reading of it, can hold.
STRANGE: dict[str, Any] = {
    "null": None,
    "true": True,
    "false": False,
    "negative": -1,
    "huge": 10**400,
    "fraction": 1.5,
    "nan": float("nan"),
    "infinity": float("inf"),
    "empty text": "",
    "spaces": " \t\n",
    "long text": "7" * 100_000,
    "NUL": "\x00",
    "NUL inside": "1\x002",
    "lone surrogate": "\ud800",
    "lone surrogate inside": "1\udfff2",
    "invisible": "\u200b\u2060\ufeff",
    "empty list": [],
    "nested list": nested(50),
    "list of lists": [[0], [1]],
    "list of true": [True],
    "list of null": [None],
    "list of text": ["0"],
    "long list": [0] * 10_000,
    "empty object": {},
    "object": {"value": 0},
    "nested object": {"home": {"home": 1}, "away": {"away": 1}},
    "list of objects": [{}],
}
strange = pytest.mark.parametrize("value", STRANGE.values(), ids=STRANGE.keys())

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(), max_size=250)
)
# Whatever a client can send, lone surrogates included.
json_values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["home", "away"]) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=8,
)


def entry(value: Any, question: str = ONLY, player: int = 1, second: int = 0) -> Entry:
    return Entry(player, question, value, NOON + timedelta(seconds=second))


def assert_refused(
    kind: QuestionKind[Any], settings: Settings, question: str, value: Any
):
    """Refused as a value, and in no other way."""
    with pytest.raises(Refused) as refused:
        kind.parse(settings, question, value)
    assert (refused.value.code, refused.value.field) == ("invalid", "value")
    assert str(refused.value.detail)
