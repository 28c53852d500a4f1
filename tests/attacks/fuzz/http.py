"""HTTP requests: every address, role and method, with junk in every part."""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from tests.attacks.fuzz import files, junk
from tests.attacks.fuzz.headers import headers, in_line
from tests.attacks.fuzz.world import ROLES, SLUGS, Route, World, look_ups, routes

ROUTES, LOOK_UPS = routes(), look_ups()
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
STAFF = (1, 1, 1, 4, 12, 1)  # how often each role asks for a page of theirs
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get")
VERBS = ("schedule", "open", "withdraw", "pause", "resume", "reveal", "restore", "x")
POLL_LOCKS = (
    *("", "exact", "iexact", "in", "gt", "lte", "range", "isnull", "regex", "iregex"),
    *("contains", "startswith", "year", "month", "week_day", "iso_year", "date"),
    *("time", "hour", "year__in", "date__year", "has_key", "contained_by", "0", "x"),
)
# What the code reads of an address.
QUERY = (
    *("cursor", "limit", "game", "kind", "next", "q", "o", "p", "e", "all", "given"),
    *("void", "term", "page", "app_label", "model_name", "field_name", "_popup"),
    *("_to_field", "_changelist_filters", "_facets", "pool", "player", "lang"),
)
DATES = ("at", "date", "submitted_at", "joined_at", "given_at", "opens_at")
FIELDS = (
    *("username", "password", "name", "next", "nickname", "minutes", "text", "action"),
    *("_selected_action", "index", "post", "confirmed", "receipt", "_save", "_popup"),
)


@dataclass(frozen=True)
class Ask:
    """A request, all in texts that `junk.wire` makes bytes of.

    "{host}" and "{origin}" in headers stand for those of the door it is sent to.
    """

    role: str
    method: str
    target: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: str = ""
    turn: int = 0


def ask(random: Random, world: World) -> Ask:
    """Any request."""
    target, body, type_ = random.choices(*MAKERS)[0](random, world)
    # Before the staff's pages, others see little but the sign-in.
    role = random.choices(ROLES, STAFF if "/admin/" in target else None)[0]
    method = "POST" if body else "GET"
    if random.random() < 0.15:
        method = random.choice(METHODS)
    said = [("Content-Type", type_)] if body else []
    extra, body = headers(random, said, body)
    if random.random() < 0.05:
        target = junk.spoilt(random, target)
    target = in_line(target).replace(" ", "+")
    return Ask(role, method, target, extra, body, random.randrange(1000))


Made = tuple[str, str, str]  # target, body, type of the body


def route(random: Random, world: World) -> Made:
    """An address, filled in, with junk as its query or its form."""
    chosen = random.choice(ROUTES)
    target = fill(random, world, chosen)
    if random.random() < 0.5:
        target += "?" + query(random, QUERY)
    if random.random() < 0.6:
        return target, "", ""
    return target, query(random, FIELDS), FORM


def fill(random: Random, world: World, chosen: Route) -> str:
    return chosen.path % {name: part(random, world, name) for name in chosen.names}


def part(random: Random, world: World, name: str) -> str:
    """What an address names: at times something that is there."""
    if random.random() < 0.3:
        return junk.escaped(junk.text(random)) or "-"
    ids = [str(one) for one in world.ids.values()]
    known = {
        "slug": SLUGS,
        "verb": VERBS,
        "app_label": ("games", "users", "auth"),
        "name": ("0123456789abcdef0123.webp", "js/game.js", "admin/css/base.css"),
        "url": ("favicon.ico", "robots.txt", "games", ".env", "games//puzzle/"),
    }
    return random.choice(known.get(name, (*ids, "1", "2", "3")))


def query(random: Random, names: tuple[str, ...]) -> str:
    chosen = random.choices(names, k=random.choice((1, 1, 2, 5)))
    return junk.pairs(random, [(one, word(random)) for one in chosen])


def word(random: Random) -> str:
    return (
        random.choice((*SLUGS, *VERBS)) if random.random() < 0.2 else junk.text(random)
    )


def command(random: Random, world: World) -> Made:
    """A command or a read over the API, most of it right."""
    target, good = random.choice(commands(random, world))
    times = random.choice((0, 1, 1, 2))
    body = junk.said(random, junk.mutated(random, good, times))
    return target, body, JSON


