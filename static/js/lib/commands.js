// Sends the player's commands and handles their replies.
import { noteAttempt } from "./attempts.js";
import { serverNow } from "./clock.js";
import { commandOf } from "./forms.js";
import { newId } from "./ids.js";

const RETRYABLE = ["unavailable", "rate_limited"]; // sent again with the same id
const SESSION_ENDED = ["not_signed_in", "forbidden"]; // or its cookies are gone
const IN_PROGRESS = ["sending", "busy"]; // feedback while a command has no reply
const VERDICTS = { wrong: "wrong", pending: "saved", right: "right" }; // as feedback

export class Commands {
  /**
   * @param {Model} model
   * @param {Pending} pending
   * @param {(command: object) => void} send
   * @param {() => void} resync asks for a welcome, which says who is signed in
   */
  constructor(model, pending, send, resync) {
    Object.assign(this, { model, pending, send, resync, checkedSession: new Set() });
  }

  /** This player's commands that are not acknowledged. */
  get own() {
    return this.pending.ofPlayer(this.model.me);
  }

  submit(form) {
    if (this.own.length) return;
    const command = commandOf(form, this.model.game.play);
    this.invalidText = form.dataset.invalid;
    if (!command) {
      this.setFeedback("refused", this.invalidText);
      return;
    }
    const { id: player, name, guest } = this.model.me ?? {};
    const item = { id: newId(), player, name, guest, command };
    this.pending.add(item);
    this.setFeedback("sending");
    this.dispatch(item);
  }

  dispatch({ id, command }) {
    this.send({ ...command, id });
  }

  /** After a welcome, send again what was not acknowledged. */
  resend() {
    if (this.own.length) this.setFeedback("sending");
    else if (IN_PROGRESS.includes(this.model.feedback.kind)) this.model.feedback = {};
    this.own.forEach((item) => this.dispatch(item));
  }

  /** The command that this is the reply to; undefined if it is not one of ours. */
  onReply(reply) {
    const item = this.pending.find(reply.id);
    if (!item) return undefined;
    this.pending.remove(item.id);
    this.model.applyReply(item.command, reply);
    if (reply.verdict === "wrong") noteAttempt(this.model, serverNow());
    this.setFeedback(VERDICTS[reply.verdict] ?? `${reply.type}-${reply.status}`);
    return item.command;
  }

  /** The command that was refused; undefined if it is sent again or not one of ours. */
  onError(error) {
    const item = this.pending.find(error.id);
    if (!item) return undefined;
    if (RETRYABLE.includes(error.code)) {
      this.retry(item, error.retry_after ?? 1);
      return undefined;
    }
    if (SESSION_ENDED.includes(error.code) && !this.checkedSession.has(item.id)) {
      this.checkedSession.add(item.id);
      this.resync();
      return undefined;
    }
    this.reject(item, error);
    return item.command;
  }

  retry(item, seconds) {
    this.setFeedback("busy");
    const act = () => this.own.includes(item) && this.dispatch(item);
    setTimeout(act, (seconds + Math.random()) * 1000);
  }

  reject(item, { code, retry_after: wait }) {
    this.pending.remove(item.id);
    if (code === "no_attempts_left" && wait) {
      this.model.retryAt = serverNow() + wait * 1000;
      this.model.feedback = {};
      return;
    }
    this.model.usedUp ||= code === "no_attempts_left";
    // The socket's texts are in English; the page has them in the player's language.
    const text = (code === "invalid" && this.invalidText) || this.model.texts[code];
    this.setFeedback("refused", text);
  }

  setFeedback(kind, text = "") {
    this.model.feedback = { kind, text };
  }
}
