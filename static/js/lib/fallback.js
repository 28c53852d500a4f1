// The page without a socket: the whole small state once, then news by polling, and
// commands over HTTP under the same ids.
const EVERY_MS = 5_000;
const HIDDEN_MS = 30_000;
const MAX_MS = 60_000;
const PATHS = { answer: "/api/answers", checkin: "/api/checkins", redeem: "/api/redemptions" };

export class Fallback {
  // `onFrame(frame)` as a socket would say it; `onLink` polling, offline, gone.
  constructor(api, slug, { onFrame, onLink }) {
    Object.assign(this, { api, slug, onFrame, onLink, on: false, failures: 0 });
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  start() {
    if (this.on) return;
    this.on = true;
    this.whole = false; // whether we know what a welcome says
    this.refresh();
  }

  stop() {
    this.on = false;
    clearTimeout(this.timer);
  }

  // The whole small state, in one batch.
  refresh() {
    return this.turn(async () => {
      const [game, own, board] = await Promise.all([
        this.api.read("game", this.slug, { fresh: true }),
        this.api.read("mine", this.slug, { fresh: true }),
        this.api.read("board", this.slug, { fresh: true }),
      ]);
      return () => this.welcome(game, own, board);
    });
  }

  welcome({ seq, notice, ...game }, own, board) {
    this.whole = true;
    this.note(seq, game);
    this.onFrame({ type: "welcome", seq, ...own, game, notice, board: board.top });
  }

  poll() {
    return this.turn(async () => {
      const { data, etag } = await this.api.get(`/api/games/${this.slug}`, this.etag);
      this.etag = etag;
      return () => data && this.take(data);
    });
  }

  take({ seq, notice, ...game }) {
    if (seq < this.seq) return; // from a cache that is behind
    const { revealed } = this;
    this.note(seq, game);
    this.onFrame({ type: "game", seq, game, notice });
    // How it went for this player, nobody but the server knows.
    if (game.reveal && this.revealed !== revealed) this.refresh();
  }

  note(seq, game) {
    this.seq = seq;
    this.revealed = JSON.stringify(game.reveal);
  }

  // One question and what follows from it, unless the socket is back by then.
  async turn(ask) {
    clearTimeout(this.timer);
    const act = await ask().catch((error) => () => this.fail(error.said));
    if (!this.on) return;
    this.link = "polling";
    this.next(document.hidden ? HIDDEN_MS : EVERY_MS);
    act();
    if (this.link === "polling") this.failures = 0;
    this.onLink(this.link);
  }

  fail({ code, retry_after: wait = 0 }) {
    this.failures += 1;
    this.link = code === "not_found" ? "gone" : "offline";
    if (this.link === "gone") this.stop();
    else this.next(Math.max(wait * 1000, Math.min(MAX_MS, EVERY_MS * 2 ** this.failures)));
  }

  // The same for all would bring everybody back in the same second.
  next(ms) {
    clearTimeout(this.timer);
    const act = () => (this.whole ? this.poll() : this.refresh());
    this.timer = setTimeout(act, ms * (0.8 + Math.random() * 0.4));
  }

  hurry() {
    if (this.on) this.next(1_000);
  }

  // The reply, or the refusal, comes as a frame.
  async send({ type, ...command }) {
    const frame = await this.api.post(PATHS[type], { game: this.slug, ...command }).then(
      (reply) => ({ type, ...reply }),
      ({ said }) => ({ type: "error", ...said, id: command.id }),
    );
    this.onFrame(frame);
  }
}