def commands(random: Random, world: World) -> list[tuple[str, dict[str, object]]]:
    id_ = str(UUID(int=random.getrandbits(128), version=4))
    kind = random.choice(SLUGS)
    values = ("mouse", "elephant", "042", {"home": 2, "away": 1}, [0], [1])
    answer = {"game": kind, "id": id_, "value": random.choice(values)}
    answer["question"] = random.choice(("", "1", "2"))
    reads = ["game", "games", "user", "answers", "checkins", "mine", "board"]
    wanted = [
        {"type": one, "id": random.choice((kind, str(world.ids["player"]), ""))}
        for one in random.choices(reads, k=random.choice((1, 3, 50, 51)))
    ]
    return [
        ("/api/answers", answer),
        ("/api/checkins", {"game": "checkin", "id": id_, "day": 1}),
        ("/api/redemptions", {"game": "checkin", "id": id_, "item": world.ids["item"]}),
        (random.choice(("/api/batch", "/batch")), {"requests": wanted}),
    ]


def form(random: Random, world: World) -> Made:
    """One of the staff's forms, filled in as it stands but for a few fields."""
    target = random.choice(sorted(world.forms))
    fields = [(n, v) for n, v in world.forms[target] if n != "csrfmiddlewaretoken"]
    for _time in range(random.choice((0, 1, 1, 3))):
        at = random.randrange(len(fields)) if fields else 0
        name = fields[at][0] if fields and random.random() < 0.8 else word(random)
        if name != "select_across":  # which would mean the canaries too
            fields[at : at + 1] = [(name, word(random))]
    if random.random() < 0.6:
        return target, junk.pairs(random, fields), FORM
    uploads = [(name, random.choice(files.UPLOADS)) for name in ("picture", "file")]
    return target, *files.multipart(random, fields, uploads)


def listing(random: Random, world: World) -> Made:
    """A list of the admin, narrowed by look-ups that may not exist."""
    target = random.choice(sorted(LOOK_UPS))
    chosen = [
        (look_up(random, target), word(random)) for _one in range(random.choice((1, 2)))
    ]
    if random.random() < 0.3:
        chosen.append((random.choice(QUERY), word(random)))
    end = "export/" if random.random() < 0.15 else ""
    return f"{target}{end}?{junk.pairs(random, chosen)}", "", ""


def prefilled(random: Random, world: World) -> Made:
    """A form with something filled in by the address that led to it."""
    target = random.choice([one for one in sorted(world.forms) if "/add/" in one])
    names = sorted({name for name, _value in world.forms[target]})
    end = "&" if "?" in target else "?"
    return target + end + query(random, tuple(names)), "", ""


def look_up(random: Random, target: str) -> str:
    columns = LOOK_UPS[target]
    dates = [one for one in columns if one in DATES]
    column = random.choice(dates if dates and random.random() < 0.3 else columns)
    return "__".join(filter(None, (column, random.choice(POLL_LOCKS))))


def page(random: Random, world: World) -> Made:
    """The pages where people write: sign-in, sign-up, joining, codes, receipts."""
    ids, bad = world.ids, lambda: word(random)
    account = [("username", bad()), ("password", bad()), ("next", bad())]
    pages = (
        ("/login/", account),
        ("/admin/login/", account),
        ("/login/", [("username", "Fuzzer"), ("password", "a long password")]),
        ("/signup/", [("name", bad()), ("password", bad() * 2), ("next", bad())]),
        (f"/games/{random.choice(SLUGS)}/join/", [("nickname", bad())]),
        ("/logout/", []),
        ("/admin/answers/answer/verify/", [("receipt", receipt(random, world))]),
        (f"/admin/games/game/{ids['puzzle']}/do/extend/", [("minutes", bad())]),
        (
            f"/admin/games/game/{ids['puzzle']}/do/notify/",
            [("minutes", "1"), ("text", bad())],
        ),
        (f"/admin/games/game/pools/{ids['pool']}/import/", []),
    )
    target, fields = random.choice(pages)
    if random.random() < 0.6:
        return target, junk.pairs(random, fields) or "x=", FORM
    uploads = [("file", random.choice(files.UPLOADS))]
    return target, *files.multipart(random, fields, uploads)


def receipt(random: Random, world: World) -> str:
    """One that is genuine, or was."""
    times = random.choice((0, 1, 1, 2))
    return junk.said(random, junk.mutated(random, world.receipt, times))


MAKERS = (route, command, form, listing, page, prefilled), (4, 3, 3, 2, 2, 1)
