"""What a new password must be."""

from typing import Any

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from users.hashers import MAX_PASSWORD_LENGTH


class LengthValidator(MinimumLengthValidator):
    """Neither too short to be safe nor longer than anybody types."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > MAX_PASSWORD_LENGTH:
            text = _("This password is too long.")
            raise ValidationError(text, code="password_too_long")
        super().validate(password, user)
