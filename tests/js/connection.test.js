import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Connection } from "../../static/js/lib/connection.js";
import { mockRandom, FakeSocket, newPage, advance, restoreMocks, mockFetch, mockTime } from "./fakes.js";

const ME = { id: 7, name: "Alice", eligible: true };
let page, received, links, connection, requests, game, etag, broken, wanted;

beforeEach(() => {
  ({ page } = newPage());
  mockTime();
  mockRandom(0.5);
  [received, links, etag, broken, wanted] = [[], [], '"a"', false, true];
  game = { slug: "one", state: "OPEN", reveal: null, seq: 4 };
  requests = mockFetch(answer);
  connection = newConnection();
});
afterEach(restoreMocks);

function newConnection() {
  return new Connection("one", {
    isWanted: () => wanted,
    onFrame: (frame) => received.push(frame),
    onLink: (link) => links.push(link),
  });
}

function answer(method, path, body, headers) {
  if (broken) return [503, undefined, { "Retry-After": "2" }];
  if (path === "/api/batch") return [200, { results: body.requests.map(resultOf) }];
  if (method === "POST") return [200, { id: body.id, status: "accepted", verdict: "right" }];
  return headers["If-None-Match"] === etag ? [304] : [200, game, { ETag: etag }];
}

function resultOf({ type }) {
  const data = { game, mine: { now: 1, me: ME, mine: { answers: [] } }, board: { top: [] } };
  return { data: data[type] };
}

const calls = () => requests.map(({ method, path }) => `${method} ${path}`);
const frames = (type) => received.filter((frame) => frame.type === type);
const BATCH = "POST /api/batch";
const POLL = "GET /api/games/one";

// Sockets are refused, until the page works over HTTP.
async function isBlocked() {
  connection.open();
  FakeSocket.last.breaks();
  await advance(5_000);
  await advance(0);
}

test("a healthy arrival asks nothing over HTTP", async () => {
  connection.open();
  FakeSocket.last.welcomes();
  await advance(8_000);
  assert.deepEqual(calls(), []);
  assert.deepEqual(links, ["online"]);
});

test("a refused socket is given five seconds, then all comes in one batch", async () => {
  connection.open();
  FakeSocket.last.breaks();
  await advance(4_999);
  assert.deepEqual(calls(), []);
  await advance(1);
  await advance(0);
  assert.deepEqual(calls(), [BATCH]);
  const [welcome] = frames("welcome");
  assert.deepEqual(welcome.me, ME);
  assert.deepEqual(welcome.game, { slug: "one", state: "OPEN", reveal: null });
  assert.equal(links.at(-1), "polling");
  assert.ok(!links.includes("offline"));
});

test("a socket that opens in silence is given five seconds more", async () => {
  connection.open();
  FakeSocket.last.opens();
  await advance(9_999);
  assert.deepEqual(calls(), []);
  await advance(1);
  await advance(0);
  assert.deepEqual(calls(), [BATCH]);
});

test("the next page of a network that blocks sockets waits less", async () => {
  await isBlocked();
  connection = newConnection();
  connection.open();
  await advance(500);
  await advance(0);
  assert.deepEqual(calls(), [BATCH, BATCH]);
  FakeSocket.last.welcomes();
  connection = newConnection();
  connection.open();
  await advance(4_999);
  assert.deepEqual(calls().filter((call) => call === BATCH), [BATCH, BATCH]);
});

test("news comes by polling with the ETag, and only where there is any", async () => {
  await isBlocked();
  await advance(5_000);
  await advance(5_000);
  assert.deepEqual(calls(), [BATCH, POLL, POLL]);
  assert.equal(requests[2].headers["If-None-Match"], '"a"');
  assert.equal(frames("game").length, 1);
  [game, etag] = [{ ...game, state: "PAUSED", seq: 5 }, '"b"'];
  await advance(5_000);
  assert.equal(frames("game").at(-1).game.state, "PAUSED");
  assert.deepEqual(calls().filter((call) => call === BATCH), [BATCH]);
});

