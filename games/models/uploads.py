"""Uploaded files, stored until staff confirm the import.

They are in the database, so that any host can continue, and split into pieces, so that
no row is large.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import uuid4

from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from core.refusals import Refused
from games.models.prizes import Pool
from users.models import Player

LIFETIME = timedelta(hours=1)
MAX_FILES = 3  # of one member of staff; older ones are deleted
PIECE = 512 * 1024  # bytes
MAX_NAME_LENGTH = 200  # characters; the end of a longer name is stored
IN_MEMORY = 2 * 1024 * 1024  # bytes; a larger file is read back to disk


class UploadQuerySet(models.QuerySet["Upload"]):
    def store(self, file: Any, pool: Pool, by: Player) -> "Upload":
        """Store an uploaded file, whose size and type have been checked."""
        with transaction.atomic():
            newest = self.filter(by=by).order_by("-pk").values_list("pk", flat=True)
            self.filter(pk__in=list(newest[MAX_FILES - 1 :])).delete()
            upload = self.create(
                by=by, pool=pool, name=file.name[-MAX_NAME_LENGTH:], at=timezone.now()
            )
            pieces = iter(lambda: file.read(PIECE), b"")
            for place, data in enumerate(pieces):
                Piece.objects.create(upload=upload, place=place, data=data)
        return upload

    def stored_for(self, by: Player, pool: Pool, now: datetime) -> "UploadQuerySet":
        """What this member of staff uploaded for the pool and is still stored."""
        return self.filter(by=by, pool=pool, at__gt=now - LIFETIME)

    def clear(self, now: datetime) -> None:
        """Delete files whose lifetime is over."""
        self.filter(at__lte=now - LIFETIME).delete()


class Upload(models.Model):
    """A file that waits for its import; only its uploader can see it."""

    key = models.UUIDField(default=uuid4, unique=True)
    by = models.ForeignKey(Player, models.CASCADE, related_name="+")
    pool = models.ForeignKey(Pool, models.CASCADE, related_name="+")
    name = models.CharField(max_length=MAX_NAME_LENGTH)
    at = models.DateTimeField(db_index=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")

    def __str__(self) -> str:
        return self.name

    @contextmanager
    def opened(self) -> Iterator[IO[bytes]]:
        """The file as it was uploaded."""
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            for data in self._pieces():
                file.write(data)
            file.seek(0)
            yield file

    def _pieces(self) -> Iterator[bytes]:
        for piece in self.pieces.order_by("place").iterator(chunk_size=1):
            yield bytes(piece.data)

    def take(self) -> None:
        """Delete it in this transaction, so that it is imported only once.

        `Refused`, without waiting, if another request has taken it.
        """
        free = Upload.objects.select_for_update(skip_locked=True).filter(pk=self.pk)
        if not free:
            text = gettext("This file is being imported already.")
            raise Refused("invalid", text, field="file")
        self.delete()


class Piece(models.Model):
    """A part of an uploaded file."""

    upload = models.ForeignKey(Upload, models.CASCADE, related_name="pieces")
    place = models.PositiveSmallIntegerField()
    data = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint("upload", "place", name="piece_once_a_place")
        ]

    def __str__(self) -> str:
        return f"{self.upload_id}.{self.place}"
