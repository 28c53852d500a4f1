// What this page knows: the game, the player and the connection.
import { setServerNow } from "./clock.js";

export class Model {
  constructor(game, texts, { preview, playable }) {
    Object.assign(this, { game, texts, preview });
    this.playable = playable || game.takes_answers; // false if there is only something to read
    this.me = undefined; // undefined until a welcome; null for a stranger
    this.mine = {};
    this.tally = {};
    this.board = [];
    this.notice = null;
    this.link = "connecting";
    this.feedback = {}; // on the last command: `kind` and `text`
    this.retryAt = null;
    this.usedUp = false;
    this.tooLate = false;
  }

  // Then the server's clock and the player are known.
  get wasWelcomed() {
    return this.me !== undefined;
  }

  applyFrame(frame) {
    const { type, seq, now, id, ...parts } = frame;
    if (type === "welcome") {
      setServerNow(now);
      Object.assign(this, parts, { board: parts.board ?? [] });
    } else if (type === "game") {
      Object.assign(this, parts); // the game and the notice
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

  // The device that sent the command gets no `me` frame: the reply holds the changes.
  applyReply(command, reply) {
    if (this.me && "coins" in reply) this.me.coins = reply.coins;
    if (reply.type === "answer") this.applyAnswer(command.value, reply);
  }

  applyAnswer(sentValue, reply) {
    const { question, verdict, points, receipt, attempts_left, won_here } = reply;
    const value = reply.value ?? sentValue; // as the server read it, such as in plain digits
    const answer = { question, value, verdict, points, receipt, attempts_left, won_here };
    const others = (this.mine.answers ?? []).filter((other) => other.question !== question);
    this.mine.answers = [...others, answer];
    this.mine.won = reply.won;
    if (reply.code) this.addCode({ code: reply.code, pool: reply.pool ?? "" });
    this.tooLate ||= Boolean(reply.sold_out);
  }

  addCode(code) {
    const codes = this.mine.codes ?? [];
    if (!codes.some((known) => known.code === code.code)) this.mine.codes = [...codes, code];
  }
}
