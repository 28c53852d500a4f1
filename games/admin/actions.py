"""The pages behind the buttons of a game's form."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from core.refusals import Refused
from games.admin import verbs
from games.models import Game, games_with_public_state
from games.pages import render_game
from users.admin.base import StaffAdmin

Act = Callable[[Game], HttpResponse]
WITH_FORM = "opened"  # a field of the game's form: the POST holds it too


class Actions(StaffAdmin):
    """Views are four moves: load or 404, check, call the verb, answer."""

    def get_urls(self) -> list[URLPattern]:
        def view(route: str, name: str, page: Callable[..., Any]) -> URLPattern:
            return path(
                route, self.admin_site.admin_view(page), name=f"games_game_{name}"
            )

        return [
            view("<int:pk>/preview/", "preview", require_safe(self.preview)),
            view("<int:pk>/do/extend/", "extend", pressed(self.extend)),
            view("<int:pk>/do/notify/", "notify", pressed(self.notify)),
            view("<int:pk>/do/take-back/", "take_back", pressed(self.take_back)),
            view("<int:pk>/do/duplicate/", "duplicate", pressed(self.duplicate)),
            view("<int:pk>/do/<str:verb>/", "do", pressed(self.do)),
            *super().get_urls(),
        ]

    def changeable(self, request: HttpRequest, pk: int) -> Game:
        game = get_object_or_404(Game, pk=pk)
        if not self.has_change_permission(request, game):
            raise PermissionDenied
        return game

    def page_of(self, request: HttpRequest, game: Game, title: str) -> dict[str, Any]:
        """The context that every page about one game needs."""
        return {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": game,
            "title": title,
        }

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The game's page as players see it; of a draft too."""
        game = get_object_or_404(games_with_public_state(), pk=pk)
        if not self.has_view_permission(request, game):
            raise PermissionDenied
        return HttpResponse(render_game(game, preview=True))

    def do(self, request: HttpRequest, pk: int, verb: str) -> HttpResponse:
        game = self.changeable(request, pk)
        if verb not in verbs.VERBS:
            raise Http404
        chosen = verbs.VERBS[verb]
        return self.after_saving(
            request, game, chosen.label, lambda game: self.use(request, game, chosen)
        )

    def use(self, request: HttpRequest, game: Game, verb: verbs.Verb) -> HttpResponse:
        if verb.warning and "confirmed" not in request.POST and game.allows(verb.name):
            return self.ask(request, game, verb)
        now = timezone.now()
        return self.try_to(request, game, lambda: verb.act(game, now), verb.success)

    def after_saving(
        self, request: HttpRequest, game: Game, label: Any, act: Act
    ) -> HttpResponse:
        """Save the game's form first, if the button sent it too.

        If the form can't be saved, its page says why, and the button does nothing.
        """
        if WITH_FORM not in request.POST:
            return act(game)
        request.act = act  # type: ignore[attr-defined]
        page = reverse("admin:games_game_change", args=[game.pk])
        response: HttpResponse = self.changeform_view(request, str(game.pk), page)
        form = (getattr(response, "context_data", None) or {}).get("adminform")
        if form is not None:
            text = _("“%(button)s” was not done, and nothing is saved yet.")
            messages.warning(request, text % {"button": label})
        return response

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Log nothing if a button sent the form unchanged."""
        saved_first = isinstance(message, list) and hasattr(request, "act")
        if saved_first and message:
            messages.success(request, _("Your changes are saved."))
        if message or not saved_first:
            return super().log_change(request, obj, message)

    def response_change(self, request: HttpRequest, obj: Game) -> HttpResponse:
        act: Act | None = getattr(request, "act", None)
        self.warn_of_unsent_message(request)
        if act is not None:
            return act(Game.objects.get(pk=obj.pk))
        response: HttpResponse = super().response_change(request, obj)
        return response

    def ask(self, request: HttpRequest, game: Game, verb: verbs.Verb) -> HttpResponse:
        """The page that says what will happen, and asks for a yes."""
        context = self.page_of(request, game, str(verb.label))
        return TemplateResponse(
            request, "admin/games/confirm.html", {**context, "verb": verb}
        )

    def warn_of_unsent_message(self, request: HttpRequest) -> None:
        """Show a message to players again if another button was pressed."""
        text = request.POST.get("notice_text", "").strip()
        if text and not request.path.endswith("/notify/"):
            warning = _("Your message was not shown to players: %(text)s")
            messages.warning(request, warning % {"text": text})

    def extend(self, request: HttpRequest, pk: int) -> HttpResponse:
        now, data = timezone.now(), fields_beside(request, "extend")
        return self.after_saving(
            request,
            self.changeable(request, pk),
            _("Extend"),
            lambda game: self.try_to(
                request, game, lambda: verbs.extend(game, data, now), _("Extended.")
            ),
        )

    def notify(self, request: HttpRequest, pk: int) -> HttpResponse:
        now, data = timezone.now(), fields_beside(request, "notice")
        done = _("Players see the message.")
        return self.after_saving(
            request,
            self.changeable(request, pk),
            _("Show to players"),
            lambda game: self.try_to(
                request, game, lambda: verbs.notify(game, data, now), done
            ),
        )

    def take_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        done = _("The message is taken back.")
        return self.after_saving(
            request,
            self.changeable(request, pk),
            _("Take it back"),
            lambda game: self.try_to(request, game, game.take_back_notice, done),
        )

    def try_to(
        self, request: HttpRequest, game: Game, act: Callable[[], None], done: Any
    ) -> HttpResponse:
        """Act, log it in the history, and go back to the game's page."""
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
        return self.after_saving(
            request, game, _("Duplicate"), lambda game: self.copy(request, game)
        )

    def copy(self, request: HttpRequest, game: Game) -> HttpResponse:
        with transaction.atomic():
            copy = verbs.duplicate(game)
            text = _("Copied from %(slug)s.") % {"slug": game.slug}
            self.log_addition(request, copy, text)
        messages.success(
            request, _("This is the copy. It is a draft: change its address.")
        )
        return redirect("admin:games_game_change", copy.pk)


def pressed(page: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for POST only; whoever opens its address is sent to the button."""

    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: HttpRequest, pk: int, **more: Any) -> HttpResponse:
        if request.method == "POST":
            return page(request, pk, **more)
        messages.info(request, _("Nothing was done: press the button on this page."))
        return redirect("admin:games_game_change", pk)

    return view


def fields_beside(request: HttpRequest, button: str) -> dict[str, str]:
    """The values beside a button; the game's form has them with a prefix."""
    prefix = f"{button}_"
    values = request.POST.dict()
    if WITH_FORM not in values:
        return values
    names = [name for name in values if name.startswith(prefix)]
    return {name.removeprefix(prefix): values[name] for name in names}
