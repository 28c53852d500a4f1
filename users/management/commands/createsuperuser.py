"""`manage.py createsuperuser`: asks for the name that one signs in with."""

from typing import Any, ClassVar

from django.contrib.auth.management.commands import createsuperuser
from django.utils.translation import override

from core.refusals import Refused
from users.models import Player


class ByName:
    """What Django's command asks of a user model, where its key is the name."""

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
        """What is wrong with the name; None if nothing is."""
        inherited: Any = super()
        if wrong := inherited._validate_username(username, *args):
            return str(wrong)
        try:
            Player.objects.check_name(username, allow_blocked=True)
        except Refused as refused:
            with override("en"):
                return f"Error: {refused.detail}"
        return None
