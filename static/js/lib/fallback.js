// HTTP in place of the socket: the whole state once, then polling; commands with the same
// ids.
const POLL_MS = 5_000;
const HIDDEN_POLL_MS = 30_000;
const MAX_MS = 60_000;
const PATHS = { answer: "/api/answers", checkin: "/api/checkins", redeem: "/api/redemptions" };

export class Fallback {
  /**
   * @param {Api} api
   * @param {string} slug of the game
   * @param {object} handlers
   * @param {(frame: object) => void} handlers.onFrame frames as a socket would send them
   * @param {(link: string) => void} handlers.onLink polling, offline or gone
   */
  constructor(api, slug, { onFrame, onLink }) {
    Object.assign(this, { api, slug, onFrame, onLink, isRunning: false, failures: 0 });
    document.addEventListener("visibilitychange", () => document.hidden || this.pollSoon());
  }

  start() {
    if (this.isRunning) return;
    this.isRunning = true;
    this.hasState = false; // whether a whole state was received
    this.refresh();
  }

  stop() {
    this.isRunning = false;
    clearTimeout(this.timer);
  }

  /** Read the whole state, in one batch. */
  refresh() {
    return this.run(async () => {
      const [game, own, board] = await Promise.all([
        this.api.read("game", this.slug, { fresh: true }),
        this.api.read("mine", this.slug, { fresh: true }),
        this.api.read("board", this.slug, { fresh: true }),
      ]);
      return () => this.onState(game, own, board);
    });
  }

  onState({ seq, notice, ...game }, own, board) {
    this.hasState = true;
    this.remember(seq, game);
    this.onFrame({ type: "welcome", seq, ...own, game, notice, board: board.top });
  }

  poll() {
    return this.run(async () => {
      const { data, etag } = await this.api.get(`/api/games/${this.slug}`, this.etag);
      this.etag = etag;
      return () => data && this.onGame(data);
    });
  }

  onGame({ seq, notice, ...game }) {
    if (seq < this.seq) return; // from an outdated cache
    const { reveal } = this;
    this.remember(seq, game);
    this.onFrame({ type: "game", seq, game, notice });
    // The player's own result is only in the whole state.
    if (game.reveal && this.reveal !== reveal) this.refresh();
  }

  remember(seq, game) {
    this.seq = seq;
    this.reveal = JSON.stringify(game.reveal);
  }

  // `read` resolves to a function that handles what was read. It is not called if the
  // socket is back by then.
  async run(read) {
    clearTimeout(this.timer);
    const handle = await read().catch(({ refusal }) => () => this.onError(refusal));
    if (!this.isRunning) return;
    this.link = "polling";
    this.schedule(document.hidden ? HIDDEN_POLL_MS : POLL_MS);
    handle();
    if (this.link === "polling") this.failures = 0;
    this.onLink(this.link);
  }

  onError({ code, retry_after: wait = 0 }) {
    this.failures += 1;
    this.link = code === "not_found" ? "gone" : "offline";
    if (this.link === "gone") this.stop();
    else this.schedule(Math.max(wait * 1000, Math.min(MAX_MS, POLL_MS * 2 ** this.failures)));
  }

  // With a random part, so that not all pages ask in the same second.
  schedule(ms) {
    clearTimeout(this.timer);
    const act = () => (this.hasState ? this.poll() : this.refresh());
    this.timer = setTimeout(act, ms * (0.8 + Math.random() * 0.4));
  }

  pollSoon() {
    if (this.isRunning) this.schedule(1_000);
  }

  /** Send a command. `onFrame` gets its reply or its error. */
  async send({ type, ...command }) {
    const frame = await this.api.post(PATHS[type], { game: this.slug, ...command }).then(
      (reply) => ({ type, ...reply }),
      ({ refusal }) => ({ type: "error", ...refusal, id: command.id }),
    );
    this.onFrame(frame);
  }
}
