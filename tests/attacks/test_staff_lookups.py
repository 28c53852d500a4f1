"""Look-ups in the admin's lists: what no page shows can't be asked for either."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Field, Model
from django.http import HttpRequest

from games.models import Game
from tests.attacks.house import ACCEPTED, House, furnish, staff
from tests.conftest import client_of
from users.admin.base import StaffAdmin
from users.models import Player

pytestmark = pytest.mark.django_db
WHEN = ("year", "month", "day")
# What each list may be asked, and nothing else.
TAKEN: dict[str, set[str]] = {
    "answers.answer": {"verdict__exact", "current__exact", "game__id__exact"}
    | {"player__id__exact"}
    | {f"submitted_at__{part}" for part in WHEN},
    "auth.group": set(),
    "checkins.checkin": {"game__id__exact", "made_up__exact", "completes__exact"}
    | {f"date__{part}" for part in (*WHEN, "gte", "lt")},
    "checkins.item": {"pool__game__id__exact", "hidden__exact"},
    "checkins.redemption": {"void", "item__id__exact", "item__pool__game__id__exact"}
    | {f"at__{part}" for part in WHEN},
    "games.code": {"given", "repeat", "pool__game__id__exact", "pool__id__exact"}
    | {"player__id__exact", "player__isnull", "address__exact"},
    "games.game": {"state__exact", "kind", "access__exact"},
    "games.invitation": {"nobodys", "game__id__exact"},
    "games.backorder": {"pool__game__id__exact", "pool__id__exact"},
    "games.winner": {"nobodys", "game__id__exact"},
    "users.apitoken": {"scope__exact", "revoked_at__isempty"},
    "users.coinentry": {"reason__exact", "player__id__exact"}
    | {f"at__{part}" for part in WHEN},
    "users.player": {"status__exact", "is_guest__exact", "is_staff__exact"}
    | {f"joined_at__{part}" for part in (*WHEN, "gte", "lt")},
}
NAMES = (
    *("", "__exact", "__id__exact", "__0__startswith", "__startswith", "__contains"),
    *("__regex", "__in", "__gt", "__gte", "__lt", "__len", "__isnull", "__isempty"),
    *("__year", "__month", "__day"),
)


@pytest.fixture
def house(make_game: Callable[..., Game], carol: Player, alice: Player) -> House:
    return furnish(make_game, carol, alice)


def registered() -> Iterator[tuple[str, Any]]:
    for model, model_admin in admin.site._registry.items():
        yield model._meta.label_lower, model_admin


def paths(model: type[Model], depth: int = 2) -> Iterator[str]:
    """Every column that a look-up could name, across relations both ways."""
    for field in model._meta.get_fields():
        yield field.name
        if isinstance(field, Field):
            yield field.attname
        if depth and field.related_model and not isinstance(field.related_model, str):
            for rest in paths(field.related_model, depth - 1):
                yield f"{field.name}__{rest}"


def takes(model_admin: Any, lookup: str, request: HttpRequest) -> bool:
    """Whether the list can be asked this, whatever the value."""
    with suppress(IncorrectLookupParameters):  # the value alone is wrong
        return model_admin.lookup_allowed(lookup, "?", request)
    return True


def test_every_list_takes_only_the_look_ups_of_its_links(
    rf: Any, carol: Player
) -> None:
    request: HttpRequest = rf.get("/")
    request.user = carol
    for label, model_admin in registered():
        assert isinstance(model_admin, StaffAdmin), label
        asked = {f"{path}{end}" for path in paths(model_admin.model) for end in NAMES}
        asked |= TAKEN[label]
        taken = {one for one in asked if takes(model_admin, one, request)}
        assert taken == TAKEN[label]
        assert len(asked) > 40


def test_viewer_of_games_learns_no_accepted_answer(house: House) -> None:
    viewer, games = staff("games.view_game"), house.page("games.game")
    for right, wrong in ((ACCEPTED, "zebra"), (ACCEPTED[:1], "z")):
        said = [
            viewer.get(games, {f"settings__accepted__0__{lookup}": word})
            for lookup in ("exact", "startswith", "regex", "gt", "lt")
            for word in (right, wrong)
        ]
        assert {response.status_code for response in said} == {400}
        assert {response.context["detail"] for response in said} == {
            "This list has no such filter."
        }


@pytest.mark.parametrize(
    ("label", "lookup"),
    [
        ("users.player", "password__startswith"),
        ("users.apitoken", "digest__startswith"),
        ("users.apitoken", "player__password__startswith"),
        ("users.coinentry", "by__password__startswith"),
        ("games.code", "text__startswith"),
        ("games.backorder", "pool__codes__text__startswith"),
        ("games.game", "pools__codes__text__startswith"),
        ("games.game", "revealed__icontains"),
        ("answers.answer", "game__settings__accepted__0__startswith"),
        ("checkins.checkin", "pool__codes__text__startswith"),
        ("checkins.item", "pool__codes__text__startswith"),
        ("checkins.redemption", "player__password__startswith"),
        ("auth.group", "user__password__startswith"),
    ],
)
def test_secret_can_not_be_asked_for_even_by_superusers(
    house: House, label: str, lookup: str
) -> None:
    response = client_of(house.carol).get(house.page(label), {lookup: "a"})
    assert response.status_code == 400


def test_list_exports_nothing_by_a_look_up_off_its_list(house: House) -> None:
    asked = {"player__password__startswith": "a"}
    for label in ("checkins.checkin", "checkins.redemption"):
        export = house.page(label) + "export/"
        assert client_of(house.carol).get(export, asked).status_code == 400


def test_rows_are_named_by_their_key_alone(house: House, rf: Any) -> None:
    boss = client_of(house.carol)
    for label, model_admin in registered():
        fields = [field.name for field in model_admin.model._meta.fields]
        named = [
            one for one in fields if model_admin.to_field_allowed(rf.get("/"), one)
        ]
        assert named == [model_admin.opts.pk.name]
        for page in (house.page(label), house.page(label, "change")):
            for name, status in ((named[0], 200), (fields[-1], 400)):
                assert boss.get(page, {"_to_field": name}).status_code == status


def test_every_link_of_a_filter_is_on_its_list(house: House) -> None:
    boss = client_of(house.carol)
    links = 0
    for label, model_admin in registered():
        response = boss.get(house.page(label), {"_facets": "True"})
        shown, request = response.context["cl"], response.wsgi_request
        for spec in shown.filter_specs:
            for choice in spec.choices(shown):
                for name, value in parse_qsl(choice["query_string"][1:]):
                    if name != "_facets":
                        assert model_admin.lookup_allowed(name, value, request)
                        links += 1
    assert links > 50


def test_our_own_links_into_lists_open(house: House) -> None:
    boss = client_of(house.carol)
    for label in ("users.player", "games.game"):
        shown = boss.get(house.page(label, "change")).content.decode()
        links = [link.partition('"')[0] for link in shown.split('href="')[1:]]
        ours = [link for link in links if "__exact=" in link]
        assert ours
        for link in ours:
            assert boss.get(link).status_code == 200
