"""The sign-in and sign-up forms, with the limit on failed attempts."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from users.devices import remember
from users.guests import open_account
from users.hashers import MAX_PASSWORD_LENGTH
from users.models import Player
from users.models.player import NAME_TAKEN
from users.names import normalize_key
from users.throttle import Attempt


class SignInForm(AuthenticationForm):
    """Name and password. An unknown name looks and costs like a wrong password."""

    username = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=MAX_PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _("The name or the password is wrong."),
        "inactive": _("The name or the password is wrong."),
        "limited": _("Too many attempts. Wait a few minutes, then try again."),
    }

    refused: Refused | None = None  # why the password was not checked
    user_cache: Player | None
    # Accounts looked up already, by name key; None if there is no such account.
    known: Mapping[str, Player | None] = {}

    @cached_property
    def name_key(self) -> str:
        """The key of the name that was sent; empty if no account can have the name."""
        try:
            return normalize_key(self.data.get("username", ""))
        except Refused:
            return ""

    def clean(self) -> dict[str, Any]:
        """Check the password, unless too many attempts have failed."""
        name = self.cleaned_data.get("username")
        password = self.cleaned_data.get("password")
        if not name or not password:
            return self.cleaned_data
        account = self.find_account()
        try:
            self.check(password, account)
        except Refused as refused:
            self.refused = refused
            detail: Any = refused.detail  # lazy: translated for the reader
            raise ValidationError(detail, code=refused.code) from None
        self.user_cache = account
        return self.cleaned_data

    def find_account(self) -> Player | None:
        if self.name_key in self.known:
            return self.known[self.name_key]
        return Player.objects.filter(name_key=self.name_key).first()

    def check(self, password: str, account: Player | None) -> None:
        """Raise `ValidationError` unless it is the account's password.

        A wrong one counts as a failed attempt. After too many, raise `Refused`.
        """
        assert self.request is not None
        attempt = Attempt(self.request, self.name_key, account)
        wait = attempt.begin()
        if wait:
            limited = self.error_messages["limited"]
            raise Refused("rate_limited", limited, retry_after=wait)
        if not proves(password, account):
            raise self.get_invalid_login_error()
        assert account is not None
        self.confirm_login_allowed(account)
        attempt.take_back()


def proves(password: str, account: Player | None) -> bool:
    """Whether it is the account's password. Without an account it takes as long."""
    if account is None:
        make_password(password)
        return False
    return account.check_password(password)


View = Callable[..., HttpResponseBase]


def sign_in_page(view: View) -> View:
    """Decorates a view with a `SignInForm`: sets headers, status and device cookie.

    After a sign-in, the account is added to the device cookie. If the password was not
    checked, the response has the refusal's status and headers.
    """

    @wraps(view)
    def decorated(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        response = view(request, *args, **kwargs)
        form = (getattr(response, "context_data", None) or {}).get("form")
        refused = getattr(form, "refused", None)
        if refused:
            refused.mark(response)
        elif request.method == "POST" and response.status_code == 302:
            remember_account(request, response)
        return response

    return decorated


def remember_account(request: HttpRequest, response: HttpResponseBase) -> None:
    player = request.user
    if isinstance(player, Player) and not player.is_guest:
        remember(request, response, player)


class SignUpForm(forms.ModelForm):
    """A new account."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=MAX_PASSWORD_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )

    class Meta:
        model = Player
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "username"})}

    def clean_name(self) -> str:
        try:
            return Player.objects.check_name(self.cleaned_data["name"])
        except Refused as refused:
            raise ValidationError(str(refused.detail), code=refused.code) from refused

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password

    def save_once(self, guest: Player | None = None) -> Player | None:
        """The new account, made from the guest if there is one.

        None, with an error in the form, if somebody took the name just now.
        """
        # Hashing takes long: do it before the transaction, which holds a connection.
        hashed = make_password(self.cleaned_data["password"])
        try:
            return open_account(self.cleaned_data["name"], hashed, guest)
        except IntegrityError:
            self.add_error("name", NAME_TAKEN)
            return None
