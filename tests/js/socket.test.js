import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { GameSocket } from "../../static/js/lib/socket.js";
import { mockRandom, FakeSocket, newPage, advance, restoreMocks, mockTime } from "./fakes.js";

let received, links, socket, page, browser;

beforeEach(() => {
  ({ page, browser } = newPage());
  mockTime();
  [received, links] = [[], []];
  socket = new GameSocket("one", {
    onFrame: (frame) => received.push(frame),
    onLink: (link) => links.push(link),
  });
});
afterEach(restoreMocks);

const made = () => FakeSocket.made.length;
const tally = (seq) => ({ type: "tally", seq, here: 1 });

test("it opens one socket, at the game's address", () => {
  socket.open();
  assert.equal(made(), 1);
  assert.equal(FakeSocket.last.address, "wss://play.example/ws/games/one/");
});

test("what doesn't open within five seconds is given up and tried again", async () => {
  mockRandom(0.5);
  socket.open();
  await advance(4_999);
  assert.equal(FakeSocket.last.closed, false);
  await advance(1);
  assert.equal(FakeSocket.made[0].closed, true);
  assert.deepEqual(links, ["offline"]);
  await advance(500);
  assert.equal(made(), 2);
});

test("what has opened may take its time to be welcomed", async () => {
  socket.open();
  FakeSocket.last.opens();
  await advance(20_000);
  assert.equal(made(), 1);
  FakeSocket.last.says({ type: "welcome", seq: 3 });
  assert.deepEqual(links, ["online"]);
});

test("it comes back after a random moment of a span that doubles, for ever", async () => {
  const spans = [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1000);
  mockRandom(0.5);
  socket.open();
  for (const [failures, span] of spans.entries()) {
    FakeSocket.last.breaks();
    await advance(span / 2 - 1);
    assert.equal(made(), failures + 1);
    await advance(1);
    assert.equal(made(), failures + 2);
  }
  for (let i = 0; i < 200; i += 1) {
    FakeSocket.last.breaks();
    await advance(15_000);
  }
  assert.equal(made(), 209);
});

test("the first delay is random too: anything from nothing to a second", async () => {
  mockRandom(0, 0.999);
  socket.open();
  FakeSocket.last.breaks();
  await advance(0);
  assert.equal(made(), 2);
  FakeSocket.last.welcomes();
  FakeSocket.last.breaks();
  await advance(998);
  assert.equal(made(), 2);
  await advance(1);
  assert.equal(made(), 3);
});

test("a welcome makes the delays short again", async () => {
  mockRandom(0.5);
  socket.open();
  for (let i = 0; i < 6; i += 1) {
    FakeSocket.last.breaks();
    await advance(15_000);
  }
  const before = made();
  FakeSocket.last.welcomes();
  FakeSocket.last.breaks();
  await advance(500);
  assert.equal(made(), before + 1);
});

test("back online, it doesn't sit out a long wait", async () => {
  mockRandom(0.9);
  socket.open();
  for (let i = 0; i < 4; i += 1) {
    FakeSocket.last.breaks();
    await advance(8_000);
  }
  FakeSocket.last.breaks();
  const before = made();
  browser.dispatchEvent(new Event("online"));
  await advance(900);
  assert.equal(made(), before + 1);
});

test("a game that is gone isn't asked for again", async () => {
  socket.open();
  FakeSocket.last.breaks(4404);
  await advance(600_000);
  assert.equal(made(), 1);
  assert.deepEqual(links, ["gone"]);
});

test("replaced by a newer socket of the session, it comes back in no hurry", async () => {
  mockRandom(0.9);
  socket.open();
  FakeSocket.last.welcomes(1);
  FakeSocket.last.breaks(4409);
  await advance(26_000);
  assert.equal(made(), 1);
  await advance(2_000);
  assert.equal(made(), 2);
});

test("silence means that the socket is dead; a heartbeat that it lives", async () => {
  mockRandom(0.5);
  socket.open();
  FakeSocket.last.welcomes(1);
  for (let i = 0; i < 6; i += 1) {
    await advance(30_000);
    FakeSocket.last.says(tally(1));
  }
  assert.equal(made(), 1);
  await advance(35_000);
  await advance(500);
  assert.equal(made(), 2);
});

