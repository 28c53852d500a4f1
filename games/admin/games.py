"""The admin of games: choose a kind, fill in its form, save."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.forms import ModelForm, Script
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core.admin.asking import ask
from core.calendars import written
from games import notices
from games.admin import meanings, regrading, verbs
from games.admin.imports import Imports
from games.admin.lines import lists_of
from games.admin.listing import Listing
from games.admin.pools import PoolInline
from games.extensions import registry
from games.forms.game import GameForm, form_for, setting_names
from games.kinds import kinds
from games.models import Game, Pool, Winner
from games.states import State


@admin.register(Game)
class GameAdmin(Listing, Imports):
    prepopulated_fields = {"slug": ("title",)}
    inlines = (PoolInline,)
    add_form_template = change_form_template = "admin/games/game_form.html"
    save_on_top = False

    class Media:
        css = {"all": ("css/admin/games.css",)}
        js = (
            Script("js/admin/rows.js", type="module"),
            Script("js/admin/buttons.js", type="module"),
        )

    # The form

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm]:
        kwargs["form"] = form_for(kind_in(request, obj))
        return super().get_form(request, obj, change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        kind = kind_in(request, obj)
        shown = ("title", "slug", "text", "picture", "picture_alt")
        return [
            (gettext_lazy("What players see"), {"fields": shown}),
            (kinds()[kind].label, {"fields": setting_names(kind)}),
            (
                gettext_lazy("When and for whom"),
                {"fields": ("opens_at", "closes_at", "access", "names")},
            ),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """First the page to choose a kind, then its form."""
        if request.GET.get("kind") in kinds():
            return super().add_view(request, form_url, extra_context)
        if not self.has_add_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Which kind of game?"),
            "kinds": kinds().values(),
        }
        return TemplateResponse(request, "admin/games/kinds.html", context)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return self.inlines if obj else ()

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        game = kwargs.get("obj")
        context["kind"] = kinds()[kind_in(request, game)]
        if game:
            context["opens"] = game.opens_at and written(game.opens_at)
            context["closes"] = game.closes_at and written(game.closes_at)
        if game and self.has_change_permission(request, game):
            context["lists"] = lists_of(game)
            context["verbs"] = verbs.possible(game)
            context["extendable"] = game.allows("extend")
            context["notifiable"] = game.allows("notify")
            context["notice"] = game.notice_at(timezone.now())
            context["notice_until"] = game.notice_until and written(game.notice_until)
            context["longest_notice"] = notices.MAX_LENGTH
        return super().render_change_form(request, context, *args, **kwargs)

    # Saving

    def save_model(
        self, request: HttpRequest, obj: Game, form: Any, change: bool
    ) -> None:
        if change:
            self.save_changes(request, obj, form)
        else:
            self.confirm(request, form, change)
            obj.kind, obj.settings = form.kind.name, form.settings
            obj.save()
            obj.invite(form.cleaned_data["names"])

    def save_changes(self, request: HttpRequest, game: Game, form: GameForm) -> None:
        """Save only what staff changed: players and the clock change games too.

        The game is locked until this request's transaction ends, so that no grade
        changes between the question to staff and the change.
        """
        new, changes_rules = form.settings, form.changes_rules
        if not form.changed_data and not changes_rules:
            return
        current = self.lock_row(form, no_key=not changes_rules)
        changes = registry.changed_by(current, new) if changes_rules else []
        touched = meanings.questions(current, new) if changes_rules else []
        regrade = [regrading.question(current, new, changes)] if changes else []
        ask(request, form, [*form.questions(), *touched, *regrade])
        if "names" in form.changed_data:
            game.invite(form.cleaned_data["names"])
        if form.changed_columns or changes_rules:
            game.edit(form.changed_columns)
        if not changes_rules:
            return
        if changes or game.state == State.REVEALED:
            # A revealed result is written again, even if no grade changes.
            registry.regrade(game, new, timezone.now())
        else:
            game.settings = new
            game.edit(["settings"])
        if changes:
            messages.info(request, regrading.changed_text(len(changes)))

    def save_formset(
        self, request: HttpRequest, form: Any, formset: Any, change: bool
    ) -> None:
        super().save_formset(request, form, formset, change)
        renamed = {
            pool.initial["name"]: pool.instance.name
            for pool in formset.initial_forms
            if "name" in pool.changed_data and pool.instance.pk
        }
        if renamed:
            form.instance.follow_pools(renamed)

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        Pool.objects.make_for(form.instance)
        Winner.objects.make_for(form.instance)

    def response_post_save_add(
        self, request: HttpRequest, obj: Game
    ) -> HttpResponseRedirect:
        """Go to the game's page, which has its prizes and buttons."""
        return redirect("admin:games_game_change", obj.pk)

    def reason_not_to_delete(self, obj: Game) -> Any:
        """Only drafts that nobody has played may be deleted; others are archived."""
        if obj.state != State.DRAFT:
            return _("It has been published: archive it instead.")
        if not is_untouched(obj):
            return _("It has been played: archive it instead.")
        return ""


def kind_in(request: HttpRequest, game: Game | None) -> str:
    """The kind of the game on the page, or of the one being added."""
    kind = game.kind if game else request.GET.get("kind", "")
    if kind not in kinds():
        raise Http404
    return kind


def is_untouched(game: Game) -> bool:
    """Whether nobody has played it."""
    if game.guests.exists():
        return False
    answered = registry.counts([game.pk]).get(game.pk, {}).get("answered", 0)
    return not answered and not game.pools.filter(codes__player__isnull=False).exists()
