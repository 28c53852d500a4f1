import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { Api } from "../../static/js/lib/api.js";
import { Renewal } from "../../static/js/lib/renewal.js";
import { chance, newPage, pass, putBack, serve, stopTime } from "./fakes.js";

const ME = { id: 7 };
const FRESH = "csrftoken=token; renewed=1";
let page, asked, renewal, status;

beforeEach(() => {
  ({ page } = newPage());
  stopTime();
  chance(0.5);
  status = 200;
  asked = serve(() => [status, {}]);
  renewal = new Renewal(new Api());
});
afterEach(putBack);

const paths = () => asked.map(({ method, path }) => `${method} ${path}`);

test("cookies that are fresh, and strangers, ask for nothing", async () => {
  renewal.follow(ME);
  page.cookie = "";
  renewal.follow(null);
  await pass(600_000);
  assert.deepEqual(paths(), []);
});

for (const left of ["csrftoken=token", "renewed=1", ""]) {
  test(`with only "${left}" left, one small answer renews them`, async () => {
    page.cookie = left;
    renewal.follow(ME);
    renewal.follow(ME);
    await pass(17_999);
    assert.deepEqual(paths(), []);
    await pass(1);
    assert.deepEqual(paths(), ["GET /api/users/7"]);
  });
}

test("what has renewed them meanwhile makes the question needless", async () => {
  page.cookie = "";
  renewal.follow(ME);
  page.cookie = FRESH;
  await pass(60_000);
  assert.deepEqual(paths(), []);
});

test("one that failed is asked again after the next welcome", async () => {
  [page.cookie, status] = ["", 503];
  renewal.follow(ME);
  await pass(60_000);
  renewal.follow(ME);
  await pass(60_000);
  assert.equal(asked.length, 2);
});
