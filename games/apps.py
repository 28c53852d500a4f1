from django.apps import AppConfig
from django.urls import register_converter
from django.utils.translation import gettext_lazy as _


class GamesConfig(AppConfig):
    name = "games"
    verbose_name = _("Games")

    def ready(self) -> None:
        from games.slugs import GameSlug

        register_converter(GameSlug, "game")
