"""What staff may see and do: exactly what their permissions say, on every page."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from games.models import Game, Upload
from games.states import State
from tests.attacks.house import OURS, House, everything, furnish, permissions, staff
from tests.conftest import PASSWORD, client_of
from users.models import Player

pytestmark = pytest.mark.django_db
# A page opens to whoever has all permissions of one of these sets.
Needs = list[set[str]]
SUPERUSERS, NOBODY = [{"superuser"}], list[set[str]]()


def seen(label: str) -> Needs:
    app, _dot, model = label.partition(".")
    return [{f"{app}.view_{model}"}, {f"{app}.change_{model}"}]


def pages_of(
    label: str, add: Needs = NOBODY, delete: Needs = NOBODY, see: Needs = NOBODY
) -> dict[str, Needs]:
    name = label.replace(".", "_")
    readable = ("changelist", "change", "history")
    return {f"{name}_{page}": see or seen(label) for page in readable} | {
        f"{name}_add": add,
        f"{name}_delete": delete,
    }


CHANGES_GAMES = [{"games.change_game"}]
PAGES: dict[str, Needs] = {
    **pages_of("answers.answer"),
    "answers_answer_verify": seen("answers.answer"),
    **pages_of("auth.group", SUPERUSERS, SUPERUSERS),
    **pages_of("checkins.checkin"),
    "checkins_checkin_export": seen("checkins.checkin"),
    **pages_of("checkins.item", [{"checkins.add_item"}]),
    **pages_of("checkins.redemption"),
    "checkins_redemption_export": seen("checkins.redemption"),
    "checkins_redemption_void": [{"checkins.change_redemption"}],
    **pages_of("games.code"),
    **pages_of("games.game", [{"games.add_game"}]),
    "games_game_preview": seen("games.game"),
    "games_game_import": CHANGES_GAMES,
    "games_game_look": CHANGES_GAMES,
    "games_game_do": CHANGES_GAMES,
    "games_game_extend": CHANGES_GAMES,
    "games_game_notify": CHANGES_GAMES,
    "games_game_take_back": CHANGES_GAMES,
    "games_game_duplicate": [{"games.add_game"}],
    **pages_of("games.invitation", see=CHANGES_GAMES),
    **pages_of("games.backorder"),
    **pages_of("games.winner", see=CHANGES_GAMES),
    **pages_of("users.apitoken", [{"users.add_apitoken"}]),
    **pages_of("users.coinentry", [{"users.add_coinentry"}]),
    **pages_of("users.player", [{"users.add_player", "users.change_player"}]),
    "auth_user_password_change": [{"users.change_player"}],
}
PRESSED = ("do", "extend", "notify", "take_back", "duplicate")  # POST alone


@pytest.fixture
def house(make_game: Callable[..., Game], carol: Player, alice: Player) -> House:
    return furnish(make_game, carol, alice)


class Helper:
    """Staff whose permissions are set anew for each try."""

    def __init__(self) -> None:
        self.client = staff()
        self.player = Player.objects.get(name="Dave")
        self.known = {name: permissions([name])[0] for name in everything()}

    def with_only(self, names: set[str]) -> Client:
        wanted = [self.known[name] for name in names if name in self.known]
        self.player.user_permissions.set(wanted)
        superuser = "superuser" in names
        Player.objects.filter(pk=self.player.pk).update(is_superuser=superuser)
        return self.client

    def without(self, needs: Needs) -> Iterator[Client]:
        """With every permission but one of each set: the nearest that isn't enough."""
        for missing in product(*needs):
            yield self.with_only(set(self.known) - set(missing))


def address_of(name: str, house: House) -> str:
    app, model, page = (*name.split("_", 2), "")[:3]
    if name == "auth_user_password_change":
        return reverse(f"admin:{name}", args=[house.alice.pk])
    if page in ("changelist", "add", "export", "verify"):
        return reverse(f"admin:{name}")
    if page == "look":
        return look_of(house)
    row = house.rows[f"{app}.{model}"]
    if page == "import":
        row = house.puzzle.pools.get()
    verb = {"verb": "pause"} if page == "do" else {}
    key = (
        "pk" if name.endswith(("preview", "import", "void", *PRESSED)) else "object_id"
    )
    return reverse(f"admin:{name}", kwargs={key: row.pk, **verb})


def look_of(house: House) -> str:
    """The look at a file that Dave uploaded."""
    file, pool = SimpleUploadedFile("a.txt", b"ONE-MORE"), house.puzzle.pools.get()
    dave = Player.objects.get(name="Dave")
    kept = Upload.objects.store(file, pool, dave)
    return reverse("admin:games_game_look", args=[pool.pk, kept.key])


