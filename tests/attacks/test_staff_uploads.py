"""Files that staff upload are read within bounds, or refused, whatever is in them."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from core.refusals import Refused
from games.codes import Line, codes_in
from games.pictures import FORMATS, MAX_SCANS, MAX_SIDE, prepare
from games.tables.files import table_of
from games.tables.guesses import CODE_WORDS
from games.tables.workbook_parts import MAX_STYLES
from games.tables.workbooks import MAX_ROWS, Hidden, rows_of
from games.tables.xml_parts import MAX_DEPTH, Budget

SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TEXT = '<c r="{}" t="inlineStr"><is><t>{}</t></is></c>'


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def workbook(**changed: Callable[[bytes], bytes]) -> bytes:
    """A workbook with the code ONE, some of whose parts were written anew."""
    book, plain, out = openpyxl.Workbook(), io.BytesIO(), io.BytesIO()
    book.active.append(["ONE", "x"])
    book.save(plain)
    parts = {"sheet": SHEET, "styles": STYLES}
    new = {parts[name]: change for name, change in changed.items()}
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            change = new.get(name, bytes)
            target.writestr(name, change(source.read(name)))
    return out.getvalue()


def with_rows(rows: str) -> bytes:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    return workbook(sheet=lambda _before: sheet.encode())


def read(name: str, content: bytes) -> list[Line]:
    """The codes of a file, read as it is understood unasked."""
    table = table_of(upload(name, content))
    codes = codes_in(table, table.guess(CODE_WORDS))
    codes.check()
    return codes.lines


def refusal(name: str, content: bytes) -> str:
    with pytest.raises(Refused) as caught:
        read(name, content)
    assert caught.value.field == "file"
    return caught.value.code


# Workbooks


def test_gap_between_rows_is_not_filled() -> None:
    far = f'<row r="{MAX_ROWS}">{TEXT.format(f"A{MAX_ROWS}", "TWO")}</row>'
    rows = list(rows_of(io.BytesIO(with_rows(far))))
    assert [row.number for row in rows] == [MAX_ROWS]


def test_row_that_no_sheet_has_is_refused_unread() -> None:
    for number in (2_000_000_000, 0, -1, "1e9", "x", "9" * 5000):
        row = f'<row r="{number}">{TEXT.format("A1", "ONE")}</row>'
        assert refusal("a.xlsx", with_rows(row)) == "invalid"


def test_far_column_makes_no_cells_before_it() -> None:
    cells = TEXT.format("A1", "ONE") + TEXT.format("XFD1", "x")
    [row] = rows_of(io.BytesIO(with_rows(f'<row r="1">{cells}</row>')))
    assert ({n: c.text for n, c in row.cells.items()}, row.others) == ({0: "ONE"}, True)
    lonely = f'<row r="1">{TEXT.format("XFD1", "x")}</row>'
    assert refusal("a.xlsx", with_rows(lonely)) == "invalid"


def test_row_and_column_without_a_size_are_hidden() -> None:
    rows = "".join(
        f'<row r="{n}" ht="{height}">{TEXT.format(f"A{n}", n)}</row>'
        for n, height in ((1, 15), (2, 0))
    )
    hidden = Hidden()
    found = list(rows_of(io.BytesIO(with_rows(rows)), 0, hidden))
    assert ([row.number for row in found], hidden.rows) == ([1], 1)
    for width in ("1e9", "x", "nan", ""):
        columns = f'<cols><col min="1" max="{width}" hidden="1"/></cols>'
        content = workbook(
            sheet=lambda before, cols=columns: before.replace(
                b"<sheetData>", cols.encode() + b"<sheetData>"
            )
        )
        assert refusal("a.xlsx", content) == "invalid"


def test_elements_of_all_parts_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("games.tables.workbooks.Budget", lambda: Budget(1000))
    for part in ("<c/>", "<x/>", "<row/>"):
        assert refusal("a.xlsx", with_rows(f"<row>{part * 1000}</row>")) == "too_large"


@pytest.mark.parametrize(
    "content",
    [
        with_rows("<a>" * (MAX_DEPTH + 1)),
        with_rows(f"<row>{TEXT.format('A1', 'x' * 40_000)}</row>"),
        with_rows(f'<row a="{"x" * 200_000}"/>'),
        with_rows(f"<!--{'x' * 200_000}--><row/>"),
        workbook(
            styles=lambda before: before.replace(
                b"</cellXfs>", b"<xf/>" * MAX_STYLES + b"</cellXfs>"
            )
        ),
    ],
    ids=["deep", "long text", "long tag", "long comment", "styles"],
)
def test_workbook_beyond_a_bound_is_too_large(content: bytes) -> None:
    assert refusal("a.xlsx", content) == "too_large"


def test_parts_are_weighed_together_before_any_is_unpacked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("games.tables.xml_parts.MAX_UNPACKED", 1000)
    assert refusal("a.xlsx", workbook()) == "too_large"


def test_entities_are_not_expanded() -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    row = '<row><c t="str"><v>&b;</v></c></row>'
    sheet = f"{entities}<worksheet><sheetData>{row}</sheetData></worksheet>"
    content = workbook(sheet=lambda _before: sheet.encode())
    assert refusal("a.xlsx", content) == "invalid"


def test_unusual_compression_is_refused_unread() -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as archive:
            archive.writestr(SHEET, "x")
        assert refusal("a.xlsx", out.getvalue()) == "invalid"


def test_number_without_end_is_refused_by_its_row() -> None:
    for number in ("9" * 5000, "1e400", "-1e400", "nan"):
        content = with_rows(f"<row><c><v>{number}</v></c></row>")
        assert refusal("a.xlsx", content) == "invalid"


def test_shared_texts_in_runs_are_one_text() -> None:
    book, out = openpyxl.load_workbook(io.BytesIO(workbook())), io.BytesIO()
    book.active.append([12345.0])
    book.save(out)
    lines = read("a.xlsx", out.getvalue())
    assert [line.text for line in lines] == ["ONE", "12345"]
    runs = "<is><r><t>TW</t></r><r><t>O</t></r><rPh><t>no</t></rPh></is>"
    sheet = with_rows(f'<row><c t="inlineStr">{runs}</c></row>')
    assert [line.text for line in read("a.xlsx", sheet)] == ["TWO"]


def test_damaged_workbook_is_read_or_refused() -> None:
    refused = 0
    for content in damaged(workbook(), 150):
        try:
            read("a.xlsx", content)
        except Refused:
            refused += 1
    assert refused > 30


# Lists


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"," * 200_000, "invalid"),
        ("a.csv", b'"' + b"x" * 200_000, "invalid"),
        ("a.txt", b"x" * 200_000, "invalid"),
        ("a.csv", b"\n" * (MAX_ROWS + 1), "too_large"),
        ("a.txt", b"\n" * (MAX_ROWS + 1), "too_large"),
        ("a.csv", b'"a,\n",' * (MAX_ROWS + 1), "too_large"),
    ],
    ids=["columns", "field", "line", "rows", "lines", "quoted lines"],
)
def test_list_beyond_a_bound_is_refused(name: str, content: bytes, code: str) -> None:
    assert refusal(name, content) == code


# Pictures


def picture(kind: str, **more: Any) -> bytes:
    out = io.BytesIO()
    image = Image.effect_noise((60, 45), 60).convert("RGB")
    image.save(out, kind, **more)
    return out.getvalue()


def animated(kind: str) -> bytes:
    frames = [Image.effect_noise((60, 45), 60).convert("RGB") for _ in range(3)]
    return picture(kind, save_all=True, append_images=frames)


def turned(kind: str) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return picture(kind, exif=exif)


SOUND = {
    **{kind: picture(kind) for kind in FORMATS},
    **{f"animated {kind}": animated(kind) for kind in ("GIF", "WEBP", "AVIF", "PNG")},
    **{f"turned {kind}": turned(kind) for kind in ("JPEG", "WEBP", "PNG")},
}


def damaged(content: bytes, count: int) -> Iterator[bytes]:
    """The same file cut off, and with some bytes changed; the same every time."""
    chance = random.Random(count)
    for number in range(count):
        if number % 3 == 0:
            yield content[: chance.randrange(len(content))]
            continue
        changed = bytearray(content)
        reach = len(content) if number % 3 == 1 else min(len(content), 400)
        for _byte in range(chance.choice((1, 2, 5, 20))):
            changed[chance.randrange(reach)] = chance.randrange(256)
        yield bytes(changed)


def picture_refusal(content: bytes) -> str:
    with pytest.raises(Refused) as caught:
        prepare(upload("a.png", content))
    assert caught.value.field == "picture"
    return caught.value.code


@pytest.mark.parametrize("kind", SOUND)
def test_sound_picture_is_kept_small_and_upright(kind: str) -> None:
    kept = Image.open(prepare(upload("a", SOUND[kind])))
    assert kept.format == "WEBP"
    assert kept.size == ((45, 60) if kind.startswith("turned") else (60, 45))
    assert getattr(kept, "n_frames", 1) == 1


@pytest.mark.parametrize("kind", SOUND)
@pytest.mark.filterwarnings("ignore")  # Pillow's, of what it finds in such files
def test_damaged_picture_is_read_or_refused(kind: str) -> None:
    refused = 0
    for content in damaged(SOUND[kind], 90):
        try:
            prepare(upload("a", content))
        except Refused:
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "TGA", "EPS", "PDF"])
def test_picture_of_a_format_off_the_list_is_refused(kind: str) -> None:
    assert picture_refusal(picture(kind)) == "invalid"


def png_of(width: int, height: int) -> bytes:
    """A PNG that says it has so many pixels, and holds none."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"")


