import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { newPage } from "./fakes.js";

const GAME = { slug: "one", state: "OPEN", closes_at: null, play: {}, takes_answers: true };
const NOTICE = { text: "Hurry!", until: 5_000 };
let model, viewOf;

beforeEach(async () => {
  newPage();
  const { Model } = await import("../../static/js/lib/model.js");
  ({ viewOf } = await import("../../static/js/lib/view.js"));
  model = new Model(GAME, {}, { preview: false, playable: true });
});

const shown = (now) => viewOf(model, now, false).notice;
const welcome = { type: "welcome", seq: 1, now: 0, game: GAME, me: null, mine: {} };

test("a welcome says the notice in force, and it goes by the clock", () => {
  model.applyFrame({ ...welcome, notice: NOTICE });
  assert.deepEqual(shown(4_999), NOTICE);
  assert.equal(shown(5_000), null);
});

test("a notice takes the place of the last, and one without a text is none", () => {
  model.applyFrame({ ...welcome, notice: NOTICE });
  model.applyFrame({ type: "notice", seq: 2, text: "Now!", until: 6_000 });
  assert.equal(shown(0).text, "Now!");
  model.applyFrame({ type: "notice", seq: 3, text: "", until: null });
  assert.equal(shown(0), null);
});

test("a change of the game says the notice too", () => {
  model.applyFrame({ ...welcome, notice: NOTICE });
  model.applyFrame({ type: "game", seq: 2, game: { ...GAME, state: "PAUSED" }, notice: null });
  assert.equal(shown(0), null);
  assert.equal(model.game.state, "PAUSED");
});

test("a rank changes nothing else of mine, and may be lost again", () => {
  const mine = { answers: [], rank: { place: 3, points: 1, of: 9 } };
  model.applyFrame({ ...welcome, mine });
  model.applyFrame({ type: "rank", place: 4, points: 1, of: 10 });
  assert.deepEqual(model.mine, { answers: [], rank: { place: 4, points: 1, of: 10 } });
  model.applyFrame({ type: "rank", place: null, points: null, of: null });
  assert.equal(model.mine.rank, null);
});
