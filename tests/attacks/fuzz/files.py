"""What people upload: pictures and lists of codes, whole and damaged."""

import io
import zipfile
from random import Random

from PIL import Image

from tests.attacks.fuzz import junk

BOUNDARY = "fuzz"
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "ICO", "AVIF", "PPM", "TGA")


def picture(format: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (20, 10), "red").save(out, format)
    return out.getvalue()


def workbook(cells: str) -> bytes:
    """An XLSX file whose only sheet has these rows."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    type_ = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{type_}.sheet.main+xml"/>'
        "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship '
        f'Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
        "</Relationships>",
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" '
        'Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}'
        "</sheetData></worksheet>",
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            # A fixed time, so that the bytes are the same in every run.
            archive.writestr(zipfile.ZipInfo(name), text)
    return out.getvalue()


def cell(said: str, type_: str = "str", place: str = "A1") -> str:
    return f'<row r="1"><c r="{place}" t="{type_}"><v>{said}</v></c></row>'


UPLOADS: tuple[tuple[str, bytes], ...] = (
    *((f"a.{name.lower()}", picture(name)) for name in FORMATS),
    *((f"{name}.xlsx", workbook(rows)) for name, rows in {
        "good": cell("CODE"),
        "formula": '<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>',
        "number": cell("1e400", "n"),
        "date": cell("99999-01-01", "d"),
        "shared": cell("7", "s"),
        "column": cell("CODE", place="ZZZZ1"),
        "row": '<row r="-1"><c r="A0" t="str"><v>CODE</v></c></row>',
        "empty": "",
        "damaged": "<row",
    }.items()),
    ("codes.csv", b"code\r\nA1\r\nA2\r\nA2\r\n"),
    ("codes.csv", b'"' + b"x" * 200_000),
    ("codes.csv", b'code;x\n"a\nb";c\n'),
    ("codes.txt", b"A\x00B\n"),
    ("codes.txt", b"\xff\xfeA\x00"),
    ("codes.txt", "\u202eA\n".encode()),
    ("codes.txt", b"\n" * 5000),
    ("codes", b"A1"),
    ("", b"A1"),
    ("../../a.txt", b"A1"),
    ("a\udcff.csv", b"A1"),
    ("a.png", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"),
    ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
)  # fmt: skip


def multipart(
    random: Random,
    fields: list[tuple[str, str]],
    uploads: list[tuple[str, tuple[str, bytes]]],
) -> tuple[str, str]:
    """A form with files as its body and type, at times damaged."""
    parts = [
        f'Content-Disposition: form-data; name="{n}"\r\n\r\n{v}' for n, v in fields
    ]
    for name, (file, content) in uploads:
        said = junk.text_of(damaged(random, content))
        parts.append(
            f'Content-Disposition: form-data; name="{name}"; filename="{file}"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n{said}"
        )
    body = (
        "".join(f"--{BOUNDARY}\r\n{part}\r\n" for part in parts) + f"--{BOUNDARY}--\r\n"
    )
    type_ = f"multipart/form-data; boundary={BOUNDARY}"
    if random.random() < 0.15:
        body = junk.spoilt(random, body)
    return body, type_


def damaged(random: Random, content: bytes) -> bytes:
    """At times with some bytes changed, or without its end."""
    if random.random() < 0.4 or not content:
        return content
    spoilt = bytearray(content)
    for _time in range(random.choice((1, 2, 8))):
        spoilt[random.randrange(len(spoilt))] = random.choice((0, 1, 127, 128, 255))
    return bytes(
        spoilt[: random.randint(1, len(spoilt))] if random.random() < 0.3 else spoilt
    )
