// What this page knows: the game, the player and the connection.
import { setServerNow } from "./clock.js";

export class Model {
  constructor(game, texts, preview) {
    Object.assign(this, { game, texts, preview });
    this.me = undefined; // null once we know it's a stranger
    this.mine = {};
    this.tally = {};
    this.link = "connecting";
    this.said = {};
    this.retryAt = null;
    this.usedUp = false;
    this.tooLate = false;
  }

  // Whether the server's clock and the player are known.
  get welcomed() {
    return this.me !== undefined;
  }

  take(frame) {
    const { type, seq, now, id, ...parts } = frame;
    if (type === "welcome") {
      setServerNow(now);
      Object.assign(this, parts);
    } else if (type === "game") {
      this.game = parts.game;
    } else if (type === "tally") {
      this.tally = parts;
    } else if (type === "me") {
      Object.assign(this, parts);
    }
  }

  // The reply to the player's own answer says all that a private frame would.
  takeReply(item, reply) {
    const { question, verdict, points, receipt } = reply;
    const answer = { question, value: item.value, verdict, points, receipt };
    const others = (this.mine.answers ?? []).filter((one) => one.question !== question);
    const codes = this.mine.codes ?? [];
    const known = codes.some((one) => one.code === reply.code);
    this.mine.answers = [...others, answer];
    if (reply.code && !known) this.mine.codes = [...codes, { code: reply.code, pool: reply.pool ?? "" }];
    this.tooLate ||= Boolean(reply.sold_out);
  }
}