test("a notice comes beside the game, at first and by polling", async () => {
  const notice = { text: "Hurry!", until: 9 };
  game = { ...game, notice };
  await isBlocked();
  assert.deepEqual(frames("welcome")[0].notice, notice);
  [game, etag] = [{ ...game, notice: null, seq: 5 }, '"b"'];
  await advance(5_000);
  assert.equal(frames("game").at(-1).notice, null);
  assert.ok(!("notice" in frames("game").at(-1).game));
});

test("what a cache says late is no news", async () => {
  await isBlocked();
  [game, etag] = [{ ...game, state: "SCHEDULED", seq: 3 }, '"old"'];
  await advance(5_000);
  assert.deepEqual(frames("game"), []);
});

test("what is revealed brings the player's own result", async () => {
  await isBlocked();
  [game, etag] = [{ ...game, state: "REVEALED", reveal: { answer: "x" }, seq: 5 }, '"b"'];
  await advance(5_000);
  await advance(0);
  assert.deepEqual(calls(), [BATCH, POLL, BATCH]);
  assert.equal(frames("welcome").length, 2);
});

test("a page nobody looks at asks less often, and at once when it is looked at", async () => {
  page.hidden = true;
  await isBlocked();
  await advance(29_000);
  assert.deepEqual(calls(), [BATCH]);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await advance(1_000);
  assert.deepEqual(calls(), [BATCH, POLL]);
});

test("commands go over HTTP under the same id, and the reply is the socket's", async () => {
  await isBlocked();
  connection.send({ type: "answer", id: "x", question: "", value: "elephant" });
  await advance(0);
  const { path, body } = requests.at(-1);
  assert.equal(path, "/api/answers");
  assert.deepEqual(body, { game: "one", id: "x", question: "", value: "elephant" });
  assert.deepEqual(received.at(-1), { type: "answer", id: "x", status: "accepted", verdict: "right" });
  for (const type of ["checkin", "redeem"]) connection.send({ type, id: type });
  await advance(0);
  assert.deepEqual(calls().slice(-2), ["POST /api/checkins", "POST /api/redemptions"]);
});

test("a refusal over HTTP is the socket's error frame", async () => {
  await isBlocked();
  broken = true;
  connection.send({ type: "answer", id: "x", value: "elephant" });
  await advance(0);
  assert.deepEqual(received.at(-1), { type: "error", id: "x", code: "unavailable", retry_after: 2 });
});

test("the socket is tried all the while; once welcomed, polling stops", async () => {
  await isBlocked();
  const tried = FakeSocket.made.length;
  for (let i = 0; i < 3; i += 1) {
    FakeSocket.last.breaks();
    await advance(15_000);
  }
  assert.ok(FakeSocket.made.length >= tried + 3);
  assert.equal(links.at(-1), "polling");
  FakeSocket.last.welcomes();
  const before = calls().length;
  await advance(30_000);
  FakeSocket.last.says({ type: "tally", seq: 1 });
  assert.equal(links.at(-1), "online");
  assert.equal(calls().length, before);
  connection.send({ type: "answer", id: "x" });
  assert.deepEqual(FakeSocket.last.sent, [{ type: "answer", id: "x" }]);
});

test("an answer to a question from before the welcome is dropped", async () => {
  let late;
  requests = mockFetch(() => new Promise((resolve) => (late = resolve)));
  await isBlocked();
  FakeSocket.last.welcomes(9);
  late([200, { results: ["game", "mine", "board"].map((type) => resultOf({ type })) }]);
  await advance(0);
  assert.deepEqual(frames("welcome").map(({ seq }) => seq), [9]);
  assert.equal(links.at(-1), "online");
});

test("a connection lost later is given five to ten seconds, not the same for all", async () => {
  connection.open();
  FakeSocket.last.welcomes();
  FakeSocket.last.breaks();
  assert.deepEqual(links, ["online", "offline"]);
  await advance(7_499);
  assert.deepEqual(calls(), []);
  await advance(1);
  await advance(0);
  assert.deepEqual(calls(), [BATCH]);
});

