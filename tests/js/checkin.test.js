import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { newPage } from "./fakes.js";

const MUG = { id: 5, title: "Mug", price: 10, limit: 1, opens_at: null, closes_at: null };
const BOUGHT = { item: 5, title: "Mug", code: "K7Q2", pool: "Mugs", price: 10, void: false };
const TAKEN_BACK = { ...BOUGHT, code: "TAKEN", void: true };
let extend, reply;

beforeEach(async () => {
  newPage();
  ({ extend, reply } = await import("../../static/js/kinds/checkin.js"));
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

test("a check-in changes the days and counts that its reply has", () => {
  const waiting = { day: 3, state: "waiting" };
  const days = [{ day: 1, state: "open" }, { day: 2, state: "waiting" }, waiting];
  const before = { days, done: 0, streak: 0, best: 4, complete: false, next_open_at: null };
  const later = { day: 2, state: "later", opens_at: 9 };
  const calendar = {
    days: [{ day: 1, state: "done", date: "2026-03-01" }, later],
    ...{ done: 1, streak: 1, best: 4, complete: false },
  };
  const reward = { coins: 10 };
  const model = { mine: { checkins: before } };
  reply(model, {}, { type: "checkin", day: 1, reward, next_open_at: 9, calendar });
  const done = { day: 1, state: "done", date: "2026-03-01", reward };
  const after = { ...calendar, days: [done, later, waiting], next_open_at: 9 };
  assert.deepEqual(model.mine.checkins, after);
});
