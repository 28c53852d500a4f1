// The connection to the server: a WebSocket or, while that doesn't open, HTTP.
import { Api } from "./api.js";
import { Fallback } from "./fallback.js";
import { readStorage, writeStorage } from "./pending.js";
import { Renewal } from "./renewal.js";
import { ReplyTimeouts } from "./reply_timeouts.js";
import { GameSocket } from "./socket.js";

const FALLBACK_MS = 5_000; // how long the socket may take before HTTP is used
const BLOCKED_FALLBACK_MS = 500; // the same, if sockets were blocked on the last page
const LIFETIMES = { game: 120_000, games: 120_000, user: 600_000 };
const BLOCKED = "blocked"; // key in the session storage

export class Connection {
  /**
   * @param {string} slug of the game
   * @param {object} handlers
   * @param {(frame: object) => void} handlers.onFrame
   * @param {(link: string) => void} handlers.onLink connecting, online, offline, polling
   *   or gone
   * @param {(id: string) => boolean} [handlers.isWanted] whether a command that has no
   *   reply should still be sent
   */
  constructor(slug, { onFrame, onLink, isWanted = () => true }) {
    Object.assign(this, { onFrame, onLink, link: "connecting", wasWelcomed: false });
    this.socket = new GameSocket(slug, {
      onFrame: (frame) => this.onSocketFrame(frame),
      onLink: (link) => this.onSocketLink(link),
    });
    const api = new Api(LIFETIMES);
    this.fallback = new Fallback(api, slug, {
      onFrame: (frame) => this.deliver(frame),
      onLink: (link) => this.setLink(link),
    });
    this.renewal = new Renewal(api);
    // A new socket; HTTP if that one is silent too; after one more step HTTP in any case.
    const retries = [
      () => this.socket.replaceIfSilent(),
      (command) => this.socket.isAlive || this.fallback.send(command),
      () => {},
      (command) => this.fallback.send(command),
    ];
    this.replyTimeouts = new ReplyTimeouts(retries, isWanted);
  }

  open() {
    this.socket.open();
    this.scheduleFallback(readStorage(BLOCKED) === true ? BLOCKED_FALLBACK_MS : FALLBACK_MS);
  }

  /** Send a command. While nothing is connected this does nothing: the caller stores it. */
  send(command) {
    if (this.link !== "online" && !this.fallback.isRunning) return;
    this.replyTimeouts.start(command);
    if (this.link === "online") this.socket.send(command);
    else this.fallback.send(command);
  }

  resync() {
    if (this.link === "online") this.socket.resync();
    else if (this.fallback.isRunning) this.fallback.refresh();
  }

  onSocketFrame(frame) {
    if (frame.type === "welcome") {
      this.wasWelcomed = true;
      this.renewal.onWelcome(frame.me);
    }
    this.deliver(frame);
  }

  // A frame from the socket or from HTTP.
  deliver(frame) {
    if (frame.id) this.replyTimeouts.clear(frame.id);
    this.onFrame(frame);
  }

  onSocketLink(link) {
    if (link === "offline") return this.onSocketLost();
    this.cancelFallback();
    this.fallback.stop();
    if (link === "online") writeStorage(BLOCKED, false);
    return this.setLink(link);
  }

  // Random, because all players may have lost their sockets in the same moment.
  onSocketLost() {
    if (this.fallback.isRunning || this.link === "gone") return;
    if (this.link === "online") this.scheduleFallback(FALLBACK_MS * (1 + Math.random()));
    this.setLink(this.wasWelcomed ? "offline" : "connecting");
  }

  scheduleFallback(ms) {
    this.cancelFallback();
    this.fallbackTimer = setTimeout(() => this.startFallback(), ms);
  }

  // An open socket gets a second period: the welcome will come, unless a proxy swallows it.
  startFallback(mayWait = this.socket.isOpen) {
    if (mayWait) {
      this.fallbackTimer = setTimeout(() => this.startFallback(false), FALLBACK_MS);
      return;
    }
    if (!this.wasWelcomed) writeStorage(BLOCKED, true);
    this.fallback.start();
  }

  cancelFallback() {
    clearTimeout(this.fallbackTimer);
  }

  setLink(link) {
    this.link = link;
    this.onLink(link);
  }
}
