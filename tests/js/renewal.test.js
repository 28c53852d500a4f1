import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Api } from "../../static/js/lib/api.js";
import { Renewal } from "../../static/js/lib/renewal.js";
import { mockRandom, newPage, advance, restoreMocks, mockFetch, mockTime } from "./fakes.js";

const ME = { id: 7 };
const FRESH = "csrftoken=token; renewed=1";
let page, requests, renewal, status;

beforeEach(() => {
  ({ page } = newPage());
  mockTime();
  mockRandom(0.5);
  status = 200;
  requests = mockFetch(() => [status, {}]);
  renewal = new Renewal(new Api());
});
afterEach(restoreMocks);

const paths = () => requests.map(({ method, path }) => `${method} ${path}`);

test("cookies that are fresh, and strangers, ask for nothing", async () => {
  renewal.onWelcome(ME);
  page.cookie = "";
  renewal.onWelcome(null);
  await advance(600_000);
  assert.deepEqual(paths(), []);
});

for (const left of ["csrftoken=token", "renewed=1", ""]) {
  test(`with only "${left}" left, one small answer renews them`, async () => {
    page.cookie = left;
    renewal.onWelcome(ME);
    renewal.onWelcome(ME);
    await advance(17_999);
    assert.deepEqual(paths(), []);
    await advance(1);
    assert.deepEqual(paths(), ["GET /api/users/7"]);
  });
}

test("what has renewed them meanwhile makes the question needless", async () => {
  page.cookie = "";
  renewal.onWelcome(ME);
  page.cookie = FRESH;
  await advance(60_000);
  assert.deepEqual(paths(), []);
});

test("one that failed is asked again after the next welcome", async () => {
  [page.cookie, status] = ["", 503];
  renewal.onWelcome(ME);
  await advance(60_000);
  renewal.onWelcome(ME);
  await advance(60_000);
  assert.equal(requests.length, 2);
});
