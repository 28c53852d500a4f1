"""What is there to be asked for, and who asks: the same in each stack."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import requests
from django.contrib import admin
from django.urls import URLPattern, get_resolver
from django.utils.regex_helper import normalize

from tests.admin_pages import FormReader
from tests.conftest import SETTINGS
from tests.stack import Stack

EACH = 20  # callers of each role, who take turns
ROLES = ("stranger", "guest", "player", "clerk", "superuser", "script")
CANARIES = 10_000_000  # ids that no input means: canaries and their game
CANARY_GAME = "canary"
CSRF = "c" * 32
STATES = {"later": "SCHEDULED", "draft": "DRAFT", "over": "CLOSED", "told": "REVEALED"}
SLUGS = (*SETTINGS, *STATES)
# What staff with few rights may do.
RIGHTS = ("view_game", "change_game", "view_answer", "view_player", "change_item")

# Makes what isn't there, and mends what earlier inputs did to it.
STAGE = """
from uuid import uuid4
from django.contrib.auth.models import Group, Permission
from answers.submission import Submission, submit
from checkins.checkin import CheckInRequest, check_in
from checkins.models import Item
from checkins.shop import Purchase, redeem
from core.refusals import Refused

def game_of(slug, kind, state, **more):
    fields = {"title": "A game", "kind": kind, "state": state, "access": "everybody"}
    fields |= {"settings": given["settings"][kind], "closes_at": None, **more}
    fields["opens_at"] = now - timedelta(minutes=1)
    return Game.objects.update_or_create(slug=slug, defaults=fields)[0]

def made(role, count, **fields):
    names = [f"{role}{i}{uuid4().hex[:6]}" for i in range(count)]
    return Player.objects.bulk_create(
        Player(name=n, name_key=None if fields.get("is_guest") else n, password="!",
               **fields) for n in names)

def attempt(act, *said):
    try:
        act(*said)
    except Refused:
        pass

for kind in given["settings"]:
    game = game_of(kind, kind, "OPEN")
    pool = game.pools.get_or_create(name="Voucher")[0]
    pool.add(f"C{uuid4().hex[:12]}" for _ in range(50))
for slug, state in given["states"].items():
    game_of(slug, "puzzle", state)
if not Game.objects.filter(pk=given["canaries"]).exists():
    game_of(given["canary_game"], "puzzle", "OPEN", pk=given["canaries"])
puzzle, daily = (Game.objects.get(slug=slug) for slug in ("puzzle", "checkin"))
mug = Item.objects.update_or_create(
    title="Mug", defaults={"price": 1, "pool": daily.pools.get(name="Voucher")})[0]
Group.objects.get_or_create(name="Helpers")
players = made("player", given["each"])
guests = made("guest", given["each"], is_guest=True)
clerks = made("clerk", given["each"], is_staff=True)
rights = list(Permission.objects.filter(codename__in=given["rights"]))
for clerk in clerks:
    clerk.user_permissions.set(rights)
bosses = made("boss", given["each"], is_staff=True, is_superuser=True)
for game in Game.objects.exclude(pk=given["canaries"]):
    Guest.objects.bulk_create(
        Guest(game=game, player=one, nickname=one.name, nickname_key=one.name)
        for one in guests)
for player in players[:5]:
    attempt(submit, Submission(player.pk, puzzle.pk, uuid4(), "", "mouse", now))
    attempt(check_in, CheckInRequest(player.pk, daily.pk, uuid4(), now, None))
    CoinEntry.objects.adjust(player.pk, 50, "to spend", bosses[0], now)
    attempt(redeem, Purchase(player.pk, daily.pk, mug.pk, uuid4(), now))
known = Player.objects.filter(name_key="fuzzer").first()
if not known:
    known = Player.objects.create_user("Fuzzer", "a long password")
