"""Headers of requests, most of them such as no browser sends."""

from random import Random

from tests.attacks.fuzz import junk

Headers = list[tuple[str, str]]

CHARSETS = (
    *(
        "utf-8",
        "latin-1",
        "utf-16",
        "utf-7",
        "rot13",
        "hex",
        "zlib",
        "idna",
        "punycode",
    ),
    *(
        "unicode_escape",
        "undefined",
        "mbcs",
        "base64",
        "x",
        "",
        '"',
        "utf-8\0",
        "\udcff",
    ),
)
TYPES = (
    *("application/json", "application/x-www-form-urlencoded", "text/plain", "", "x"),
    *("multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; a=b"),
    *('multipart/form-data; boundary="\udcff"', "multipart/form-data; boundary=a*=b"),
    *("multipart/form-data; boundary*0=a; boundary*1=b", "application/json; a=*''%ff"),
    "multipart/form-data; boundary=" + "x" * 300,
)
COOKIES = (
    *("sessionid=", "sessionid=a", "sessionid=" + "a" * 32, "sessionid=" + "z" * 300),
    *('sessionid="\\000aaaaaaaaaaaaaaaa"', 'sessionid="\\377\\377\\377\\377aaaaaa"'),
    *(
        "sessionid=\udcff\udcfe aaaaaaaaaa",
        "sessionid=ช้างช้างช้าง",
        "sessionid='--aaaaaaaaaa",
    ),
    *("csrftoken=", "csrftoken=" + "x" * 64, "csrftoken=\udcff", 'csrftoken="\\000"'),
    *("messages=", "messages=a:b:c", 'messages="[[\\"__json_message\\"]]:x:y"'),
    *("django_language=th", "django_language=../..", 'django_language="\\000"'),
    *(
        "django_language=" + "a-" * 200,
        "=",
        ";;;",
        "a",
        '"',
        "sessionid",
        "\udcff=\udcff",
    ),
)
LANGUAGES = (
    *("th", "en", "th-TH,th;q=0.9,en;q=0.8", "*", "*;q=0", "xx", ";q=", "en;q=9e99"),
    *("\udcff", "th;q=0.٣", "a" * 500, "en-" * 200, ",".join(["th"] * 200), "zh-hans"),
)
TIMES = (
    *(
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 2026 25:61:61 GMT",
        "0",
        "-1",
        "now",
    ),
    *("Sat, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 99999 00:00:00 GMT", "\udcff"),
    *("Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"),
)
TAGS = (
    "*",
    '"x"',
    'W/"x"',
    '"',
    'W/"',
    "x",
    ",",
    '"a","b"',
    "\udcff",
    '"' + "x" * 2000,
)
RANGES = (
    *(
        "bytes=0-",
        "bytes=-1",
        "bytes=0-0",
        "bytes=5-2",
        "bytes=9999999999-",
        "bytes=a-b",
    ),
    *("bytes=0-0,2-3", "bytes=--1", "bytes=", "lines=1-2", "bytes=-0", "bytes=²-٣"),
)
HOSTS = (
    *("evil.example", "", "127.0.0.1:99999", "127.0.0.1:x", "[::1", "[::1]:80", "a..b"),
    *("{host}.", "{host}@evil.example", "\udcff", "a" * 300, "localhost", "{host} x"),
)
ORIGINS = (
    *(
        "null",
        "https://evil.example",
        "{origin}.evil.example",
        "http://[",
        "//",
        "{origin}/",
    ),
    *("\udcff", "http://[::1]:99999999", "http://a:b@c", "javascript:x", "{host}"),
)
TOKENS = (
    *("Bearer", "Bearer ", "Bearer x", "Bearer gp_" + "x" * 43, "bearer gp_\udcff"),
    *("Basic Og==", "Basic \udcff", "Bearer " + "x" * 5000, "Digest a=b", "Bearer ช้าง"),
)
KNOWN: dict[str, tuple[str, ...]] = {
    "Cookie": COOKIES,
    "Accept": ("*/*", "application/json", "text/html;q=\udcff", ";", "a/b;" * 200),
    "Accept-Language": LANGUAGES,
    "Accept-Encoding": ("gzip", "gzip;q=0", "br", "*", "\udcff", "gzip;q=x,,"),
    "If-None-Match": TAGS,
    "If-Match": TAGS,
    "If-Modified-Since": TIMES,
    "If-Unmodified-Since": TIMES,
    "If-Range": (*TIMES, *TAGS),
    "Range": RANGES,
    "Host": HOSTS,
    "Origin": (*ORIGINS, "{origin}", "{origin}", "{origin}"),
    "Referer": (*ORIGINS, "{origin}/games/puzzle/"),
    "Authorization": TOKENS,
    "X-CSRFToken": ("", "x", "c" * 32, "x" * 64, "\udcff", "ช" * 32),
    "Connection": ("keep-alive", "upgrade", "x", "close, upgrade", ""),
    "Upgrade": ("websocket", "h2c", "\udcff"),
    "Expect": ("100-continue", "x"),
    "Daphne-Root-Path": ("/x", "https://evil.example", "%ff", "\udcff", "//"),
    "X-Forwarded-Proto": ("https", "x", "\udcff"),
    "X-Forwarded-Host": ("evil.example", "\udcff"),
    "X-HTTP-Method-Override": ("DELETE",),
    "X-Requested-With": ("XMLHttpRequest",),
    "Sec-Fetch-Site": ("same-origin", "cross-site", "\udcff"),
}


def headers(random: Random, said: Headers, body: str) -> tuple[Headers, str]:
    """These headers and more, and the body, at times sent in another way."""
    said = [(name, type_of(random, value)) for name, value in said]
    for _one in range(random.choice((0, 0, 0, 1, 1, 3))):
        name = random.choice(list(KNOWN))
        junky = random.random() < 0.15
        said.append(
            (name, in_line(junk.text(random)) if junky else random.choice(KNOWN[name]))
        )
    if random.random() < 0.5:
        said.append(("Origin", "{origin}"))
    if body and random.random() < 0.1:
        said.append(("Transfer-Encoding", "chunked"))
        body = chunked(random, body)
    return said, body


def type_of(random: Random, good: str) -> str:
    """The type of a body, mostly the right one."""
    kind = random.random()
    if kind < 0.75:
        return good
    if kind < 0.9:
        return f"{good}; charset={random.choice(CHARSETS)}"
    return random.choice(TYPES)


def in_line(value: str) -> str:
    """A header's value or an address without controls: those are in `raw`."""
    return "".join(one for one in value if one >= " " and one != "\x7f")


def chunked(random: Random, body: str) -> str:
    """The body in one chunk. Chunks that are none are in `raw`."""
    end = random.choice(("", "", ";a=b", ' ; a="b"'))
    return f"{len(junk.wire(body)):x}{end}\r\n{body}\r\n0\r\n\r\n"
