"""Refusals made without Django's handler: by nginx, and at the boundary."""

import html
import json

from django.utils.translation import get_language

from core.refusals import DETAILS, STATUS

API_PATHS = ("/api/", "/batch")  # here refusals are JSON; elsewhere pages

RETRY_SECONDS = {"unavailable": 2, "rate_limited": 2}
PAGE = """<!doctype html>
<html lang="{language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{detail}</title>
<h1>{detail}</h1>
<p><a href="/">Gameproject</a></p>
</html>
"""


def as_json(code: str, detail: str, _language: str) -> str:
    error: dict[str, object] = {"code": code, "detail": detail}
    if code in RETRY_SECONDS:
        error["retry_after"] = RETRY_SECONDS[code]
    return json.dumps({"error": error}, ensure_ascii=False) + "\n"


def as_page(_code: str, detail: str, language: str) -> str:
    return PAGE.format(language=language, detail=html.escape(detail))


def response_to(path: str, code: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and body of a refusal: JSON or a page, by the path."""
    refusal = (code, str(DETAILS[code]), get_language() or "")
    if path.startswith(API_PATHS):
        content_type, body = b"application/json", as_json(*refusal)
    else:
        content_type, body = b"text/html; charset=utf-8", as_page(*refusal)
    headers = [
        (b"content-type", content_type),
        (b"cache-control", b"private, no-store"),
        (b"content-security-policy", b"default-src 'none'"),
        (b"x-content-type-options", b"nosniff"),
        (b"content-length", str(len(body.encode())).encode()),
    ]
    return STATUS[code], headers, body.encode()
