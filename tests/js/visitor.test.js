import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Api } from "../../static/js/lib/api.js";
import { keepNext, nextPage } from "../../static/js/lib/next.js";
import { readVisitor, visitorView } from "../../static/js/lib/visitor.js";
import { newPage, advance, restoreMocks, mockFetch, mockTime } from "./fakes.js";

const ME = { id: 7, name: "Alice", guest: false, coins: 3 };
const GAMES = { games: [], next: null };
let page, requests, results;

beforeEach(() => {
  ({ page } = newPage());
  mockTime();
  results = [{ data: ME }, { data: GAMES }];
  requests = mockFetch(() => [200, { results }]);
});
afterEach(restoreMocks);

async function read(...types) {
  const found = readVisitor(new Api(), ...types);
  await advance(10);
  return found;
}

test("a stranger asks nothing", async () => {
  page.cookie = "other=x";
  assert.deepEqual(await read("games"), [null]);
  assert.equal(requests.length, 0);
});

for (const sign of ["renewed=1", "csrftoken=token"]) {
  test(`whoever has ${sign} asks for all in one request`, async () => {
    page.cookie = sign;
    assert.deepEqual(await read("games"), [ME, GAMES]);
    assert.equal(requests.length, 1);
    const types = requests[0].body.requests.map(({ type, id }) => type + id);
    assert.deepEqual(types, ["user", "games"]);
  });
}

test("a session that has ended makes a stranger", async () => {
  results[0] = { error: { code: "not_signed_in" } };
  assert.deepEqual(await read("games"), [null]);
});

test("where the site can't say it, nobody is taken for a stranger", async () => {
  results[0] = { error: { code: "unavailable" } };
  assert.equal(await read("games"), null);
});

test("a guest is offered an account, an account is let out", () => {
  const kinds = [null, ME, { ...ME, guest: true }].map(visitorView);
  assert.deepEqual(
    kinds.map(({ stranger, account, guest }) => [stranger, account, Boolean(guest)]),
    [
      [true, false, false],
      [false, true, false],
      [false, false, true],
    ],
  );
  assert.ok(kinds.every(({ token }) => token === "token"));
});

const at = (search) => ({ href: `https://play.example/login/${search}`, search, origin: "https://play.example" });

for (const [next, leads] of [
  ["", "/"],
  ["?next=/me/%3Fcursor=2", "/me/?cursor=2"],
  ["?next=//evil.example/", "/"],
  ["?next=https://evil.example/", "/"],
  ["?next=%5C%5Cevil.example", "/"],
  ["?next=javascript:alert(1)", "/"],
  ["?next=http://[", "/"],
]) {
  test(`${next || "no next"} leads to ${leads}`, () => {
    assert.equal(nextPage(at(next)), `https://play.example${leads}`);
  });
}

test("the other form leads on to the same, and to nothing else", () => {
  const link = {};
  keepNext(link, at("?next=/games/x/&utm_source=y"));
  assert.equal(String(link.search), "next=%2Fgames%2Fx%2F");
  keepNext(null, at("?next=/x/"));
});
