// What this page knows: the game, the player and the connection.
import { setServerNow } from "./clock.js";

export class Model {
  constructor(game, texts, { preview, plays }) {
    Object.assign(this, { game, texts, preview });
    this.plays = plays || game.takes_answers; // or there is only something to read
    this.me = undefined; // null once we know it's a stranger
    this.mine = {};
    this.tally = {};
    this.board = [];
    this.notice = null;
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
      Object.assign(this, parts, { board: parts.board ?? [] });
    } else if (type === "game") {
      Object.assign(this, parts); // the game, and what staff have to say
    } else if (type === "notice") {
      this.notice = parts.text ? parts : null;
    } else if (type === "tally") {
      this.tally = parts;
    } else if (type === "board") {
      this.board = parts.top;
    } else if (type === "rank") {
      this.mine = { ...this.mine, rank: parts.place === null ? null : parts };
    } else if (type === "me") {
      Object.assign(this, parts);
    }
  }

  // The reply to the player's own command says all that a private frame would.
  takeReply(command, reply) {
    if (this.me && "coins" in reply) this.me.coins = reply.coins;
    if (reply.type === "answer") this.takeAnswer(command.value, reply);
  }

  takeAnswer(value, reply) {
    const { question, verdict, points, receipt, attempts_left, won_here } = reply;
    const kept = reply.value ?? value; // as the server reads it, in plain digits say
    const answer = { question, value: kept, verdict, points, receipt, attempts_left, won_here };
    const others = (this.mine.answers ?? []).filter((one) => one.question !== question);
    const codes = this.mine.codes ?? [];
    const known = codes.some((one) => one.code === reply.code);
    this.mine.answers = [...others, answer];
    if (reply.code && !known) this.mine.codes = [...codes, { code: reply.code, pool: reply.pool ?? "" }];
    this.tooLate ||= Boolean(reply.sold_out);
  }
}
