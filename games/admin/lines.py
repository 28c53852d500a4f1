"""The admin of lists: the player of each name, which staff may change."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from games.admin.listing import RelatedUsedFilter, short
from games.models import Game, Guest, Invitation, Line, Winner
from users.admin.base import StaffAdmin
from users.models import Player

MAX_NAMESAKES = 20


class NobodysFilter(admin.SimpleListFilter):
    title = gettext_lazy("player it belongs to")
    parameter_name = "nobodys"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        yes, no = gettext_lazy("No player yet"), gettext_lazy("A player")
        return [("yes", yes), ("no", no)]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        nobodys = {"yes": True, "no": False}.get(self.value() or "")
        if nobodys is None:
            return queryset
        return queryset.filter(player__isnull=nobodys)


def lists_of(game: Game) -> list[dict[str, Any]]:
    """The game's lists that aren't empty: label, number of unbound names, page."""
    lists = []
    for model in (Invitation, Winner):
        names = model._default_manager.filter(game=game)
        if names.exists():
            page = reverse(f"admin:games_{model._meta.model_name}_changelist")
            lists.append(
                {
                    "label": model._meta.verbose_name_plural,
                    "nobodys": names.filter(player=None).count(),
                    "page": f"{page}?game__id__exact={game.pk}",
                }
            )
    return lists


class LineAdmin(StaffAdmin):
    """For staff who may change games, because they write the lists."""

    staff_may = frozenset({"change"})
    list_display = ("name", "game", "whose")
    list_filter = (NobodysFilter, ("game", RelatedUsedFilter))
    list_select_related = ("game", "player")
    search_fields = ("name", "player__name")
    folded_search_field = "name_key"
    ordering = ("pk",)
    show_full_result_count = False
    raw_id_fields = ("player",)
    fields = ("name", "game", "player", "namesakes")
    readonly_fields = ("name", "game", "namesakes")
    actions = ("bind_by_name",)

    @admin.display(description=gettext_lazy("player"), ordering="player__name")
    def whose(self, line: Line) -> str:
        if line.player is None:
            return _("no player yet")
        kind = _("guest") if line.player.is_guest else _("account")
        return f"{line.player} · {kind} · № {line.player_id}"

    @admin.display(description=gettext_lazy("players with this name now"))
    def namesakes(self, line: Line) -> Any:
        """The players who have the name now, with the numbers to choose them by."""
        rows = [
            (player.pk, player.name, _("account")) for player in accounts_like(line)
        ]
        rows += [
            (guest.player_id, guest.nickname, described(guest))
            for guest in guests_like(line)
        ]
        if not rows:
            return _("Nobody has this name now.")
        items = format_html_join("\n", "<li>№ <b>{}</b> · {} · {}</li>", rows)
        return format_html("<ul>{}</ul>", items)

    def save_model(
        self, request: HttpRequest, obj: Line, form: Any, change: bool
    ) -> None:
        if "player" in form.changed_data:
            obj.bind(obj.player_id)

    @admin.action(
        description=gettext_lazy("Assign to the accounts that have these names now"),
        permissions=["change"],
    )
    def bind_by_name(self, request: HttpRequest, lines: QuerySet) -> None:
        count: int = lines.bind_by_name()  # type: ignore[attr-defined]
        text = ngettext(
            "%(n)d name was assigned to a player.",
            "%(n)d names were assigned to players.",
            count,
        )
        messages.success(request, text % {"n": count})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("games.change_game")


def accounts_like(line: Line) -> QuerySet[Player]:
    return Player.objects.filter(name_key=line.name_key)


def guests_like(line: Line) -> QuerySet[Guest]:
    rows = Guest.objects.filter(nickname_key=line.name_key, player__is_guest=True)
    return rows.select_related("game", "player").order_by("-pk")[:MAX_NAMESAKES]


def described(guest: Guest) -> str:
    text = _("guest in “%(game)s” since %(time)s")
    return text % {"game": guest.game, "time": short(guest.player.joined_at)}


@admin.register(Invitation)
class InvitationAdmin(LineAdmin):
    pass


@admin.register(Winner)
class WinnerAdmin(LineAdmin):
    pass
