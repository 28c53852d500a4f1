"""Reads XML inside a ZIP archive as a stream, within bounds.

A few kilobytes of such an archive can unpack to any number of elements or texts. So
each part is read in pieces, and their elements are counted first.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.parsers import expat

MAX_UNPACKED = 128 * 1024 * 1024  # bytes, of all parts together
MAX_TAG = 64 * 1024  # bytes
MAX_ELEMENTS = 6_000_000
MAX_DEPTH = 100  # elements inside one another
PIECE = 32 * 1024  # bytes

# What broken archives and XML raise, here and in the libraries.
BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error, expat.ExpatError),
    *(OSError, EOFError, RuntimeError, LookupError, ValueError),
)


class TooLarge(Exception):
    """The archive is larger than any real workbook."""


def check_members(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if sum(member.file_size for member in members) > MAX_UNPACKED:
        raise TooLarge
    known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # others unpack without a bound
    if any(member.compress_type not in known for member in members):
        raise ValueError("an unknown compression")


@dataclass
class Budget:
    """How many elements may still be read, in all parts together."""

    left: int = MAX_ELEMENTS

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooLarge


class Part:
    """One part of the archive; subclasses handle its elements."""

    def __init__(self, budget: Budget) -> None:
        self.budget, self.depth = budget, 0

    def read(self, archive: zipfile.ZipFile, path: str) -> Iterator[None]:
        """Read it piece by piece; yields after each."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse_doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self.text
        fed = 0
        with archive.open(path) as stream:
            while piece := stream.read(PIECE):
                parser.Parse(piece)
                fed += len(piece)
                if fed - parser.CurrentByteIndex > MAX_TAG + PIECE:
                    raise TooLarge  # expat would parse it again with every piece
                yield
        parser.Parse(b"", True)
        yield

    def whole(self, archive: zipfile.ZipFile, path: str) -> None:
        for _piece in self.read(archive, path):
            pass

    def _refuse_doctype(self, *_arguments: Any) -> None:
        raise ValueError("a document type, which may define entities without end")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.budget.spend()
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooLarge
        self.start(name.rpartition(":")[2], attributes)

    def _end(self, name: str) -> None:
        self.depth -= 1
        self.end(name.rpartition(":")[2])

    def start(self, name: str, attributes: dict[str, str]) -> None: ...

    def end(self, name: str) -> None: ...

    def text(self, text: str) -> None: ...