def open_page(client: Client, name: str, house: House) -> HttpResponse:
    address = address_of(name, house)
    if name.endswith(PRESSED):
        return client.post(address)
    return client.get(address)


def test_every_page_of_the_admin_stands_in_the_table() -> None:
    named = {
        str(url.name)
        for model_admin in admin.site._registry.values()
        for url in model_admin.get_urls()
        if getattr(url, "name", None)
    }
    assert named == set(PAGES)


def test_page_opens_to_its_permissions_and_shows_no_secret(house: House) -> None:
    """Accepted answers are for who changes games; free codes for nobody alone."""
    helper = Helper()
    for name, needs in PAGES.items():
        for client in helper.without(needs):
            assert open_page(client, name, house).status_code == 403, name
        for enough in needs:
            response = open_page(helper.with_only(enough), name, house)
            if name.endswith(PRESSED):
                assert response.status_code == 302, name
                continue
            assert response.status_code == 200, name
            assert secrets_on(response, house) == expected_on(name, enough), name
    assert len(PAGES) > 60


def secrets_on(response: Any, house: House) -> set[str]:
    page = response.getvalue().decode()
    return {what for what, text in house.secrets.items() if text in page}


def expected_on(name: str, permissions: set[str]) -> set[str]:
    if name == "games_game_change" and permissions == {"games.change_game"}:
        return {"accepted"}
    # What alice answered was right: who reads answers reads that.
    return {"accepted"} if name == "answers_answer_changelist" else set()


@pytest.mark.parametrize("page", ["change", "history", "preview"])
def test_viewer_of_games_sees_no_answer_of_any_kind(house: House, page: str) -> None:
    viewer = staff("games.view_game")
    for game in Game.objects.all():
        shown = viewer.get(f"/admin/games/game/{game.pk}/{page}/").content.decode()
        assert "Not found" not in shown
        for text in house.secrets.values():
            assert text not in shown


def test_free_code_is_shown_only_to_who_may_import_codes(house: House) -> None:
    codes, viewer = house.page("games.code"), staff("games.view_code")
    text = house.free.text
    for rest in ("", f"{house.free.pk}/change/", f"{house.free.pk}/history/"):
        assert text not in viewer.get(codes + rest).content.decode()
    for asked in (text, text[-6:], text[:3]):
        found = viewer.get(codes, {"q": asked}).context["cl"].result_list
        assert house.free not in list(found)
    assert house.rows["games.code"].text in viewer.get(codes).content.decode()
    deleter = staff("games.view_code", "games.delete_code", name="Erin")
    asked = deleter.get(f"{codes}{house.free.pk}/delete/")
    assert (asked.status_code, text in asked.content.decode()) == (200, False)
    importer = staff("games.view_code", "games.change_game", name="Frank")
    assert text in importer.get(codes).content.decode()
    assert list(importer.get(codes, {"q": text}).context["cl"].result_list)


def test_autocomplete_says_no_more_than_the_list(house: House) -> None:
    asked = {"app_label": "checkins", "model_name": "redemption", "term": ""}
    asked["field_name"] = "code"
    url = reverse("admin:autocomplete")
    assert staff("games.change_game").get(url, asked).status_code == 403
    said = staff("games.view_code").get(url, asked)
    assert said.status_code == 200
    assert house.free.text not in said.content.decode()
    said = staff("games.view_code").get(url, asked | {"term": house.free.text})
    assert said.json()["results"] == []


def test_nobody_sees_part_of_a_password_hash(house: House) -> None:
    page = house.page("users.player", "change")
    for client in (client_of(house.carol), staff("users.view_player")):
        shown = client.get(page).content.decode()
        assert "A password is set." in shown
        for what in ("hash", "salt"):
            assert house.secrets[what] not in shown


def test_draft_is_led_to_by_no_number(
    house: House, make_game: Callable[..., Game]
) -> None:
    draft = make_game(state=State.DRAFT, slug="not-yet-told")
    kind = Permission.objects.get(codename="view_game").content_type_id
    response = staff().get(f"/admin/r/{kind}/{draft.pk}/")
    assert response.status_code == 404


# Acts


def fingerprint() -> list[Any]:
    """All that our tables hold, but for what signing in and the clock write."""
    models = [m for app in OURS for m in apps.get_app_config(app).get_models()]
    return [
        list(model._default_manager.exclude(**own_row(model)).order_by("pk").values())
        for model in models
        if model is not Permission
    ]


def own_row(model: Any) -> dict[str, str]:
    return {"name": "Dave"} if model is Player else {"pk": "0"}


def chosen(action: str, row: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [row.pk], "post": "yes"}