def webp_of(width: int, height: int) -> bytes:
    """An animated WebP with a canvas of that size and a frame of ten by ten."""
    small = struct.pack("<I", 9)[:3] * 2
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    frame = b"\x00" * 6 + small + b"\x00" * 4 + picture_of_ten()[12:]
    parts = b"VP8X" + struct.pack("<I", 10) + b"\x02\x00\x00\x00" + canvas
    parts += b"ANIM" + struct.pack("<I", 6) + b"\x00" * 6
    parts += b"ANMF" + struct.pack("<I", len(frame)) + frame
    return b"RIFF" + struct.pack("<I", len(parts) + 4) + b"WEBP" + parts


def picture_of_ten() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (10, 10)).save(out, "WEBP")
    return out.getvalue()


def gif_of(width: int, height: int) -> bytes:
    """A GIF whose first frame is larger than its screen, and holds nothing."""
    screen = b"GIF89a" + struct.pack("<HH", 10, 10) + b"\x00" * 3
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\x00"
    return screen + frame + b"\x02\x00\x3b"


@pytest.mark.parametrize(
    "content",
    [
        png_of(60_000, 60_000),
        png_of(7_000, 6_000),
        webp_of(16_383, 16_383),
        webp_of(7_000, 6_000),
        gif_of(60_000, 60_000),
    ],
    ids=["PNG", "smaller PNG", "canvas", "smaller canvas", "GIF"],
)
def test_picture_of_too_many_pixels_is_refused_undecoded(content: bytes) -> None:
    assert picture_refusal(content) == "too_large"


def test_layers_of_a_jpeg_are_counted_before_they_are_decoded() -> None:
    content = picture("JPEG", progressive=True)
    last = content[content.rindex(b"\xff\xda") : -2]
    assert prepare(upload("a", content[:-2] + last * 10 + content[-2:]))
    many = content[:-2] + last * MAX_SCANS + content[-2:]
    assert picture_refusal(many) == "too_large"


def test_large_picture_becomes_small() -> None:
    out = io.BytesIO()
    Image.new("RGB", (4000, 2000), "green").save(out, "JPEG")
    kept = Image.open(prepare(upload("a.jpg", out.getvalue())))
    assert kept.size == (MAX_SIDE, MAX_SIDE // 2)
