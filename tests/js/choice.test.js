import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { advance, mockTime, newPage, restoreMocks } from "./fakes.js";

const SKY = { key: "1", text: "Sky?", type: "single", options: ["blue", "green"] };
const VOTE = { key: "2", text: "Which?", type: "vote", options: ["this", "that"] };
const RIGHT = { question: "1", value: [0], verdict: "right" };
const VOTED = { question: "2", value: [0], verdict: "pending" };
let extend, view, resyncs, modules = 0;

beforeEach(async () => {
  newPage();
  mockTime();
  // A module that remembers nothing yet.
  ({ extend } = await import(`../../static/js/kinds/choice.js?${(modules += 1)}`));
  resyncs = 0;
});
afterEach(restoreMocks);

function show({ questions = [SKY, VOTE], answers = [], won, instant = true, revealed = false, pass = null }) {
  const play = { questions, pass_points: pass };
  view = { game: { play, instant, reveal: null }, mine: { answers, won }, revealed };
  Object.assign(view, { stage: "play", who: "player", can: { answer: true } });
  extend(view, 0, () => (resyncs += 1));
  return view;
}

for (const [what, shown, result] of [
  ["without an answer", {}, "none"],
  ["what the server calls won", { answers: [RIGHT, VOTED], won: true }, "won"],
  ["what the server doesn't", { answers: [RIGHT, VOTED], won: false }, "lost"],
  ["before the reveal", { answers: [RIGHT], won: false, instant: false }, "pending"],
  ["votes alone", { questions: [VOTE], answers: [VOTED], won: true }, "pending"],
]) {
  test(`${what}: ${result}`, () => {
    assert.equal(show(shown).result, result);
  });
}

test("the first question without an answer is shown", () => {
  assert.deepEqual(show({ answers: [RIGHT] }).quiz.questions.map(({ shown }) => shown), [false, true]);
});

test("if staff change the rules, a player who has answered asks again who has won", async () => {
  show({ answers: [RIGHT] });
  show({ answers: [RIGHT] });
  await advance(10_000);
  assert.equal(resyncs, 0);
  show({ answers: [RIGHT], pass: 1 });
  await advance(10_000);
  assert.equal(resyncs, 1);
});

test("a player without an answer doesn't ask", async () => {
  show({ questions: [] });
  show({});
  await advance(10_000);
  assert.equal(resyncs, 0);
});
