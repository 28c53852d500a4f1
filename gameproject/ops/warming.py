"""Loads what the first request would otherwise wait for: a third of a second."""

from django.conf import settings
from django.template.loader import get_template
from django.urls import resolve, reverse
from django.utils.translation import gettext, override

TEMPLATES = settings.BASE_DIR / "templates"


def warm() -> None:
    """Load the URLs with their views, the players' templates, and the languages."""
    for path in TEMPLATES.glob("games/**/*.html"):
        get_template(str(path.relative_to(TEMPLATES)))
    for language, _name in settings.LANGUAGES:
        with override(language):
            resolve(reverse("home"))
            gettext("game")  # any text of the catalog
