"""Forms that no browser sends: refused with 4xx, and nothing worse."""

import pytest

from tests.attacks.wire import exchange, request
from tests.conftest import SETTINGS
from tests.fronted import Fronted

FORM, PARTS = "application/x-www-form-urlencoded", "multipart/form-data; boundary=b"


def part(headers: str, value: str = "x") -> str:
    return f"--b\r\n{headers}\r\n\r\n{value}\r\n"


END, BASE64 = "--b--", "Content-Transfer-Encoding: base64"
FIELD = 'Content-Disposition: form-data; name="nickname"'
BODIES: dict[str, tuple[str, str]] = {
    "any codec": (f"{FORM}; charset=rot13", "nickname=x"),
    "a codec of bytes": (f"{FORM}; charset=hex", "nickname=x"),
    "no codec": (f"{FORM}; charset=no-such-thing", "nickname=x"),
    "two codecs": (f"{FORM}; charset=utf-8; charset*=rot13'en'x", "nickname=x"),
    "too many fields": (FORM, "a=b&" * 20_000),
    "bytes that are no text": (FORM, "next=%ff%00%ed%a0%80"),
    "a bomb in the type": ("a/b" + ";" * 5000 + '"', "nickname=x"),
    "no boundary": ("multipart/form-data", part(FIELD)),
    "an empty boundary": ("multipart/form-data; boundary=", part(FIELD)),
    "a boundary of 4 KB": (f"multipart/form-data; boundary={'b' * 4000}", "x"),
    "another boundary": ("multipart/form-data; boundary=c", part(FIELD)),
    "no end": (PARTS, part(FIELD)),
    "no blank line": (PARTS, f"--b\r\n{FIELD}"),
    "a part of headers": (PARTS, part(f"{FIELD}\r\n" + "A: b\r\n" * 2000)),
    "too many parts": (PARTS, part(FIELD) * 1500 + END),
    "too many files": (PARTS, part(f'{FIELD}; filename="f"') * 150 + END),
    "a codec in a file's name": (
        PARTS,
        part(f"{FIELD}; filename*=rot13''%41") + "--b--",
    ),
    "broken base64": (
        PARTS,
        part(f"{FIELD}\r\nContent-Transfer-Encoding: base64", "="),
    ),
    "a number that is none": (PARTS, part(f"{FIELD}\r\nContent-Length: x") + END),
}


@pytest.mark.parametrize(("kind", "body"), BODIES.values(), ids=BODIES.keys())
def test_form_that_can_not_be_read_is_no_fault_of_ours(
    fronted: Fronted, kind: str, body: str
) -> None:
    slug = fronted.make_game("puzzle", SETTINGS["puzzle"])
    origin = ("Origin", f"http://{fronted.site.listen}")
    headers = [("Content-Type", kind), origin]
    paths = ("/login/", "/signup/", f"/games/{slug}/join/", "/admin/login/", "/batch")
    for path in paths:
        for port in (fronted.ports[0], int(fronted.site.listen.rpartition(":")[2])):
            asked = request(path, *headers, method="POST", body=body.encode())
            answer = exchange(port, asked)
            # A sign-in form that is incomplete is shown again, with what is wrong.
            shown_again = answer.status == 200 and path in ("/login/", "/signup/")
            assert shown_again or 400 <= answer.status < 500, path
            if path == "/batch" and answer.body:  # Twisted refuses some without
                assert answer.json()["error"]["code"] in ("invalid", "too_large")
    assert "Internal Server Error" not in fronted.log.read_text()
    fronted.forget_errors()  # Django names what was sent as suspicious
