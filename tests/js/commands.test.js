import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { mockRandom, newPage, advance, restoreMocks, mockTime } from "./fakes.js";

const FORM = {
  dataset: { question: "", shape: "text", invalid: "Type it." },
  elements: { value: { value: "elephant" } },
  checkValidity: () => true,
};
let Commands, Pending, model, sent, resyncs;

beforeEach(async () => {
  newPage();
  mockTime();
  mockRandom(0.5);
  ({ Commands } = await import("../../static/js/lib/commands.js"));
  ({ Pending } = await import("../../static/js/lib/pending.js"));
  [sent, resyncs] = [[], 0];
  model = {
    game: { slug: "one", play: {} },
    me: { id: 7, name: "Alice", guest: false },
    feedback: {},
    texts: { closed: "The game is closed." },
    replies: [],
    applyReply: (_command, reply) => model.replies.push(reply),
  };
});
afterEach(restoreMocks);

// A page, as it is after a reload: all it knows is what the tab has kept.
const newCommands = () =>
  new Commands(
    model,
    new Pending("one"),
    (command) => sent.push(command),
    () => (resyncs += 1),
  );
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
  assert.ok(later.onReply(reply(sent[0].id)));
  newCommands().resend();
  assert.equal(sent.length, 2);
});

test("a second reply to the same id changes nothing", () => {
  const commands = newCommands();
  commands.submit(FORM);
  assert.ok(commands.onReply(reply(sent[0].id)));
  assert.equal(commands.onReply(reply(sent[0].id)), undefined);
  assert.equal(model.replies.length, 1);
});

test("a command says at once that it is under way", () => {
  newCommands().submit(FORM);
  assert.equal(model.feedback.kind, "sending");
  model.feedback = {};
  newCommands().resend();
  assert.equal(model.feedback.kind, "sending");
});

for (const [who, me] of Object.entries({ "a stranger": null, "another player": { id: 8 } })) {
  test(`${who} doesn't send another's answer; it is kept until its player is back`, () => {
    const commands = newCommands();
    commands.submit(FORM);
    const alice = model.me;
    model.me = me;
    commands.resend();
    newCommands().resend();
    assert.equal(sent.length, 1);
    assert.deepEqual(model.feedback, {});
    assert.deepEqual(commands.own, []);
    assert.deepEqual(commands.pending.ofOthers(me).map(({ name }) => name), ["Alice"]);
    model.me = alice;
    newCommands().resend();
    assert.deepEqual(sent[1], sent[0]);
  });
}

test("as long as nobody knows who is here, what is kept may be theirs", () => {
  newCommands().submit(FORM);
  model.me = undefined;
  const commands = newCommands();
  assert.equal(commands.own.length, 1);
  assert.deepEqual(commands.pending.ofOthers(undefined), []);
});

test("another's answer that is kept doesn't stand in one's own way", () => {
  newCommands().submit(FORM);
  model.me = { id: 8, name: "Bob" };
  newCommands().submit(FORM);
  assert.equal(sent.length, 2);
  assert.notEqual(sent[0].id, sent[1].id);
});

test("what is thrown away isn't kept", () => {
  const commands = newCommands();
  commands.submit(FORM);
  model.me = null;
  commands.pending.remove(sent[0].id);
  assert.deepEqual(newCommands().pending.items, []);
});

for (const code of ["not_signed_in", "forbidden"]) {
  test(`${code}: it is kept, and asked who is here now`, () => {
    const commands = newCommands();
    commands.submit(FORM);
    commands.onError({ id: sent[0].id, code });
    assert.equal(resyncs, 1);
    assert.equal(commands.pending.items.length, 1);
    commands.resend();
    assert.deepEqual(sent[1], sent[0]);
    commands.onError({ id: sent[0].id, code }); // the same player, and yet: told, not asked again
    assert.equal(resyncs, 1);
    assert.equal(model.feedback.kind, "refused");
  });
}

test("too busy: sent again by itself after the wait, under the same id", async () => {
  const commands = newCommands();
  commands.submit(FORM);
  commands.onError({ id: sent[0].id, code: "rate_limited", retry_after: 3 });
  assert.equal(model.feedback.kind, "busy");
  await advance(3_499);
  assert.equal(sent.length, 1);
  await advance(1);
  assert.deepEqual(sent[1], sent[0]);
});

test("an error of the server's own isn't sent again", async () => {
  const commands = newCommands();
  model.texts.server_error = "It is our fault.";
  commands.submit(FORM);
  commands.onError({ id: sent[0].id, code: "server_error" });
  await advance(60_000);
  assert.equal(sent.length, 1);
  assert.deepEqual(model.feedback, { kind: "refused", text: "It is our fault." });
});

test("refused for good: the player is told in their own language", () => {
  const commands = newCommands();
  commands.submit(FORM);
  commands.onError({ id: sent[0].id, code: "closed" });
  assert.deepEqual(model.feedback, { kind: "refused", text: "The game is closed." });
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
