"""The admin of players."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    BaseUserCreationForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
)
from django.contrib.auth.hashers import make_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from core.admin.forms import StaffForm
from core.refusals import Refused
from users.admin.base import StaffAdmin, staff_of
from users.models import Player
from users.signin import SignInForm, sign_in_page


class StaffSignInForm(SignInForm, AdminAuthenticationForm):
    """The admin's sign-in form, with the players' limit on failed attempts."""


admin.site.login_form = StaffSignInForm
sign_in: Any = sign_in_page(admin.site.login)
admin.site.login = sign_in  # type: ignore[method-assign]


class NameForm(StaffForm):
    """Checks the name: its length, and that no other account has it."""

    def clean_name(self) -> str:
        name, account_id = self.cleaned_data["name"], self.instance.pk
        try:
            return Player.objects.check_name(
                name, account_id=account_id, allow_blocked=True
            )
        except Refused as refused:
            raise ValidationError(str(refused.detail), code=refused.code) from refused


class PasswordWidget(ReadOnlyPasswordHashWidget):
    """Shows whether a password is set, but no part of its salt or hash."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        if any("value" in part for part in context["summary"]):
            context["summary"] = [{"label": gettext("A password is set.")}]
        return context


class AccountForm(NameForm):
    # A link to the page that sets a new one.
    password = ReadOnlyPasswordHashField(label=_("Password"), widget=PasswordWidget)


class NewAccountForm(NameForm, BaseUserCreationForm):
    hashed = ""  # the password, if it was hashed before the transaction

    class Meta:
        model = Player
        fields = ("name",)
        field_classes: dict[str, Any] = {}

    def save(self, commit: bool = True) -> Player:
        if not self.hashed:
            return super().save(commit)
        self.instance.password = self.hashed
        player: Player = ModelForm.save(self, commit)
        return player


class PasswordForm(AdminPasswordChangeForm):
    def save(self, commit: bool = True) -> Player:
        player: Player = super().save(commit=False)
        # Not the whole row: the coins may have changed since it was read.
        player.save(update_fields=["password"])
        return player


@admin.register(Player)
class PlayerAdmin(StaffAdmin, UserAdmin):
    staff_may = frozenset({"add", "change"})  # ban a player instead of deleting
    form = AccountForm
    add_form = NewAccountForm
    change_password_form = PasswordForm
    add_fieldsets = ((None, {"fields": ("name", "password1", "password2")}),)
    list_display = ("name", "is_guest", "status", "is_staff", "coins", "joined_at")
    list_filter = ("status", "is_guest", "is_staff", "joined_at")
    search_fields = ("name",)
    folded_search_field = "name_key"
    ordering = ("-joined_at", "-pk")
    show_full_result_count = False
    date_hierarchy = "joined_at"
    filter_horizontal = ("groups", "user_permissions")
    actions = ("ban", "restore")
    fieldsets = (
        (None, {"fields": ("name", "password", "status", "is_guest")}),
        (
            _("Playing"),
            {"fields": ("coins", "joined_at", "last_login", "played", "others")},
        ),
        (
            _("Staff"),
            {"fields": ("is_staff", "is_superuser", "groups", "user_permissions")},
        ),
    )
    facts = (
        *("status", "is_guest", "coins", "joined_at", "last_login", "played"),
        "others",
    )
    powers = ("is_staff", "is_superuser", "groups", "user_permissions")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = list(self.facts)
        if obj is not None and obj.is_guest:
            return [*fields, "name", "password", *self.powers]
        if not getattr(request.user, "is_superuser", False):
            fields += self.powers
        return fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.is_guest:
            return fieldsets
        return ((None, {"fields": ("name", "status", "is_guest")}), fieldsets[1])

    @admin.display(description=_("Answers and codes"))
    def played(self, player: Player) -> SafeString:
        """Links to this player's answers, codes and coins."""
        pages = (
            ("admin:answers_answer_changelist", gettext("Answers")),
            ("admin:games_code_changelist", gettext("Codes")),
            ("admin:users_coinentry_changelist", gettext("Coin ledger")),
        )
        links = [(address(name, player), text) for name, text in pages]
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    @admin.display(description=_("The same person"))
    def others(self, player: Player) -> Any:
        """A guest's account, or the guests that signed in to this account."""
        others = [player.account] if player.account else player.guests.order_by("pk")
        links = [
            (reverse("admin:users_player_change", args=[p.pk]), p, kind_of(p))
            for p in others
        ]
        return format_html_join(" · ", '<a href="{}">{}</a> ({})', links) or "–"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Hash the password first: Django would do so inside a transaction."""
        if request.method == "POST" and self.has_add_permission(request):
            form = self.add_form(request.POST)
            if form.is_valid():
                hashed = make_password(form.cleaned_data["password1"])
                request.hashed = hashed  # type: ignore[attr-defined]
        return super().add_view(request, form_url, extra_context)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if not change:
            form.hashed = getattr(request, "hashed", "")
        return super().save_form(request, form, change)

    def save_model(
        self, request: HttpRequest, obj: Player, form: Any, change: bool
    ) -> None:
        """Save only what staff changed: coins may have changed meanwhile."""
        if not change:
            obj.save()
            return
        self.confirm(request, form, change)
        columns = [name for name in form.changed_data if name in ("name", *self.powers)]
        plain = [name for name in columns if not obj._meta.get_field(name).many_to_many]
        if "name" in plain:
            plain.append("name_key")
        obj.save(update_fields=plain)

    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        player = self.get_object(request, id)
        if player is not None and player.is_guest:
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or staff_of(request).may_manage(obj))

    @admin.action(description=_("Ban selected players"), permissions=["change"])
    def ban(self, request: HttpRequest, players: QuerySet[Player]) -> None:
        banned = sum(self.use(request, player, player.ban) for player in players)
        text = ngettext("%(n)d player banned.", "%(n)d players banned.", banned)
        messages.success(request, text % {"n": banned})

    @admin.action(description=_("Restore selected players"), permissions=["change"])
    def restore(self, request: HttpRequest, players: QuerySet[Player]) -> None:
        restored = sum(self.use(request, player, player.restore) for player in players)
        text = ngettext("%(n)d player restored.", "%(n)d players restored.", restored)
        messages.success(request, text % {"n": restored})

    def use(self, request: HttpRequest, player: Player, verb: Any) -> bool:
        """Call the verb and write it into the history; False if it isn't allowed."""
        by = staff_of(request)
        if player == by or not by.may_manage(player):
            text = gettext("%(name)s: you may not change this player.")
            messages.error(request, text % {"name": player})
            return False
        verb()
        self.log_change(request, player, player.get_status_display())
        return True


def kind_of(player: Player) -> str:
    return gettext("guest") if player.is_guest else gettext("account")


def address(name: str, player: Player) -> str:
    return f"{reverse(name)}?player__id__exact={player.pk}"
