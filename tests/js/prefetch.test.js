import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { newPage, advance, restoreMocks, mockTime } from "./fakes.js";

const FILES = [
  { rel: "stylesheet", href: "https://cdn.example/static/game.1.css" },
  { rel: "modulepreload", href: "https://cdn.example/static/connection.2.js" },
  { rel: "", src: "https://cdn.example/static/game.3.js" },
];
const COMMON = { content: { children: FILES } };
const gameAt = (place) => `https://play.example/games/g-${place}/`;
let page, idle, modules = 0;

beforeEach(() => {
  ({ page } = newPage());
  mockTime();
  idle = [];
  globalThis.requestIdleCallback = (act) => idle.push(act);
  globalThis.performance = { getEntriesByType: () => [] };
});
afterEach(restoreMocks);

// A list of twenty games, watched by a module that remembers nothing yet.
async function watch(connection) {
  Object.defineProperty(globalThis, "navigator", { value: { connection }, configurable: true });
  const { prefetchLinks } = await import(`../../static/js/lib/prefetch.js?${(modules += 1)}`);
  const list = new EventTarget();
  list.querySelectorAll = () => Array.from({ length: 20 }, (_, i) => ({ href: gameAt(i) }));
  prefetchLinks(list, 3, COMMON);
  return list;
}

function hint(list, type, place) {
  const event = new Event(type);
  const link = place === undefined ? null : { href: gameAt(place) };
  Object.defineProperty(event, "target", { value: { closest: () => link } });
  list.dispatchEvent(event);
}

const fetched = () => page.head.links.map(({ href }) => href);
const games = () => fetched().filter((href) => href.includes("/games/"));

test("nothing is fetched before the browser is idle; then three games and their files", async () => {
  await watch();
  assert.deepEqual(fetched(), []);
  idle[0]();
  assert.deepEqual(fetched(), [0, 1, 2].map(gameAt).concat(FILES.map((f) => f.href ?? f.src)));
  assert.ok(page.head.links.every(({ rel }) => rel === "prefetch"));
});

test("modules are fetched as the page will ask for them", async () => {
  await watch();
  idle[0]();
  const kinds = page.head.links.map(({ as, crossOrigin }) => [as, crossOrigin]);
  assert.deepEqual(kinds.slice(3), [
    ["style", undefined],
    ["script", "anonymous"],
    ["script", "anonymous"],
  ]);
});

test("where the browser can't say that it is idle, a moment has to do", async () => {
  delete globalThis.requestIdleCallback;
  await watch();
  await advance(1_999);
  assert.deepEqual(fetched(), []);
  await advance(1);
  assert.equal(games().length, 3);
});

for (const type of ["focusin", "touchstart"]) {
  test(`a game is fetched on ${type}, once`, async () => {
    const list = await watch();
    for (const place of [5, 5, 0]) hint(list, type, place);
    hint(list, type, undefined);
    idle[0]();
    assert.deepEqual(games(), [5, 0, 1, 2].map(gameAt));
  });
}

test("a pointer that stays on a game fetches it; one that passes doesn't", async () => {
  const list = await watch();
  hint(list, "pointerover", 4);
  await advance(79);
  hint(list, "pointerover", 5);
  await advance(80);
  hint(list, "pointerover", 6);
  await advance(10);
  hint(list, "pointerleave");
  await advance(1_000);
  assert.deepEqual(games(), [gameAt(5)]);
});

test("what the page has loaded itself isn't fetched again", async () => {
  globalThis.performance.getEntriesByType = () => [{ name: FILES[1].href }];
  await watch();
  idle[0]();
  assert.ok(!fetched().includes(FILES[1].href));
});

for (const connection of [
  { saveData: true },
  { effectiveType: "slow-2g" },
  { effectiveType: "2g" },
  { effectiveType: "3g" },
  { type: "cellular", effectiveType: "4g" },
  { metered: true },
]) {
  test(`nothing is fetched ahead with ${JSON.stringify(connection)}`, async () => {
    const list = await watch(connection);
    idle.forEach((act) => act());
    hint(list, "focusin", 5);
    await advance(10_000);
    assert.deepEqual(fetched(), []);
  });
}

test("a quick connection by cable is no reason to hold back", async () => {
  await watch({ saveData: false, effectiveType: "4g", type: "ethernet" });
  idle[0]();
  assert.equal(games().length, 3);
});
