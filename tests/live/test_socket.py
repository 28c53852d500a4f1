"""The socket: a welcome, live changes, one reply per command, bad input by field."""

import asyncio
import json
import time
from uuid import uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode

from gameproject.loadtest.client import handshake
from gameproject.loadtest.plan import Address
from tests.stack import Player, Stack

PUZZLE = {"accepted": ["elephant"]}


async def test_welcome_holds_the_whole_small_state(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE, codes=1)
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        welcome = await player.hear("welcome")
    assert set(welcome) == {
        *("type", "seq", "now", "game", "notice", "me", "mine", "tally", "board")
    }
    assert abs(welcome["now"] - time.time() * 1000) < 5000
    assert welcome["game"]["state"] == "OPEN"
    assert welcome["me"]["eligible"] is True
    assert not any(welcome["mine"].values())


async def test_stranger_is_welcome_to_look_but_not_to_answer(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    async with stack.socket(slug, "no-such-session") as player:
        assert (await player.hear("welcome"))["me"] is None
        reply = await player.ask("answer", value="elephant")
    assert (reply["type"], reply["code"]) == ("error", "not_signed_in")


async def test_what_i_won_is_shown_on_every_device(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE, codes=1)
    [session] = stack.make_players(1)
    async with (
        stack.socket(slug, session, process=0) as phone,
        stack.socket(slug, session, process=1) as laptop,
    ):
        await phone.hear("welcome")
        await laptop.hear("welcome")
        code = (await phone.ask("answer", value="elephant"))["code"]
        mine = (await laptop.hear("me"))["mine"]
        assert [own["code"] for own in mine["codes"]] == [code]
        assert not [f for f in phone.frames if f["type"] == "me"]
    async with stack.socket(slug, session) as tablet:
        welcome = await tablet.hear("welcome")
    assert [own["code"] for own in welcome["mine"]["codes"]] == [code]
    assert welcome["mine"]["answers"][0]["verdict"] == "right"


async def test_both_players_see_the_tally_move(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    one, other = stack.make_players(2)
    async with (
        stack.socket(slug, one, process=0) as alice,
        stack.socket(slug, other, process=1) as bob,
    ):
        await alice.hear("tally", here=2)
        await bob.hear("tally", here=2)
        await alice.ask("answer", value="elephant")
        tally = await bob.hear("tally", answered=1)
        assert tally["right"] == 1
        [leader] = (await bob.hear("board"))["top"]
        assert (leader["place"], leader["points"]) == (1, 1)
        assert leader["name"].endswith("***")


async def test_seq_rises_by_one_with_every_broadcast(on_postgres: Stack) -> None:
    slug = on_postgres.make_game("puzzle", PUZZLE)
    async with on_postgres.socket(slug) as player:
        await player.hear("tally", here=1)
        on_postgres.run(
            "game = Game.objects.get(slug=given['slug'])\n"
            "game.pause(now); game.resume(now); game.pause(now)",
            slug=slug,
        )
        for _change in range(3):
            await player.hear("game")
        welcome = await player.ask("resync")
    seqs = [f["seq"] for f in player.frames if f["type"] in ("tally", "game")]
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
    assert welcome["type"] == "welcome"
    assert welcome["game"]["state"] == "PAUSED"


async def test_verb_outside_the_embedded_process_is_noticed(embedded: Stack) -> None:
    slug = embedded.make_game("puzzle", PUZZLE)
    async with embedded.socket(slug) as player:
        await player.hear("tally", here=1)
        embedded.run("Game.objects.get(slug=given['slug']).pause(now)", slug=slug)
        assert (await player.hear("game"))["game"]["state"] == "PAUSED"


async def test_verb_in_another_process_is_seen_by_everybody(
    on_postgres: Stack,
) -> None:
    slug = on_postgres.make_game("puzzle", PUZZLE)
    async with (
        on_postgres.socket(slug, process=0) as one,
        on_postgres.socket(slug, process=1) as other,
    ):
        await one.hear("welcome")
        await other.hear("welcome")
        on_postgres.run("Game.objects.get(slug=given['slug']).pause(now)", slug=slug)
        for player in (one, other):
            frame = await player.hear("game", within=1)
            assert frame["game"]["state"] == "PAUSED"


async def test_change_that_redis_lost_is_noticed(on_postgres: Stack) -> None:
    slug = on_postgres.make_game("puzzle", PUZZLE)
    async with on_postgres.socket(slug) as player:
        await player.hear("tally", here=1)
        # As if the message had been lost: the change alone, without its broadcast.
        on_postgres.run(
            "from django.db.models import F\n"
            "Game.objects.filter(slug=given['slug'])"
            ".update(state='PAUSED', seq=F('seq') + 1)",
            slug=slug,
        )
        frame = await player.hear("game", within=6)
    assert frame["game"]["state"] == "PAUSED"


async def test_game_opens_and_closes_by_the_clock(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    [session] = stack.make_players(1)
    times = stack.run(
        "game = Game.objects.get(slug=given['slug'])\n"
        "opens = timezone.now() + timedelta(seconds=3)\n"
        "closes = opens + timedelta(seconds=2)\n"
        "Game.objects.filter(pk=game.pk).update(state='SCHEDULED', opens_at=opens, "
        "closes_at=closes)\n"
        "out = [opens.timestamp(), closes.timestamp()]",
        slug=slug,
    )
    async with stack.socket(slug, session) as player:
        reply = await player.ask("answer", value="mouse")
        assert reply["code"] == "not_open"
        for at, state in zip(times, ("OPEN", "CLOSED")):
            while (await player.hear("game"))["game"]["state"] != state:
                pass
            assert time.time() >= at
        assert (await player.ask("answer", value="elephant"))["code"] == "closed"


def test_game_opens_with_no_visitor(stack: Stack) -> None:
    state = stack.run(
        "import time\n"
        "opens = now + timedelta(seconds=1)\n"
        "game = Game.objects.create(slug='alone', title='-', kind='puzzle', "
        "settings={'accepted': ['x']}, state='SCHEDULED', opens_at=opens)\n"
        "while timezone.now() < opens + timedelta(seconds=1): time.sleep(0.1)\n"
        "game.refresh_from_db(); out = game.state"
    )
    assert state == "OPEN"


BAD = [
    ("not json", None, "invalid", None),
    ("[1]", None, "invalid", None),
    ("[" * 5000, None, "invalid", None),
    ('{"type":"answer"}', None, "invalid", "id"),
    ('{"id":"ID"}', "ID", "invalid", "type"),
    ('{"type":7,"id":"ID"}', "ID", "invalid", "type"),
    ('{"type":"fly","id":"ID"}', "ID", "invalid", "type"),
    ('{"type":"answer","id":"7","value":"x"}', "7", "invalid", "id"),
    ('{"type":"answer","id":"ID"}', "ID", "invalid", "value"),
    ('{"type":"answer","id":"ID","value":[]}', "ID", "invalid", "value"),
    ('{"type":"answer","id":"ID","value":NaN}', "ID", "invalid", "value"),
    ('{"type":"answer","id":"ID","value":"a\\u0000"}', "ID", "invalid", "value"),
    ('{"type":"answer","id":"ID","value":"\\ud800"}', "ID", "invalid", "value"),
    ('{"type":"answer","id":"ID","value":"x","x":1}', "ID", "invalid", "x"),
    ('{"type":"answer","id":"ID","value":"x","question":"9"}', "ID", "invalid", None),
    (
        '{"type":"answer","id":"ID","value":"' + "x" * 9216 + '"}',
        None,
        "too_large",
        None,
    ),
]


async def test_bad_input_is_refused_by_name_and_changes_nothing(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        for text, id_, code, field in BAD:
            own = str(uuid4())
            await player.say(text.replace("ID", own))
            error = await player.hear("error")
            assert error["id"] == (own if id_ == "ID" else id_), text
            assert error["code"] == code, text
            if field:
                assert error["field"] == field, text
        await player.ws.send(b"\x00\x01")
        assert (await player.hear("error"))["code"] == "invalid"
        assert (await player.ask("answer", value="elephant"))["verdict"] == "right"
    answers = stack.run(
        "out = Game.objects.get(slug=given['slug']).answers.count()", slug=slug
    )
    assert answers == 1
    assert not stack.logged_errors()


MENU = {"questions": [{"text": "Which?", "type": "vote", "options": ["Tea", "Coffee"]}]}


async def test_option_is_the_one_the_player_was_shown(on_postgres: Stack) -> None:
    """Staff insert Juice as the first option while answers are under way."""
    stack = on_postgres
    slug = stack.make_game("choice", MENU)
    one, other = stack.make_players(2)
    async with stack.socket(slug, one) as alice, stack.socket(slug, other) as bob:
        shown = (await alice.hear("welcome"))["game"]["play"]
        await bob.hear("welcome")
        sent = await alice.ask("answer", question="1", value=0)
        stack.run(PUT_ON_TOP, slug=slug, option="Juice")
        moved = (await bob.hear("game"))["game"]["play"]
        late = await bob.ask("answer", question="1", value=1, version=shown["version"])
        again = await bob.ask("answer", question="1", value=0)
        mine = (await alice.ask("resync"))["mine"]["answers"]
    assert moved["questions"][0]["options"] == ["Juice", "Tea", "Coffee"]
    assert (sent["value"], late["value"], again["code"]) == (
        [0],
        [2],
        "no_attempts_left",
    )
    assert [answer["value"] for answer in mine] == [[1]]


PUT_ON_TOP = """
game = Game.objects.get(slug=given['slug'])
new = game.rules.model_dump(mode='json')
new['questions'][0]['options'].insert(0, given['option'])
rules = game.carry(game.of_kind.Settings.model_validate(new))
game.settings = rules.model_dump(mode='json')
game.edit(['settings'])
out = 0
"""


async def test_our_own_error_is_sent_logged_once_and_counted(
    stack: Stack,
) -> None:
    """The error: the settings in the database don't fit the kind's schema."""
    slug = stack.make_game("puzzle", PUZZLE)
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        await player.hear("welcome")
        stack.run(
            "Game.objects.filter(slug=given['slug']).update(settings={}); out = 0",
            slug=slug,
        )
        reply = await player.ask("answer", value="elephant")
        stack.run(
            "Game.objects.filter(slug=given['slug']).delete(); out = 0", slug=slug
        )
        assert await player.end() == 4404
    assert (reply["type"], reply["code"]) == ("error", "server_error")
    assert "retry_after" not in reply
    assert stack.log.read_text().count("A command failed") == 1
    stack.forget_errors()


async def test_id_used_for_another_answer_is_refused(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    [session] = stack.make_players(1)
    async with stack.socket(slug, session) as player:
        first = await player.ask("answer", value="mouse")
        same = {"type": "answer", "id": first["id"], "value": "mouse"}
        await player.say(same)
        again = await player.reply_to(first["id"])
        assert again == {**first, "status": "duplicate"}
        await player.say({**same, "value": "elephant"})
        refused = await player.reply_to(first["id"])
        assert (refused["code"], refused["field"]) == ("invalid", "id")


async def test_unknown_game_says_so_and_closes(stack: Stack) -> None:
    async with stack.socket("no-such-game") as player:
        assert (await player.hear("error"))["code"] == "not_found"
        with pytest.raises(ConnectionClosed):
            await player.ws.recv()
        assert player.ws.close_code == 4404


async def test_socket_elsewhere_is_refused_and_breaks_nothing(stack: Stack) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(stack.url("/ws/nowhere/").replace("http", "ws", 1)):
            pass
    assert refused.value.response.status_code == 403


async def test_another_sites_page_gets_no_socket(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    player = stack.socket(slug)
    player._connecting.additional_headers = {"Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus):
        async with player:
            pass


async def flood(player: Player) -> None:
    frame = json.dumps({"type": "resync", "id": str(uuid4())})
    await asyncio.gather(*(player.ws.send(frame) for _ in range(500)))
    while True:
        await player.ws.recv()


async def test_flood_of_frames_closes_the_socket_alone(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    one, other = stack.make_players(2)
    async with stack.socket(slug, one) as flooder, stack.socket(slug, other) as calm:
        with pytest.raises(ConnectionClosed):
            await flood(flooder)
        assert (await calm.ask("answer", value="elephant"))["verdict"] == "right"


async def test_reply_under_way_when_a_flood_is_cut_off_is_no_error(
    stack: Stack,
) -> None:
    slug = stack.make_game("puzzle", PUZZLE)
    one, other = stack.make_players(2)
    address = Address.parse(stack.url("/"))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(handshake(address, f"/ws/games/{slug}/", one))
    await reader.readuntil(b'"welcome"')
    frame = json.dumps({"type": "resync", "id": str(uuid4())}).encode()
    writer.write(Frame(Opcode.TEXT, frame).serialize(mask=True) * 40)
    async with stack.socket(slug, other) as calm:
        await calm.hear(
            "welcome"
        )  # read together with the flooder's, and sent after it
    writer.close()
    assert not stack.logged_errors()


async def test_frames_hold_no_secret(stack: Stack) -> None:
    slug = stack.make_game("puzzle", PUZZLE, codes=3)
    one, other = stack.make_players(2)
    async with (
        stack.socket(slug, one, process=0) as alice,
        stack.socket(slug, other, process=1) as bob,
    ):
        await bob.hear("tally", here=2)
        won = await alice.ask("answer", value="elephant")
        await bob.ask("answer", value="mouse")
        await bob.hear("tally", answered=2)
        await bob.ask("resync")
    seen = json.dumps(bob.frames)
    assert "elephant" not in seen
    assert "CODE-" not in seen
    assert json.dumps(alice.frames).count("CODE-") == 1
    assert won["receipt"]["hmac"] not in seen
