// The only place that opens a WebSocket.
import { newId } from "./ids.js";

const CONNECT_MS = 5_000;
const FIRST_MS = 1_000; // the first delay before a reconnect is random, up to this
const MAX_MS = 30_000; // the longest delay is random, up to this
const FAILURES_TO_MAX = 5; // after this many failures the delay has reached MAX_MS
const SILENCE_MS = 35_000; // the server sends something every 10 s at least
const PROBE_MS = 3_000; // a socket that was asked for a sign of life must answer in this time
const RECENT_MS = 1_000; // a socket that received something in this time needs no probe
const ALIVE_MS = 2_000; // in a running game a tally comes every second
const GONE = 4404;
const REPLACED = 4409; // by a newer socket. Reconnect late: the two would replace each other

export class GameSocket {
  /**
   * @param {string} slug of the game
   * @param {object} handlers
   * @param {(frame: object) => void} handlers.onFrame called for each frame, in order
   * @param {(link: string) => void} handlers.onLink online, offline or gone
   */
  constructor(slug, { onFrame, onLink }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.address = `${scheme}://${location.host}/ws/games/${slug}/`;
    Object.assign(this, { onFrame, onLink, failures: 0, lastSeq: -1, receivedAt: 0, timers: {} });
    addEventListener("online", () => this.wake());
    addEventListener("pageshow", ({ persisted }) => persisted && this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  open() {
    this.stopTimer("reconnect");
    this.receivedAt = 0;
    this.socket = new WebSocket(this.address);
    this.socket.onmessage = (event) => this.onMessage(JSON.parse(event.data));
    this.socket.onopen = () => this.startTimer("silence", SILENCE_MS, () => this.onClose());
    this.socket.onclose = (event) => this.onClose(event.code);
    this.startTimer("silence", CONNECT_MS, () => this.onClose());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Whether it received anything. A proxy may open a socket and swallow every frame. */
  get isAlive() {
    return this.isOpen && this.receivedAt > 0;
  }

  /** False if the socket is not open: then the caller must keep the command. */
  send(command) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(command));
    return true;
  }

  onMessage(frame) {
    this.receivedAt = Date.now();
    this.stopTimer("probe");
    this.startTimer("silence", SILENCE_MS, () => this.onClose());
    if (frame.type === "welcome") this.onWelcome(frame);
    else if ("seq" in frame && !this.isNew(frame)) return;
    this.onFrame(frame);
  }

  onWelcome(frame) {
    this.failures = 0;
    this.lastSeq = frame.seq;
    this.stopTimer("resync");
    this.onLink("online");
  }

  // A frame with an old seq is not new. A tally with the last seq is a heartbeat.
  isNew({ type, seq }) {
    if (seq < this.lastSeq || (seq === this.lastSeq && type !== "tally")) return false;
    if (seq > this.lastSeq + 1) this.scheduleResync();
    this.lastSeq = seq;
    return true;
  }

  // Random, because all players missed the same frame.
  scheduleResync() {
    if (this.timers.resync) return;
    this.startTimer("resync", Math.random() * FIRST_MS, () => this.resync());
  }

  resync() {
    this.send({ type: "resync", id: newId() });
  }

  // The page is visible again, or the network is back: the socket may have died unnoticed.
  wake() {
    if (this.isOpen) this.probe();
    else this.reconnectSoon();
  }

  // Not before the welcome, which takes long when everybody arrives at once.
  probe() {
    if (!this.isAlive || this.timers.probe || Date.now() - this.receivedAt < RECENT_MS) return;
    this.resync();
    this.startTimer("probe", PROBE_MS, () => this.replace());
  }

  /**
   * Open another socket because a command got no reply. A socket that still receives is
   * kept: the server is slow, and a thousand new sockets would not help it.
   */
  replaceIfSilent() {
    if (Date.now() - this.receivedAt >= ALIVE_MS) this.replace();
  }

  // At once. `onLink` is called only if the new socket doesn't open either.
  replace() {
    if (this.isGone || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.discard();
    this.open();
  }

  discard() {
    for (const name of Object.keys(this.timers)) this.stopTimer(name);
    if (!this.socket) return;
    this.socket.onmessage = this.socket.onopen = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  onClose(code) {
    this.discard();
    if (code === REPLACED) this.failures = Math.max(this.failures, FAILURES_TO_MAX);
    if (code === GONE) this.onLink("gone");
    else this.reconnect();
    this.isGone = code === GONE;
  }

  reconnect() {
    const max = Math.min(MAX_MS, FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    this.onLink("offline");
    this.startTimer("reconnect", Math.random() * max, () => this.open());
  }

  // Ends a long delay once the player is back.
  reconnectSoon() {
    if (this.socket || this.isGone || !this.timers.reconnect) return;
    this.failures = 0;
    this.startTimer("reconnect", Math.random() * FIRST_MS, () => this.open());
  }

  startTimer(name, ms, act) {
    this.stopTimer(name);
    this.timers[name] = setTimeout(() => {
      this.timers[name] = null;
      act();
    }, ms);
  }

  stopTimer(name) {
    clearTimeout(this.timers[name]);
    this.timers[name] = null;
  }
}
