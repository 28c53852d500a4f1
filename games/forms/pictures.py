"""Uploading a game's picture."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminFileWidget
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from core.refusals import Refused
from games.pictures import prepare

SALT = "games.picture"


class PictureInput(AdminFileWidget):
    """A file input with a small preview of the picture that is there."""

    template_name = "admin/games/picture_input.html"
    renderer_of_project = forms.renderers.TemplatesSetting()

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: Any = None
    ) -> Any:
        # Django's own renderer doesn't look into the project's templates.
        renderer = self.renderer_of_project
        return super()._render(template_name, context, renderer)  # type: ignore[misc]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The upload, or the one that was kept while staff were asked to confirm."""
        return super().value_from_datadict(data, files, name) or kept(
            data.get(f"{name}-kept", "")
        )


class Kept(str):
    """The stored name of a picture that was uploaded and prepared a step before."""


def keep(picture: File) -> str:
    """Store a prepared picture; its name, signed, for a hidden input."""
    name = default_storage.save(f"pictures/{picture.name}", picture)
    return signing.dumps(name, salt=SALT)


def kept(signed: str) -> Kept | None:
    try:
        name = signing.loads(signed, salt=SALT, max_age=24 * 3600)
    except signing.BadSignature:
        return None
    return Kept(name) if default_storage.exists(name) else None


class PictureField(forms.FileField):
    """Cleans to the prepared picture; what is no picture is refused by name."""

    widget = PictureInput
    keep = staticmethod(keep)

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, Kept):
            return data
        upload = super().clean(data, initial)
        if not isinstance(upload, UploadedFile):
            return upload
        try:
            return prepare(upload)
        except Refused as refused:
            text = f"{upload.name}: {refused.detail}"
            raise ValidationError(text, code=refused.code) from refused
