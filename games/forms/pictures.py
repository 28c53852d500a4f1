"""The field to upload a game's picture."""

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
    """A file input with a preview of the current picture."""

    template_name = "admin/games/picture_input.html"
    renderer_of_project = forms.renderers.TemplatesSetting()

    def _render(
        self, template_name: str, context: dict[str, Any], renderer: Any = None
    ) -> Any:
        # Django's own renderer doesn't look into the project's templates.
        renderer = self.renderer_of_project
        return super()._render(template_name, context, renderer)  # type: ignore[misc]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """The upload, or the one stored while staff were asked to confirm."""
        upload = super().value_from_datadict(data, files, name)
        return upload or stored_upload(data.get(f"{name}-kept", ""))


class StoredUpload(str):
    """The name of a picture that was uploaded, prepared and stored a step before."""


def store_upload(picture: File) -> str:
    """Store a prepared picture; its signed name, for a hidden input."""
    name = default_storage.save(f"pictures/{picture.name}", picture)
    return signing.dumps(name, salt=SALT)


def stored_upload(signed: str) -> StoredUpload | None:
    try:
        name = signing.loads(signed, salt=SALT, max_age=24 * 3600)
    except signing.BadSignature:
        return None
    return StoredUpload(name) if default_storage.exists(name) else None


class PictureField(forms.FileField):
    """Cleans to the prepared picture; `ValidationError` if it isn't a picture."""

    widget = PictureInput
    keep = staticmethod(store_upload)

    def clean(self, data: Any, initial: Any = None) -> Any:
        if isinstance(data, StoredUpload):
            return data
        upload = super().clean(data, initial)
        if not isinstance(upload, UploadedFile):
            return upload
        try:
            return prepare(upload)
        except Refused as refused:
            text = f"{upload.name}: {refused.detail}"
            raise ValidationError(text, code=refused.code) from refused
