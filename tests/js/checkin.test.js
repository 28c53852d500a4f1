import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { newPage } from "./fakes.js";

const MUG = { id: 5, title: "Mug", price: 10, limit: 1, opens_at: null, closes_at: null };
const BOUGHT = { item: 5, title: "Mug", code: "K7Q2", pool: "Mugs", price: 10, void: false };
const TAKEN_BACK = { ...BOUGHT, code: "TAKEN", void: true };
let extend;

beforeEach(async () => {
  newPage();
  ({ extend } = await import("../../static/js/kinds/checkin.js"));
});

function extended(...purchases) {
  const codes = purchases.map(({ code, pool }) => ({ code, pool }));
  const game = { play: { days: [] }, shop: [{ ...MUG, in_stock: true }] };
  const view = { game, stage: "play", can: { answer: true }, me: { coins: 99 }, codes };
  view.mine = { purchases };
  extend(view, 0, () => {});
  return view;
}

test("an item that one has is not for sale again", () => {
  assert.equal(extended(BOUGHT).shop[0].why, "limit");
});

test("a purchase that was taken back leaves the item for sale", () => {
  const [item] = extended(TAKEN_BACK).shop;
  assert.deepEqual([item.why, item.can_buy], ["", true]);
});

test("its code is shown as void, and no other", () => {
  const other = { ...BOUGHT, code: "TAKEN", pool: "Cups" };
  const shown = extended(TAKEN_BACK, BOUGHT, other).codes.map((one) => one.void);
  assert.deepEqual(shown, [true, false, false]);
});
