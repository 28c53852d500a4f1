// Sending commands, and what becomes of them.
import { noteAttempt } from "./attempts.js";
import { serverNow } from "./clock.js";
import { commandOf } from "./forms.js";
import { newId } from "./ids.js";

const AGAIN = ["unavailable", "rate_limited"]; // sent again by itself, under the same id
const WHO = ["not_signed_in", "forbidden"]; // the session is over, or its cookies are gone
const UNDER_WAY = ["sending", "busy"];
const SAID = { wrong: "wrong", pending: "saved", right: "right" };

export class Commands {
  // `send(command)`; `resync()` asks who is here, and for all the rest.
  constructor(model, pending, send, resync) {
    Object.assign(this, { model, pending, send, resync, asked: new Set() });
  }

  // What this player has sent and nobody has acknowledged.
  get own() {
    return this.pending.of(this.model.me);
  }

  submit(form) {
    if (this.own.length) return;
    const command = commandOf(form, this.model.game.play);
    this.invalid = form.dataset.invalid;
    if (!command) {
      this.say("refused", this.invalid);
      return;
    }
    const { id: player, name, guest } = this.model.me ?? {};
    const item = { id: newId(), player, name, guest, command };
    this.pending.keep(item);
    this.say("sending");
    this.dispatch(item);
  }

  dispatch({ id, command }) {
    this.send({ ...command, id });
  }

  // After a welcome: what was never acknowledged goes out again.
  resend() {
    if (this.own.length) this.say("sending");
    else if (UNDER_WAY.includes(this.model.said?.what)) this.model.said = {};
    this.own.forEach((item) => this.dispatch(item));
  }

  // The command a reply is to, or undefined where it isn't one of ours.
  replied(reply) {
    const item = this.pending.find(reply.id);
    if (!item) return undefined;
    this.pending.drop(item.id);
    this.model.takeReply(item.command, reply);
    if (reply.verdict === "wrong") noteAttempt(this.model, serverNow());
    this.say(SAID[reply.verdict] ?? `${reply.type}-${reply.status}`);
    return item.command;
  }

  // The command that was refused for good, or undefined.
  refused(frame) {
    const item = this.pending.find(frame.id);
    if (!item) return undefined;
    if (AGAIN.includes(frame.code)) {
      this.later(item, frame.retry_after ?? 1);
      return undefined;
    }
    if (WHO.includes(frame.code) && !this.asked.has(item.id)) {
      this.asked.add(item.id);
      this.resync();
      return undefined;
    }
    this.giveUp(item, frame);
    return item.command;
  }

  later(item, seconds) {
    this.say("busy");
    const again = () => this.own.includes(item) && this.dispatch(item);
    setTimeout(again, (seconds + Math.random()) * 1000);
  }

  giveUp(item, { code, retry_after: wait }) {
    this.pending.drop(item.id);
    if (code === "no_attempts_left" && wait) {
      this.model.retryAt = serverNow() + wait * 1000;
      this.model.said = {};
      return;
    }
    this.model.usedUp ||= code === "no_attempts_left";
    // The socket speaks one language; the page has these texts in the player's own.
    this.say("refused", (code === "invalid" && this.invalid) || this.model.texts[code]);
  }

  say(what, text = "") {
    this.model.said = { what, text };
  }
}
