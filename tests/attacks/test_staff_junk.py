"""Nonsense sent by staff to any page of the admin is an error of theirs, never ours."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from core.admin.lookups import lookups_of
from games.kinds import kinds
from games.models import Game
from tests.admin_pages import values_in
from tests.attacks.house import House, furnish
from tests.conftest import client_of
from tests.stack import Stack
from users.models import Player

MakeGame = Callable[..., Game]
HUGE, LONG = "9" * 5000, "x " * 1500
JUNK = ("\x00", "(", "99999", "0", "-1", "9" * 30, HUGE, LONG, "1e9", "٣", "🦊", "")
# What Django itself reads of a list's address.
READ = ("q", "p", "o", "all", "e", "_popup", "_to_field", "_facets")
READ += ("_changelist_filters", "nothing", "slug__regex", "at__year")
IDS = ("0", "-1", "x", "9" * 30, HUGE, "%00", "1%00", "_00", "٣", "1e9", "..%2f")


@pytest.fixture
def house(make_game: MakeGame, carol: Player, alice: Player) -> House:
    return furnish(make_game, carol, alice)


@pytest.fixture
def boss(house: House) -> Client:
    """A superuser: every page is open."""
    client = client_of(house.carol)
    client.raise_request_exception = False
    return client


def registered() -> Iterator[tuple[str, Any]]:
    for model, model_admin in admin.site._registry.items():
        yield model._meta.label_lower, model_admin


def check(response: HttpResponse, *asked: Any) -> None:
    assert response.status_code < 500, [str(one)[:60] for one in asked]


def test_list_asked_for_nonsense_is_never_our_error(boss: Client, house: House) -> None:
    page = house.page("users.coinentry")
    for name in READ:
        for junk in JUNK:
            check(boss.get(page, {name: junk}), page, name, junk)


def test_every_list_asked_for_nonsense_leads_back_or_says_so(
    boss: Client, house: House
) -> None:
    tried = 0
    for label, model_admin in registered():
        page = house.page(label)
        request = boss.get(page).wsgi_request
        for name, fits in lookups_of(model_admin, request).items():
            refused = [junk for junk in JUNK if not fits(junk)]
            for junk in refused:
                with pytest.raises(IncorrectLookupParameters):
                    model_admin.lookup_allowed(name, junk, request)
            assert refused
            assert boss.get(page, {name: refused[0]}).url.endswith("?e=1")
            for junk in set(JUNK) - set(refused):
                check(boss.get(page, {name: junk}), page, name, junk)
            tried += len(JUNK)
        for junk in ("\x00", LONG, HUGE):
            found = boss.get(page, {"q": junk})
            check(found, page, "q", junk)
    assert tried > 300


def test_date_that_is_none_leads_back_to_the_list(boss: Client, house: House) -> None:
    for asked in ({"at__year": "99999"}, {"at__year": "9999"}, {"at__year": "0"}):
        assert boss.get(house.page("users.coinentry"), asked).url.endswith("?e=1")
    no_day = {"at__year": "2026", "at__month": "2", "at__day": "31"}
    assert boss.get(house.page("users.coinentry"), no_day).url.endswith("?e=1")
    assert boss.get(house.page("users.coinentry"), {"at__day": "31"}).status_code == 200


def test_rows_that_are_none_lead_nowhere(boss: Client, house: House) -> None:
    for label, _model_admin in registered():
        for number, wrong in enumerate(IDS):
            rest = ("change", "history", "delete")[number % 3]
            address = f"{house.page(label)}{wrong}/{rest}/"
            assert boss.get(address).status_code in (302, 403, 404), address
    games = house.page("games.game")
    for wrong in (*IDS, "99"):
        for rest in ("preview", "do/extend", "do/notify", "do/pause", "do/nothing"):
            check(boss.get(f"{games}{wrong}/{rest}/"), wrong, rest)
            check(boss.post(f"{games}{wrong}/{rest}/"), wrong, rest)
        check(boss.get(f"{games}pools/{wrong}/import/"), wrong, "import")
        check(boss.get(f"/admin/users/player/{wrong}/password/"), wrong, "password")
        check(boss.get(f"/admin/checkins/redemption/{wrong}/void/"), wrong, "void")
        check(boss.get(f"/admin/r/{wrong}/{wrong}/"), wrong, "r")
        check(boss.get(f"/admin/{wrong}/"), wrong)


def test_autocomplete_asked_for_nonsense_is_never_our_error(
    boss: Client, house: House
) -> None:
    sound = {"app_label": "users", "model_name": "coinentry", "field_name": "player"}
    url = reverse("admin:autocomplete")
    for name in (*sound, "term", "page"):
        for junk in (*JUNK, "last", "password"):
            check(boss.get(url, sound | {name: junk}), name, junk)
    for term in ("\x00", LONG, HUGE):
        assert boss.get(url, sound | {"term": term}).json()["results"] == []
    for model in ("redemption", "checkin", "item"):
        for field in ("code", "player", "pool", "payment", "voided_by", "id", "game"):
            asked = {"app_label": "checkins", "model_name": model, "field_name": field}
            check(boss.get(url, asked | {"term": "a"}), asked)


def test_form_filled_in_by_nonsense_in_its_address_is_never_our_error(
    boss: Client, house: House
) -> None:
    for label, model_admin in registered():
        names = [field.name for field in model_admin.model._meta.get_fields()]
        for junk in ("\x00", "x", HUGE, "1"):
            asked = dict.fromkeys(names, junk)
            check(boss.get(house.page(label) + "add/", asked), label, junk)
    for kind in kinds():
        form = boss.get("/admin/games/game/add/", {"kind": kind})
        asked = {"kind": kind} | dict.fromkeys(
            form.context["adminform"].form.fields, "x"
        )
        check(boss.get("/admin/games/game/add/", asked), asked)


def test_link_into_the_shop_still_chooses_its_pool(boss: Client, house: House) -> None:
    pool = house.rows["checkins.item"].pool_id
    form = boss.get("/admin/checkins/item/add/", {"pool": pool}).context["adminform"]
    assert form.form["pool"].value() == str(pool)


def test_rows_chosen_by_nonsense_are_refused(boss: Client, house: House) -> None:
    for label, model_admin in registered():
        actions = [*model_admin.actions, "delete_selected", "nothing"]
        for junk in ("x", "\x00", "9" * 30):
            for action in actions:
                said = {"action": action, "_selected_action": ["1", junk]}
                check(boss.post(house.page(label), said), label, action, junk)
    for name in ("index", "select_across", "post", "action"):
        said = {"action": "ban", "_selected_action": ["1"], name: HUGE}
        check(boss.post(house.page("users.player"), said), name)


POSTED = ("\x00", HUGE, LONG, "-1", "🦊", "")


FORMSET = ("pools-TOTAL_FORMS", "pools-INITIAL_FORMS", "pools-0-id", "pools-0-game")


def test_forms_with_nonsense_in_one_field_are_never_our_error(
    boss: Client, house: House
) -> None:
    tried = 0
    for label, _model_admin in registered():
        for page in (house.page(label) + "add/", house.page(label, "change")):
            shown = boss.get(page)
            form_id = f"{label.partition('.')[2]}_form"
            sound = values_in(shown, form_id) if shown.status_code == 200 else {}
            for name in sorted({*sound, *FORMSET}) if sound else ():
                junk = ("\x00", HUGE)[tried % 2]
                check(boss.post(page, sound | {name: junk}), page, name, junk)
                tried += 1
            for name in ("_to_field", "_saveasnew", "_popup"):
                check(boss.post(page, sound | {name: "\x00"}), page, name)
    assert tried > 50


def test_forms_sent_full_of_nonsense_are_never_our_error(
    boss: Client, house: House
) -> None:
    for label in ("games.game", "checkins.item", "users.coinentry", "users.player"):
        page = house.page(label, "change")
        fields = boss.get(page).context["adminform"].form.fields
        names = [f"{name}{end}" for name in fields for end in ("", "_0", "_1")]
        for junk in POSTED:
            check(boss.post(page, dict.fromkeys(names, junk)), page, junk)


def test_buttons_pressed_with_nonsense_are_never_our_error(
    boss: Client, house: House
) -> None:
    game, pool = house.puzzle.pk, house.puzzle.pools.get().pk
    do = f"/admin/games/game/{game}/do"
    verify, password = "/admin/answers/answer/verify/", f"{house.alice.pk}/password/"
    for junk in (*POSTED, '{"sequence": 1, "hmac": "é"}', "1 é", '{"a":' * 400, "1 1"):
        for verb in ("extend", "notify", "take-back", "pause", "nothing"):
            said = {"minutes": junk, "text": junk, "confirmed": junk}
            check(boss.post(f"{do}/{verb}/", said), verb, junk)
        check(boss.post(verify, {"receipt": junk}), "verify", junk)
        new = {"password1": junk, "password2": junk, "usable_password": junk}
        check(boss.post(f"/admin/users/player/{password}", new), "password", junk)
        for name in ("a.csv", "a.xlsx", "a" * 300, "\x00.csv"):
            file = SimpleUploadedFile(name, junk.encode())
            page = f"/admin/games/game/pools/{pool}/import/"
            check(boss.post(page, {"file": file}), "import", name, junk)


def test_look_at_a_file_chosen_by_nonsense_is_never_our_error(
    boss: Client, house: House
) -> None:
    pool = house.puzzle.pools.get()
    file = SimpleUploadedFile("a.csv", b"No.,Code\n1,ONE\n2,TWO")
    page = boss.post(f"/admin/games/game/pools/{pool.pk}/import/", {"file": file}).url
    sound = values_in(boss.get(page), "look_form")
    for name in (*sound, "elsewhere", "sheet"):
        for junk in (*POSTED, "49", "none", "utf-7", "idna"):
            check(boss.get(page, {name: junk}), "look", name, junk)
            check(boss.post(page, sound | {name: junk}), "look", name, junk)
    for junk in POSTED:
        wrong = {"shown": junk, "import": "yes"}
        check(boss.post(page, sound | wrong), "look", junk)
    assert list(pool.codes.filter(text__in=["ONE", "TWO"])) == []


def test_nonsense_is_refused_on_the_embedded_database_too(embedded: Stack) -> None:
    """SQLite reckons with other numbers, dates and depths than PostgreSQL."""
    session = embedded.run(
        "boss = Player.objects.create_superuser('Boss', 'a long password')\n"
        "player = Player.objects.create_user('Ann')\n"
        "CoinEntry.objects.adjust(player.pk, 5, 'a gift', boss, now)\n"
        "[out] = open_for([boss])"
    )
    lists = "/admin/users/coinentry/", "/admin/users/player/"
    for page in lists:
        for name in ("q", "p", "at__year", "joined_at__gte", "player__id__exact"):
            for junk in ("\x00", "9999", "9" * 30, LONG, "0001-01-01", HUGE):
                address = f"{page}?{urlencode({name: junk})}"
                assert status_of(embedded, address, session) < 500, address[:80]
        for wrong in IDS:
            address = f"{page}{quote(wrong, safe='%')}/change/"
            assert status_of(embedded, address, session) < 500, address[:80]
    assert embedded.logged_errors() == ""


def status_of(stack: Stack, path: str, session: str) -> int:
    """What the page answers at the end of its redirects."""
    asked = urllib.request.Request(stack.url(path))
    asked.add_header("Cookie", f"sessionid={session}")
    try:
        with urllib.request.urlopen(asked) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