test("frames come in order; what is old is no news, a heartbeat is", () => {
  socket.open();
  FakeSocket.last.welcomes(5);
  for (const seq of [6, 6, 5, 7]) FakeSocket.last.says(tally(seq));
  FakeSocket.last.says({ type: "game", seq: 7, game: {} });
  assert.deepEqual(received.map(({ type, seq }) => [type, seq]), [
    ["welcome", 5],
    ["tally", 6],
    ["tally", 6],
    ["tally", 7],
  ]);
  assert.deepEqual(FakeSocket.last.sent, []);
});

test("a gap asks for the whole state: once, after a random moment", async () => {
  mockRandom(0.5);
  socket.open();
  FakeSocket.last.welcomes(5);
  FakeSocket.last.says(tally(7));
  await advance(400);
  FakeSocket.last.says(tally(9));
  assert.deepEqual(FakeSocket.last.sent, []);
  await advance(100);
  assert.deepEqual(FakeSocket.last.sent.map(({ type }) => type), ["resync"]);
  assert.match(FakeSocket.last.sent[0].id, /^[0-9a-f-]{36}$/);
  await advance(5_000);
  assert.equal(FakeSocket.last.sent.length, 1);
});

test("a welcome that came by itself makes the question needless", async () => {
  socket.open();
  FakeSocket.last.welcomes(5);
  FakeSocket.last.says(tally(7));
  FakeSocket.last.says({ type: "welcome", seq: 8 });
  await advance(5_000);
  assert.deepEqual(FakeSocket.last.sent, []);
});

test("it says so where a command can't go out", () => {
  socket.open();
  assert.equal(socket.send({ type: "answer" }), false);
  FakeSocket.last.welcomes();
  assert.equal(socket.send({ type: "answer" }), true);
});

// A phone that slept, or another network: nobody says that the socket is dead.

const sent = (place) => FakeSocket.made[place].sent.map(({ type }) => type);
const comesBack = {
  "the page is looked at": () => page.dispatchEvent(new Event("visibilitychange")),
  "the network is back": () => browser.dispatchEvent(new Event("online")),
  "the browser went back to it": () =>
    browser.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: true })),
};

for (const [what, happens] of Object.entries(comesBack)) {
  test(`${what}: an open socket is asked at once for a sign of life`, async () => {
    socket.open();
    FakeSocket.last.welcomes(1);
    await advance(9_000);
    happens();
    happens();
    assert.deepEqual(sent(0), ["resync"]);
    await advance(2_999);
    assert.equal(made(), 1);
    await advance(1);
    assert.equal(made(), 2);
    assert.equal(FakeSocket.made[0].closed, true);
    assert.deepEqual(links, ["online"]);
    FakeSocket.last.welcomes(4);
    assert.deepEqual(links, ["online", "online"]);
  });
}

test("what gives a sign of life is kept", async () => {
  socket.open();
  FakeSocket.last.welcomes(1);
  await advance(9_000);
  browser.dispatchEvent(new Event("online"));
  FakeSocket.last.says({ type: "welcome", seq: 1, id: "x" });
  await advance(9_000);
  assert.equal(made(), 1);
});

test("what was heard just now, or isn't welcomed yet, isn't asked", async () => {
  socket.open();
  FakeSocket.last.opens();
  browser.dispatchEvent(new Event("online"));
  FakeSocket.last.welcomes(1);
  browser.dispatchEvent(new Event("online"));
  browser.dispatchEvent(Object.assign(new Event("pageshow"), { persisted: false }));
  page.hidden = true;
  await advance(9_000);
  page.dispatchEvent(new Event("visibilitychange"));
  assert.deepEqual(sent(0), []);
});

test("the other socket too has five seconds to open, then it is offline", async () => {
  mockRandom(0.5);
  socket.open();
  FakeSocket.last.welcomes(1);
  socket.replace();
  socket.replace();
  assert.equal(made(), 2);
  await advance(5_000);
  assert.deepEqual(links, ["online", "offline"]);
  await advance(500);
  assert.equal(made(), 3);
});

test("a game that is gone gets no other socket", () => {
  socket.open();
  FakeSocket.last.breaks(4404);
  socket.replace();
  assert.equal(made(), 1);
});

test("a socket that talks is not taken for dead where a reply is late", async () => {
  socket.open();
  FakeSocket.last.welcomes(1);
  await advance(1_500);
  socket.replaceIfSilent();
  assert.equal(made(), 1);
  await advance(1_000);
  socket.replaceIfSilent();
  assert.equal(made(), 2);
});
