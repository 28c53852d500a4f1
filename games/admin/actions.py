"""The pages behind a game's buttons."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from games.admin import verbs
from games.models import Game, shown_games
from games.pages import render_game
from users.admin_base import StaffAdmin
from users.refusals import Refused


class Actions(StaffAdmin):
    """Views are four moves: load or 404, check, call the verb, answer."""

    def get_urls(self) -> list[URLPattern]:
        def view(route: str, name: str, page: Callable[..., Any]) -> URLPattern:
            return path(
                route, self.admin_site.admin_view(page), name=f"games_game_{name}"
            )

        return [
            view("<int:pk>/preview/", "preview", require_safe(self.preview)),
            view("<int:pk>/do/extend/", "extend", require_POST(self.extend)),
            view("<int:pk>/do/notify/", "notify", require_POST(self.notify)),
            view("<int:pk>/do/take-back/", "take_back", require_POST(self.take_back)),
            view("<int:pk>/do/duplicate/", "duplicate", require_POST(self.duplicate)),
            view("<int:pk>/do/<str:verb>/", "do", require_POST(self.do)),
            *super().get_urls(),
        ]

    def changeable(self, request: HttpRequest, pk: int) -> Game:
        game = get_object_or_404(Game, pk=pk)
        if not self.has_change_permission(request, game):
            raise PermissionDenied
        return game

    def page_of(self, request: HttpRequest, game: Game, title: str) -> dict[str, Any]:
        """What every page about one game needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": game,
            "title": title,
        }

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The game's page as players see it, drafts too."""
        game = get_object_or_404(shown_games(), pk=pk)
        if not self.has_view_permission(request, game):
            raise PermissionDenied
        return HttpResponse(render_game(game, preview=True))

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        game = self.changeable(request, pk)
        if verb not in verbs.VERBS:
            raise Http404
        chosen = verbs.VERBS[verb]
        if chosen.warning and "confirmed" not in request.POST and game.allows(verb):
            return self.ask(request, game, chosen)
        now = timezone.now()
        return self.try_to(request, game, lambda: chosen.act(game, now), chosen.done)

    def ask(self, request: HttpRequest, game: Game, verb: verbs.Verb) -> HttpResponse:
        """The page that says what will happen."""
        context = self.page_of(request, game, str(verb.label))
        return TemplateResponse(
            request, "admin/games/confirm.html", {**context, "verb": verb}
        )

    def extend(self, request: HttpRequest, pk: int) -> HttpResponse:
        game, now = self.changeable(request, pk), timezone.now()
        return self.try_to(
            request,
            game,
            lambda: verbs.extend(game, request.POST.dict(), now),
            _("Extended."),
        )

    def notify(self, request: HttpRequest, pk: int) -> HttpResponse:
        game, now = self.changeable(request, pk), timezone.now()
        return self.try_to(
            request,
            game,
            lambda: verbs.notify(game, request.POST.dict(), now),
            _("Players see the message."),
        )

    def take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        game = self.changeable(request, pk)
        done = _("The message is taken back.")
        return self.try_to(request, game, game.take_back_notice, done)

    def try_to(
        self, request: HttpRequest, game: Game, act: Callable[[], None], done: Any
    ) -> HttpResponse:
        """Act, write it into the history, and go back to the game's page."""
        try:
            with transaction.atomic():
                act()
                self.log_change(request, game, str(done))
        except Refused as refused:
            messages.error(request, str(refused.detail))
        else:
            messages.success(request, str(done))
        return redirect("admin:games_game_change", game.pk)

    def duplicate(self, request: HttpRequest, pk: int) -> HttpResponse:
        game = get_object_or_404(Game, pk=pk)
        if not self.has_add_permission(request):
            raise PermissionDenied
        with transaction.atomic():
            copy = verbs.duplicate(game)
            text = _("Copied from %(slug)s.") % {"slug": game.slug}
            self.log_addition(request, copy, text)
        messages.success(request, _("This is the copy, a draft. Change its address."))
        return redirect("admin:games_game_change", copy.pk)
