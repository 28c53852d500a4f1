"""Signing in: forms, and the limit on failed attempts."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import get_usage

from users.hashers import LONGEST_PASSWORD
from users.models import Player
from users.models.player import LONGEST_NAME
from users.names import fold, is_blocked, tidy


class SignInForm(AuthenticationForm):
    """Name and password. Unknown name and wrong password look and cost the same."""

    username = forms.CharField(
        label=_("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    error_messages = {
        "invalid_login": _("The name or the password isn't right."),
        "inactive": _("The name or the password isn't right."),
        "limited": _("Too many attempts. Wait a few minutes, then try again."),
    }

    def clean(self) -> dict[str, Any]:
        assert self.request is not None
        name = self.cleaned_data.get("username", "")
        if is_limited(self.request, name):
            raise ValidationError(self.error_messages["limited"], code="limited")
        try:
            return super().clean()
        except ValidationError:
            count_failure(self.request, name)
            raise


def is_limited(request: HttpRequest, name: str) -> bool:
    return any(
        usage["should_limit"] or usage["count"] >= usage["limit"]
        for usage in _usages(request, name, increment=False)
    )


def count_failure(request: HttpRequest, name: str) -> None:
    _usages(request, name, increment=True)


def _usages(request: HttpRequest, name: str, increment: bool) -> list[dict[str, Any]]:
    """What the account and the address have used of their failures."""
    keys = {"account": lambda _group, _request: fold(name) or "-", "address": "ip"}
    usages = [
        get_usage(
            request,
            group=f"sign-in-{what}",
            key=keys[what],
            rate=rate,
            increment=increment,
        )
        for what, rate in settings.SIGN_IN_FAILURES.items()
    ]
    return [usage for usage in usages if usage]


class SignUpForm(forms.ModelForm):
    """A new account."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validation.password_validators_help_text_html,
    )

    class Meta:
        model = Player
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "username"})}

    def clean_name(self) -> str:
        name = tidy(self.cleaned_data["name"])
        if len(name) > LONGEST_NAME:
            raise ValidationError(_("A name has at most 40 characters."))
        if len(fold(name)) < 2:
            raise ValidationError(_("A name has at least 2 letters or digits."))
        if is_blocked(name):
            raise ValidationError(_("Choose another name."))
        if Player.objects.filter(name_key=fold(name)).exists():
            raise ValidationError(_("That name is taken."))
        return name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password)
        return password

    def save_once(self) -> Player | None:
        """The new account; None, with an error, if the name was taken just now."""
        player = Player(name=self.cleaned_data["name"])
        # Before the transaction, which holds a connection: hashing takes its time.
        player.set_password(self.cleaned_data["password"])
        try:
            with transaction.atomic():
                player.save()
        except IntegrityError:
            self.add_error("name", _("That name is taken."))
            return None
        return player
