"""The slug in a route, whose length is checked before any query."""

from django.urls.converters import StringConverter


class GameSlug(StringConverter):
    """`<game:slug>` in a route, at most as long as a game's slug."""

    regex = "[a-z0-9-]{1,60}"
