"""Values that servers have stumbled over, and ways to spoil good ones."""

import copy
import json
from random import Random
from typing import Any
from urllib.parse import quote

# In all of these "\udcXX" stands for the byte XX: see `wire`.
TEXTS = (
    *("", " ", "a", "0", "1", "-1", "007", "+1", "1.5", "1e9", "0x10", "1_000"),
    *("null", "None", "true", "NaN", "-Infinity", "[]", "{}", "()", "*", ".", ".."),
    *("\0", "a\0b", "\n", "a\r\nb", "\t", "\x0b", "\x7f", "\x1b[31m", "\x85", "\u2028"),
    *("%", "%00", "%ff", "%u0041", "%2e%2e%2f", "../../etc/passwd", "\\..\\", "//x/"),
    *("'", '"', "`", "' OR 1=1 --", "<b>", "{{7*7}}", "{0}", "%s%n", "${x}", "$(x)"),
    *("(", "[", "\\", "(a+)+$", "a{99999}", "(?P<a", "__class__", "pk__in", "_", "-"),
    *("ช้าง", "ß", "İ", "ﷺ" * 18, "\ufeff", "\u202e", "\U0001f600", "e\u0301", "\ufdd0"),
    *("\u0300" * 50, "\u0300\u0316" * 200, "²", "١٢", "\uff11\uff12", "Ⅷ", "\u3164"),
    *("\udcff", "\udcc3(", "\udced\udca0\udc80", "\udcf4\udc90\udc80\udc80", "\ud800"),
    *(
        "99999",
        "2147483648",
        "9223372036854775808",
        "9" * 40,
        "9" * 5000,
        "1" + "0" * 18,
    ),
    *("2026-01-01", "0000-00-00", "2026-13-45", "9999-12-31", "-1-01-01", "24:61"),
    *(
        "2026-01-01T00:00:00+99:99",
        "0001-01-01 00:00:00",
        "10000-01-01",
        "infinity",
        "now",
    ),
    *("x" * 41, "x" * 81, "x" * 256, "x" * 2000, "é" * 200, "puzzle", "checkin"),
)
NUMBERS = (
    *(0, 1, -1, 2, 60, 61, 1.5, -0.0, 1e308, float("nan"), float("inf")),
    *(2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 2**62, 2**63 - 1, 2**63, -(2**63) - 1),
    *(2**64, 10**40, 10**400),
)
DEPTHS = (5, 50, 600, 2500, 30_000)


def wire(text: str) -> bytes:
    """The bytes of a text: UTF-8, but for "\\udcXX", which is the byte XX."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # the other halves of surrogate pairs
        return b"".join(
            one.encode(
                "utf-8",
                "surrogateescape" if "\udc80" <= one <= "\udcff" else "surrogatepass",
            )
            for one in text
        )


def text_of(data: bytes) -> str:
    """What `wire` would make these bytes of."""
    return data.decode("utf-8", "surrogateescape")


def text(random: Random) -> str:
    one = random.choice(TEXTS)
    return one if random.random() < 0.8 else one + random.choice(TEXTS)


def value(random: Random, deeper: bool = True) -> Any:
    """Anything that JSON can say, and some that it can't."""
    kind = random.random() * (1 if deeper else 0.85)
    if kind < 0.4:
        return text(random)
    if kind < 0.7:
        return random.choice(NUMBERS)
    if kind < 0.85:
        return random.choice((None, True, False, [], {}, [[]], {"": {}}))
    if kind < 0.95:
        return [value(random, False) for _one in range(random.choice((1, 2, 30)))]
    return {text(random): value(random, False)}


def mutated(random: Random, good: Any, times: int = 1) -> Any:
    """A JSON object in which some parts were replaced, taken out or added."""
    spoilt = copy.deepcopy(good)
    for _time in range(times):
        holder, place = random.choice(list(places(spoilt)) or [(spoilt, None)])
        if isinstance(spoilt, dict) and (place is None or random.random() < 0.1):
            spoilt[text(random)] = value(random)
        elif place is not None and random.random() < 0.2:
            del holder[place]
        elif place is not None:
            wrap = random.random() < 0.1
            holder[place] = [holder[place]] if wrap else value(random)
    return spoilt


def places(thing: Any) -> Any:
    """Each part of a JSON value: what holds it, and where."""
    inside = thing.items() if isinstance(thing, dict) else enumerate(thing)
    for place, part in list(inside):
        yield thing, place
        if isinstance(part, dict | list):
            yield from places(part)


def said(random: Random, thing: Any) -> str:
    """A JSON value as text, at times as no good client would write it."""
    written = json.dumps(thing, ensure_ascii=random.random() < 0.7)
    kind = random.random()
    if kind < 0.75:
        return written
    if kind < 0.82 and written.startswith("{"):
        return "{" + f'"id": {json.dumps(text(random))}, ' + written[1:]
    if kind < 0.87 and written.startswith("{"):
        depth = random.choice(DEPTHS)
        opened, closed = random.choice((("[", "]"), ('{"a":', "}")))
        filled = opened * depth + "1" + closed * depth
        return written[:-1] + f', "value": {filled}' + "}"
    return spoilt(random, written)


def spoilt(random: Random, good: str) -> str:
    """A text that is cut off, doubled, or has junk in it."""
    at = random.randint(0, len(good))
    return random.choice(
        (
            good[:at],
            good * 2,
            good[:at] + text(random) + good[at:],
            good[:at] + text(random) + good[at + 1 :],
            good[:at] + chr(random.choice((0xDC80, 0xDCFF, 0, 10, 34))) + good[at:],
            "\ufeff" + good,
        )
    )


def pairs(random: Random, good: list[tuple[str, str]]) -> str:
    """Names and values as a query or a form says them."""
    loose = random.random() < 0.1  # not percent-encoded
    return "&".join(
        f"{name}={said}" if loose else f"{escaped(name)}={escaped(said)}"
        for name, said in good
    )


def escaped(part: str) -> str:
    return quote(wire(part), safe="")
