"""Pictures of games: checked, made small and named by their content."""

import hashlib
import io
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from PIL import Image, ImageOps, UnidentifiedImageError

from users.refusals import Refused

LARGEST_UPLOAD = 10 * 1024 * 1024  # bytes
LARGEST_PIXELS = 40_000_000
LONGEST_SIDE = 1600  # pixels


def prepare(upload: Any) -> ContentFile:
    """The picture as WebP, upright, without metadata; `Refused` if it is none."""
    if upload.size > LARGEST_UPLOAD:
        raise Refused("too_large", _("A picture has at most 10 MB."), field="picture")
    try:
        image: Image.Image = Image.open(upload)
        if image.width * image.height > LARGEST_PIXELS:
            raise Refused(
                "too_large", _("The picture has too many pixels."), field="picture"
            )
        image = ImageOps.exif_transpose(image)
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        out = io.BytesIO()
        image.convert("RGBA" if image.has_transparency_data else "RGB").save(
            out, "WEBP", quality=82
        )
    except Image.DecompressionBombError as error:
        raise Refused(
            "too_large", _("The picture has too many pixels."), field="picture"
        ) from error
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise Refused("invalid", _("That is no picture."), field="picture") from error
    content = out.getvalue()
    name = hashlib.sha256(content).hexdigest()[:20]
    return ContentFile(content, f"{name}.webp")


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """A picture, where no server in front serves MEDIA_ROOT itself."""
    path = f"pictures/{name}"
    if not default_storage.exists(path):
        raise Http404
    with default_storage.open(path) as stored:
        response = HttpResponse(stored.read(), content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