known.restore()
out = {
    "sessions": {"guest": open_for(guests), "player": open_for(players),
                 "clerk": open_for(clerks), "superuser": open_for(bosses)},
    "tokens": [ApiToken.objects.issue(p, "fuzz", "write")[1] for p in players],
    "receipt": Answer.objects.filter(game=puzzle).first().reply()["receipt"],
    "ids": {"player": players[0].pk, "item": mug.pk, "puzzle": puzzle.pk,
            "checkin": daily.pk, "pool": pool.pk},
}
"""


@dataclass(frozen=True)
class Route:
    """An address with its arguments, such as /games/%(slug)s/."""

    path: str
    names: tuple[str, ...]


@dataclass
class World:
    """Who may ask, and what there is. `forms`: the staff's forms as they stand."""

    sessions: dict[str, list[str]]
    tokens: list[str]
    ids: dict[str, int]
    receipt: dict[str, Any]
    forms: dict[str, list[tuple[str, str]]] = field(default_factory=dict)

    def headers(self, role: str, turn: int) -> dict[str, str]:
        """What a caller of this role sends with every request."""
        if role == "script":
            token = self.tokens[turn % len(self.tokens)]
            return {"Authorization": f"Bearer {token}"}
        cookies, sessions = f"csrftoken={CSRF}", self.sessions.get(role)
        if sessions:
            cookies += f"; sessionid={sessions[turn % len(sessions)]}"
        return {"Cookie": cookies, "X-CSRFToken": CSRF}


def build(stack: Stack) -> World:
    """The world as it should be, whatever earlier inputs have done to it."""
    made = stack.run(
        STAGE,
        settings=SETTINGS,
        states=STATES,
        canaries=CANARIES,
        canary_game=CANARY_GAME,
        each=EACH,
        rights=RIGHTS,
    )
    return World(**made)


def routes() -> list[Route]:
    """Every address that Django knows, and some that others serve."""
    known = dict.fromkeys(walk(get_resolver()))
    others = ("static/css/base.css", "static/%(name)s", "ws/games/%(slug)s/", "%(url)s")
    return [*known, *(Route(f"/{path}", names_in(path)) for path in others)]


def names_in(path: str) -> tuple[str, ...]:
    return tuple(part.split(")")[0] for part in path.split("%(")[1:])


def walk(resolver: Any, before: str = "/") -> Iterator[Route]:
    for pattern in resolver.url_patterns:
        path, _names = normalize(pattern.pattern.regex.pattern)[0]
        if isinstance(pattern, URLPattern):
            yield Route(before + path, names_in(before + path))
        else:
            yield from walk(pattern, before + path)


def look_ups() -> dict[str, list[str]]:
    """By list of the admin, what staff may try to narrow it by."""
    found = {}
    for model in admin.site._registry:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        found[page] = list(columns(model))
    return found


def columns(model: Any) -> Iterator[str]:
    for one in model._meta.get_fields():
        yield one.name
        if one.related_model:
            others = one.related_model._meta.get_fields()
            yield from (f"{one.name}__{other.name}" for other in others)


def read_forms(stack: Stack, world: World) -> dict[str, list[tuple[str, str]]]:
    """The staff's forms, by address, as a browser would send them at once."""
    ids = world.ids
    pages = {
        **{f"/admin/games/game/add/?kind={kind}": "game" for kind in SETTINGS},
        **{
            f"/admin/games/game/{ids[k]}/change/": "game" for k in ("puzzle", "checkin")
        },
        f"/admin/users/player/{ids['player']}/change/": "player",
        f"/admin/users/player/{ids['player']}/password/": "player",
        "/admin/users/player/add/": "player",
        "/admin/users/coinentry/add/": "coinentry",
        "/admin/users/apitoken/add/": "apitoken",
        "/admin/auth/group/add/": "group",
        "/admin/checkins/item/add/": "item",
        f"/admin/checkins/item/{ids['item']}/change/": "item",
        **{page: "changelist" for page in look_ups()},
    }
    found = {}
    for path, name in pages.items():
        headers = world.headers("superuser", 0)
        page = requests.get(stack.url(path), headers=headers, timeout=30)
        assert page.status_code == 200, (path, page.text[:500])
        reader = FormReader(
            f"{name}_form" if name != "changelist" else "changelist-form"
        )
        reader.feed(page.text)
        found[path] = [(n, one) for n, many in reader.values.items() for one in many]
    return found