test("with nothing to be had it says so, and asks ever more slowly", async () => {
  broken = true;
  await isBlocked();
  assert.equal(links.at(-1), "offline");
  const seconds = async (count) => {
    const before = requests.length;
    for (let i = 0; i < count; i += 1) await advance(1_000);
    return requests.length - before;
  };
  assert.equal(await seconds(31), 2);
  assert.ok((await seconds(600)) <= 12);
  broken = false;
  await seconds(61);
  assert.equal(links.at(-1), "polling");
});

test("a game that is put away is gone", async () => {
  await isBlocked();
  mockFetch(() => [404, { error: { code: "not_found", detail: "" } }]);
  await advance(5_000);
  assert.equal(links.at(-1), "gone");
  FakeSocket.last.breaks();
  await advance(60_000);
  assert.equal(links.at(-1), "gone");
});

// A socket that is dead without a word

const COMMAND = { type: "answer", id: "x", question: "", value: "elephant" };
const POST = "POST /api/answers";

// On a socket that says nothing any more.
function sendInto() {
  connection.open();
  FakeSocket.last.welcomes();
  connection.send(COMMAND);
}

test("three seconds without a reply: another socket, by which it is sent again", async () => {
  sendInto();
  await advance(2_999);
  assert.equal(FakeSocket.made.length, 1);
  await advance(1);
  assert.equal(FakeSocket.made.length, 2);
  FakeSocket.last.welcomes();
  assert.equal(links.at(-1), "online");
  connection.send(COMMAND); // as whoever keeps it does after a welcome
  FakeSocket.last.says({ type: "answer", id: "x", status: "accepted" });
  await advance(30_000);
  assert.deepEqual(FakeSocket.made[1].sent, [COMMAND]);
  assert.deepEqual(calls(), []);
});

for (const opens of [false, true]) test(`where no other socket is heard (open: ${opens}) it goes over HTTP`, async () => {
  sendInto();
  await advance(3_000);
  if (opens) FakeSocket.last.opens();
  await advance(2_999);
  assert.deepEqual(calls(), []);
  await advance(1);
  await advance(0);
  assert.deepEqual(calls(), [POST]);
  assert.equal(requests[0].body.id, "x");
  assert.equal(received.at(-1).status, "accepted");
});

test("a socket that takes what is sent and never replies isn't believed for ever", async () => {
  sendInto();
  await advance(3_000);
  FakeSocket.last.welcomes();
  connection.send(COMMAND);
  await advance(9_000);
  await advance(0);
  assert.equal(FakeSocket.made.length, 2);
  assert.deepEqual(calls(), [POST]);
});

test("a reply in time, or a refusal, is the end of it", async () => {
  connection.open();
  FakeSocket.last.welcomes();
  for (const type of ["answer", "error"]) {
    connection.send({ ...COMMAND, id: type });
    FakeSocket.last.says({ type, id: type, code: "closed" });
  }
  for (let i = 0; i < 4; i += 1) {
    await advance(5_000);
    FakeSocket.last.says({ type: "tally", seq: 1 });
  }
  assert.equal(FakeSocket.made.length, 1);
  assert.deepEqual(calls(), []);
});

test("what isn't this player's any more goes out in no other way", async () => {
  sendInto();
  wanted = false; // another session has been welcomed, or it was thrown away
  await advance(20_000);
  assert.equal(FakeSocket.made.length, 1);
  assert.deepEqual(calls(), []);
});

test("over HTTP too a reply that doesn't come is asked for by a socket", async () => {
  await isBlocked();
  mockFetch(() => new Promise(() => {}));
  connection.send(COMMAND);
  const before = FakeSocket.made.length;
  FakeSocket.last.breaks();
  await advance(3_000);
  assert.ok(FakeSocket.made.length > before);
  FakeSocket.last.welcomes();
  connection.send(COMMAND);
  assert.deepEqual(FakeSocket.last.sent, [COMMAND]);
});
