"""The rules for new passwords."""

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
    """Long enough to be safe, and not so long that hashing it is a burden."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MAX_PASSWORD_LENGTH:
            text = _("This password is too long.")
            raise ValidationError(text, code="password_too_long")
        super().validate(password, user)

    # Our own texts, because Django's are not translated into Thai.

    def get_error_message(self) -> str:
        return self.get_help_text()

    def get_help_text(self) -> str:
        return ngettext(
            "A password has at least %(least)d character.",
            "A password has at least %(least)d characters.",
            self.min_length,
        ) % {"least": self.min_length}


class CommonValidator(CommonPasswordValidator):
    """Not one of the most common passwords."""

    def get_error_message(self) -> str:
        return _("Many people use this password. Choose another.")

    def get_help_text(self) -> str:
        return _("Don’t choose one that many people use.")