Act = tuple[str, Needs, Callable[[House], tuple[str, dict[str, Any]]]]
VERB = "/admin/games/game/{}/do/{}/"
ACTS: list[Act] = [
    *(
        (
            verb,
            CHANGES_GAMES,
            lambda house, verb=verb: (
                VERB.format(house.puzzle.pk, verb),
                {"confirmed": "yes", "minutes": "5", "text": "Hello"},
            ),
        )
        for verb in ("pause", "close", "notify")
    ),
    (
        "duplicate",
        [{"games.add_game"}],
        lambda house: (VERB.format(house.puzzle.pk, "duplicate"), {}),
    ),
    (
        "import",
        CHANGES_GAMES,
        lambda house: (
            f"/admin/games/game/pools/{house.puzzle.pools.get().pk}/import/",
            {"file": SimpleUploadedFile("a.txt", b"ONE-MORE")},
        ),
    ),
    (
        "give a name to a player",
        CHANGES_GAMES,
        lambda house: (
            house.page("games.winner", "change"),
            {"player": house.carol.pk},
        ),
    ),
    (
        "delete a code",
        [{"games.delete_code"}],
        lambda house: (
            f"/admin/games/code/{house.free.pk}/delete/",
            {"post": "yes"},
        ),
    ),
    (
        "delete codes",
        [{"games.delete_code", *one} for one in seen("games.code")],
        lambda house: (house.page("games.code"), chosen("delete_selected", house.free)),
    ),
    (
        "void",
        [{"checkins.change_redemption"}],
        lambda house: (house.page("checkins.redemption", "void"), {}),
    ),
    (
        "coins",
        [{"users.add_coinentry"}],
        lambda house: (
            house.page("users.coinentry") + "add/",
            {"player": house.alice.pk, "amount": "5", "refers_to": "a gift"},
        ),
    ),
    (
        "token",
        [{"users.add_apitoken"}],
        lambda house: (
            house.page("users.apitoken") + "add/",
            {"player": house.alice.pk, "name": "mine", "scope": "write"},
        ),
    ),
    (
        "revoke",
        [{"users.change_apitoken"}],
        lambda house: (
            house.page("users.apitoken"),
            chosen("revoke", house.rows["users.apitoken"]),
        ),
    ),
    (
        "press save on a token",
        NOBODY,
        lambda house: (house.page("users.apitoken", "change"), {"_save": "Save"}),
    ),
    (
        "ban",
        [{"users.change_player"}],
        lambda house: (house.page("users.player"), chosen("ban", house.alice)),
    ),
    (
        "password",
        [{"users.change_player"}],
        lambda house: (
            f"/admin/users/player/{house.alice.pk}/password/",
            {"password1": "a long new one", "password2": "a long new one"},
        ),
    ),
    (
        "rename",
        [{"users.change_player"}],
        lambda house: (house.page("users.player", "change"), {"name": "Alicia"}),
    ),
    (
        "add a player",
        [{"users.add_player", "users.change_player"}],
        lambda house: (
            house.page("users.player") + "add/",
            {"name": "Zoe", "password1": PASSWORD + "!", "password2": PASSWORD + "!"},
        ),
    ),
    (
        "change a group",
        SUPERUSERS,
        lambda house: (
            house.page("auth.group", "change"),
            {"name": "H", "permissions": [permissions(["games.change_game"])[0].pk]},
        ),
    ),
    (
        "delete a group",
        SUPERUSERS,
        lambda house: (house.page("auth.group", "delete"), {"post": "yes"}),
    ),
    (
        "add an item",
        [{"checkins.add_item"}],
        lambda house: (
            house.page("checkins.item") + "add/",
            {
                "title": "Cap",
                "pool": house.rows["checkins.item"].pool_id,
                "price": "1",
            },
        ),
    ),
    (
        "change an item",
        [{"checkins.change_item"}],
        lambda house: (
            house.page("checkins.item", "change"),
            {
                "title": "Mug",
                "pool": house.rows["checkins.item"].pool_id,
                "price": "1",
            },
        ),
    ),
]


@pytest.mark.parametrize("act", ACTS, ids=lambda act: act[0])
def test_act_is_done_with_its_permission_and_with_no_other(
    house: House, act: Act
) -> None:
    _name, needs, post = act
    helper = Helper()
    before = fingerprint()
    for client in helper.without(needs):
        path, said = post(house)
        assert client.post(path, said).status_code in (200, 302, 403)
        assert fingerprint() == before
    for enough in needs:
        path, said = post(house)
        assert helper.with_only(enough).post(path, said).status_code in (200, 302)
        assert fingerprint() != before
