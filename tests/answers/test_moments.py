"""Times on pages read as Django's own filter writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.utils.translation import override

MOMENT = datetime(2026, 5, 7, 18, 4, 59, 999_999, tzinfo=UTC)


def written(moment: datetime, filters: str) -> str:
    template = Template("{% load moments %}{{ moment|" + filters + " }}")
    return template.render(Context({"moment": moment}))


@pytest.mark.parametrize(
    ("language", "ours", "theirs"),
    [
        ("en", "iso", 'date:"c"'),
        ("th", "iso", 'date:"c"'),
        ("en", "to_minute", 'date:"j M Y, H:i"'),
        ("th", "to_minute", 'date:"j M 2569, H:i"'),
    ],
)
def test_moment_reads_as_djangos_date(language: str, ours: str, theirs: str) -> None:
    with override(language):
        for later in (timedelta(), timedelta(seconds=1), timedelta(days=99)):
            moment = MOMENT + later
            assert written(moment, ours) == written(moment, theirs)


def test_moment_is_told_in_the_language_of_each_reader() -> None:
    told = set()
    for language in ("en", "th", "en"):
        with override(language):
            told.add(written(MOMENT, "to_minute"))
    assert len(told) == 2
