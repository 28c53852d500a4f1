"""`manage.py createsuperuser`, which asks for the name used to sign in."""

from typing import Any, ClassVar

from django.contrib.auth.management.commands import createsuperuser
from django.utils.translation import override

from core.refusals import Refused
from users.models import Player


class ByName:
    """A user model as Django's command wants it, with `name` as its key."""

    USERNAME_FIELD = "name"
    REQUIRED_FIELDS: ClassVar[tuple[str, ...]] = ()
    _meta = Player._meta
    _default_manager = Player.objects

    def __new__(cls, **fields: Any) -> Any:
        return Player(**fields)


class Command(createsuperuser.Command):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.UserModel: Any = ByName
        self.username_field: Any = Player._meta.get_field(ByName.USERNAME_FIELD)

    def _validate_username(self, username: str, *args: Any) -> str | None:
        """The error in the name; None if there is none."""
        inherited: Any = super()
        if error := inherited._validate_username(username, *args):
            return str(error)
        try:
            Player.objects.check_name(username, allow_blocked=True)
        except Refused as refused:
            with override("en"):
                return f"Error: {refused.detail}"
        return None
