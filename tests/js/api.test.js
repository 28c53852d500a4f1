import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Api, ApiError } from "../../static/js/lib/api.js";
import { newPage, advance, restoreMocks, mockFetch, settle, mockTime } from "./fakes.js";

const LIFETIMES = { game: 120_000, user: 600_000 };
let api;

beforeEach(() => {
  newPage();
  mockTime();
  api = new Api(LIFETIMES);
});
afterEach(restoreMocks);

// Every item has its own id as its data, unless it is called `bad`.
function batches() {
  return mockFetch((method, path, { requests }) => {
    const results = requests.map(({ type, id }) =>
      id === "bad"
        ? { type, id, status: 404, error: { code: "not_found", detail: "No." } }
        : { type, id, status: 200, data: { slug: id } },
    );
    return [200, { results }];
  });
}

async function refusal(promise) {
  const error = await promise.then(() => null, (reason) => reason);
  assert.ok(error instanceof ApiError);
  return error.refusal;
}

test("what is read in the same tick is one batch, in order, each item once", async () => {
  const calls = batches();
  const reads = ["one", "two", "one", "three"].map((id) => api.read("game", id));
  await Promise.resolve();
  reads.push(api.read("user", "7"));
  await advance(0);
  const found = await Promise.all(reads);
  assert.deepEqual(found.map(({ slug }) => slug), ["one", "two", "one", "three", "7"]);
  assert.deepEqual(calls.map(({ method, path }) => [method, path]), [["POST", "/api/batch"]]);
  assert.deepEqual(calls[0].body.requests, [
    { type: "game", id: "one" },
    { type: "game", id: "two" },
    { type: "game", id: "three" },
    { type: "user", id: "7" },
  ]);
});

test("fifty items fit into a batch; the fifty-first opens another", async () => {
  const calls = batches();
  const reads = Array.from({ length: 51 }, (_, i) => api.read("game", `g-${i}`));
  await advance(0);
  await Promise.all(reads);
  assert.deepEqual(calls.map(({ body }) => body.requests.length), [50, 1]);
});

test("what is under way isn't asked again", async () => {
  let answer;
  const calls = mockFetch(() => new Promise((resolve) => (answer = resolve)));
  const first = api.read("answers", "one");
  await advance(0);
  const second = api.read("answers", "one", { fresh: true });
  await advance(0);
  answer([200, { results: [{ data: { answers: [] } }] }]);
  assert.deepEqual(await first, await second);
  assert.equal(calls.length, 1);
});

for (const [type, minutes] of [["game", 2], ["user", 10]]) {
  test(`a ${type} is kept for ${minutes} minutes`, async () => {
    const calls = batches();
    const read = async () => {
      const found = api.read(type, "1");
      await advance(0);
      return found;
    };
    await read();
    await advance(minutes * 60_000 - 1);
    await read();
    assert.equal(calls.length, 1);
    await advance(1);
    await read();
    assert.equal(calls.length, 2);
  });
}

test("a fresh read passes by what was kept; a type without a lifetime isn't kept", async () => {
  const calls = batches();
  for (const [type, fresh] of [["game", false], ["game", true], ["mine", false], ["mine", false]]) {
    const found = api.read(type, "one", { fresh });
    await advance(0);
    await found;
  }
  assert.equal(calls.length, 4);
});

test("an item's failure is its own, and isn't kept", async () => {
  const calls = batches();
  for (let i = 0; i < 2; i += 1) {
    const [bad, good] = [api.read("game", "bad"), api.read("mine", "good")];
    const refused = refusal(bad);
    await advance(0);
    assert.deepEqual(await refused, { code: "not_found", detail: "No." });
    assert.deepEqual(await good, { slug: "good" });
  }
  assert.equal(calls.length, 2);
});

test("a failed batch fails all that was in it", async () => {
  mockFetch(() => [429, { error: { code: "rate_limited", detail: "Wait.", retry_after: 7 } }]);
  const reads = [api.read("game", "one"), api.read("mine", "one")].map(refusal);
  await advance(0);
  for (const refused of await Promise.all(reads)) {
    assert.equal(refused.code, "rate_limited");
    assert.equal(refused.retry_after, 7);
  }
});

test("a proxy's own words become a code", async () => {
  for (const [status, code] of [[429, "rate_limited"], [502, "unavailable"], [404, "not_found"], [500, "server_error"]]) {
    mockFetch(() => [status, undefined, { "Retry-After": "3" }]);
    assert.deepEqual(await refusal(api.get("/api/games/one")), { code, retry_after: 3 });
  }
});

test("without a network, or cut off in the middle, it is unavailable", async () => {
  mockFetch(() => Promise.reject(new TypeError("no network")));
  assert.deepEqual(await refusal(api.get("/api/games/one")), { code: "unavailable" });
  mockFetch(() => [200, undefined]);
  assert.deepEqual(await refusal(api.get("/api/games/one")), { code: "unavailable" });
});

test("an ETag is sent back, and nothing comes where nothing has changed", async () => {
  const calls = mockFetch((method, path, body, headers) =>
    headers["If-None-Match"] === '"a"' ? [304] : [200, { seq: 1 }, { ETag: '"a"' }],
  );
  const first = await api.get("/api/games/one");
  assert.deepEqual(first, { data: { seq: 1 }, etag: '"a"' });
  assert.deepEqual(await api.get("/api/games/one", first.etag), { etag: '"a"' });
  assert.deepEqual(calls.map(({ headers }) => headers), [{}, { "If-None-Match": '"a"' }]);
});

test("a command carries the token, and isn't sent twice while it is under way", async () => {
  const calls = mockFetch(() => [200, { id: "x", status: "accepted" }]);
  const body = { game: "one", id: "x", value: "elephant" };
  const both = await Promise.all([api.post("/api/answers", body), api.post("/api/answers", body)]);
  await settle();
  assert.deepEqual(both[0], both[1]);
  assert.equal(calls.length, 1);
  assert.equal(calls[0].headers["X-CSRFToken"], "token");
  assert.deepEqual(calls[0].body, body);
});
