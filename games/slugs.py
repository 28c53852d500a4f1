"""The part of a path that names a game: bounded before anything is looked up by it."""

from django.urls.converters import StringConverter


class GameSlug(StringConverter):
    """`<game:slug>` in a route: no longer than a game's slug may be."""

    regex = "[a-z0-9-]{1,60}"
