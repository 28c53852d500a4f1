// Sending answers, and what becomes of them.
import { valueOf } from "./answers.js";
import { noteAttempt } from "./attempts.js";
import { serverNow } from "./clock.js";
import { newId } from "./ids.js";

const AGAIN = ["unavailable", "rate_limited"]; // sent again by itself, under the same id

export class Answering {
  constructor(model, pending, send) {
    Object.assign(this, { model, pending, send });
  }

  // Whether an answer went on its way.
  submit(form) {
    if (this.pending.items.length) return false;
    const value = valueOf(form);
    if (value === null) return this.say("refused", form.dataset.invalid);
    this.invalid = form.dataset.invalid;
    const { question } = form.dataset;
    const item = { id: newId(), question, value, player: this.model.me?.id };
    this.pending.keep(item);
    this.model.said = {};
    this.dispatch(item);
    return true;
  }

  dispatch({ id, question, value }) {
    this.send({ type: "answer", id, question, value });
  }

  // After a welcome: what was never acknowledged goes out again.
  resend() {
    this.pending.keepOnlyOf(this.model.me?.id);
    this.pending.items.forEach((item) => this.dispatch(item));
  }

  // Returns the verdict, or undefined where the reply isn't to an answer of ours.
  replied(frame) {
    const item = this.pending.find(frame.id);
    if (!item) return undefined;
    this.pending.drop(item.id);
    this.model.takeReply(item, frame);
    if (frame.verdict === "wrong") noteAttempt(this.model, serverNow());
    this.say({ wrong: "wrong", pending: "saved", right: "right" }[frame.verdict]);
    return frame.verdict;
  }

  refused(frame) {
    const item = this.pending.find(frame.id);
    if (!item) return;
    if (AGAIN.includes(frame.code)) this.later(item, frame.retry_after ?? 1);
    else this.giveUp(item, frame);
  }

  later(item, seconds) {
    this.say("busy");
    const again = () => this.pending.find(item.id) && this.dispatch(item);
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
    return false;
  }
}
