import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { chance, newPage, pass, putBack, stopTime } from "./fakes.js";

const FORM = {
  dataset: { question: "", shape: "text", invalid: "Type it." },
  elements: { value: { value: "elephant" } },
  checkValidity: () => true,
};
let Commands, Pending, model, sent;

beforeEach(async () => {
  newPage();
  stopTime();
  chance(0.5);
  ({ Commands } = await import("../../static/js/lib/commands.js"));
  ({ Pending } = await import("../../static/js/lib/pending.js"));
  sent = [];
  model = {
    game: { slug: "one", play: {} },
    me: { id: 7 },
    texts: { closed: "The game is closed." },
    taken: [],
    takeReply: (_command, reply) => model.taken.push(reply),
  };
});
afterEach(putBack);

// A page, as it is after a reload: all it knows is what the tab has kept.
const newCommands = () => new Commands(model, new Pending("one"), (command) => sent.push(command));
const reply = (id) => ({ type: "answer", id, status: "accepted", verdict: "right" });

test("a command goes out with an id of its own", () => {
  newCommands().submit(FORM);
  assert.equal(sent.length, 1);
  assert.match(sent[0].id, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.deepEqual({ ...sent[0], id: "" }, { type: "answer", question: "", value: "elephant", id: "" });
});

test("one never acknowledged is sent again after a reload, under the same id", () => {
  newCommands().submit(FORM);
  const later = newCommands();
  later.resend();
  assert.deepEqual(sent[1], sent[0]);
  assert.ok(later.replied(reply(sent[0].id)));
  newCommands().resend();
  assert.equal(sent.length, 2);
});

test("a second reply to the same id changes nothing", () => {
  const commands = newCommands();
  commands.submit(FORM);
  assert.ok(commands.replied(reply(sent[0].id)));
  assert.equal(commands.replied(reply(sent[0].id)), undefined);
  assert.equal(model.taken.length, 1);
});

test("nobody sends another's answer", () => {
  newCommands().submit(FORM);
  model.me = { id: 8 };
  newCommands().resend();
  assert.equal(sent.length, 1);
});

test("too busy: sent again by itself after the wait, under the same id", async () => {
  const commands = newCommands();
  commands.submit(FORM);
  commands.refused({ id: sent[0].id, code: "rate_limited", retry_after: 3 });
  assert.equal(model.said.what, "busy");
  await pass(3_499);
  assert.equal(sent.length, 1);
  await pass(1);
  assert.deepEqual(sent[1], sent[0]);
});

test("an error of the server's own isn't sent again", async () => {
  const commands = newCommands();
  model.texts.server_error = "It is our fault.";
  commands.submit(FORM);
  commands.refused({ id: sent[0].id, code: "server_error" });
  await pass(60_000);
  assert.equal(sent.length, 1);
  assert.deepEqual(model.said, { what: "refused", text: "It is our fault." });
});

test("refused for good: the player is told in their own language", () => {
  const commands = newCommands();
  commands.submit(FORM);
  commands.refused({ id: sent[0].id, code: "closed" });
  assert.deepEqual(model.said, { what: "refused", text: "The game is closed." });
  newCommands().resend();
  assert.equal(sent.length, 1);
});

test("with storage switched off, memory has to do", () => {
  globalThis.sessionStorage = null;
  const commands = newCommands();
  commands.submit(FORM);
  commands.resend();
  assert.deepEqual(sent[1], sent[0]);
});
