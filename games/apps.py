from django.apps import AppConfig
from django.urls import register_converter


class GamesConfig(AppConfig):
    name = "games"

    def ready(self) -> None:
        from games.slugs import GameSlug

        register_converter(GameSlug, "game")
