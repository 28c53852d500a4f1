"""Pictures of games: checked, scaled down and named by their content."""

import hashlib
import io
import struct
import zlib
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from PIL import Image, ImageOps

from core.refusals import Refused

MAX_UPLOAD = 10 * 1024 * 1024  # bytes
MAX_PIXELS = 40_000_000
MAX_SIDE = 1600  # pixels
MAX_SCANS = 100  # of a JPEG; ten are usual, and each decodes all pixels
# The formats of browsers. Pillow reads forty others, some with external programs.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "AVIF")

# What Pillow and its decoders raise for damaged pictures; they share no base class.
UNREADABLE = (
    *(OSError, EOFError, RuntimeError, SyntaxError, ValueError, TypeError),
    *(LookupError, ArithmeticError, MemoryError, struct.error, zlib.error),
)


def prepare(upload: Any) -> ContentFile:
    """The picture as WebP, upright, without metadata; `Refused` if it isn't one."""
    if upload.size > MAX_UPLOAD:
        raise too_large(_("A picture may have at most 10 MB."))
    try:
        content = as_webp(upload.read())
    except Image.DecompressionBombError as error:
        raise too_large(_("The picture has too many pixels.")) from error
    except UNREADABLE as error:
        raise Refused(
            "invalid", _("This is not a picture."), field="picture"
        ) from error
    name = hashlib.sha256(content).hexdigest()[:20]
    return ContentFile(content, f"{name}.webp")


def as_webp(data: bytes) -> bytes:
    """The first frame, scaled down. The size is checked before it is decoded."""
    image: Image.Image = Image.open(io.BytesIO(data), formats=FORMATS)
    if image.width * image.height > MAX_PIXELS:
        raise too_large(_("The picture has too many pixels."))
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_SCANS:
        raise too_large(_("The picture has too many layers."))
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    image = ImageOps.exif_transpose(image)
    out = io.BytesIO()
    image.convert("RGBA" if image.has_transparency_data else "RGB").save(
        out, "WEBP", quality=82
    )
    return out.getvalue()


def too_large(detail: str) -> Refused:
    return Refused("too_large", detail, field="picture")


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Serves a picture, if no web server in front serves MEDIA_ROOT."""
    path = f"pictures/{name}"
    if not default_storage.exists(path):
        raise Http404
    with default_storage.open(path) as stored:
        response = HttpResponse(stored.read(), content_type="image/webp")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
