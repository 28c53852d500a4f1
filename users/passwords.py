"""What a new password must be."""

from typing import Any

from django.contrib.auth.password_validation import (
    CommonPasswordValidator,
    MinimumLengthValidator,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from users.hashers import MAX_PASSWORD_LENGTH


class LengthValidator(MinimumLengthValidator):
    """Neither too short to be safe nor longer than anybody types."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MAX_PASSWORD_LENGTH:
            text = _("This password is too long.")
            raise ValidationError(text, code="password_too_long")
        super().validate(password, user)

    # In our own words, because Django's have no Thai.

    def get_error_message(self) -> str:
        return self.get_help_text()

    def get_help_text(self) -> str:
        return ngettext(
            "A password has at least %(least)d character.",
            "A password has at least %(least)d characters.",
            self.min_length,
        ) % {"least": self.min_length}


class CommonValidator(CommonPasswordValidator):
    """None of those that are tried first."""

    def get_error_message(self) -> str:
        return _("Many people use this password. Choose another.")

    def get_help_text(self) -> str:
        return _("Don’t take one that many people use.")
