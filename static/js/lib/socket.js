// The only place that opens a WebSocket.
import { newId } from "./ids.js";

const CONNECT_MS = 5_000;
const FIRST_MS = 1_000;
const MAX_MS = 30_000;
const SLOWEST = 5; // failures after which it waits up to the longest
const SILENCE_MS = 35_000; // the server is heard every 10 s at least
const DOUBT_MS = 3_000; // a socket that is asked for a sign of life gives it by then
const JUST_MS = 1_000; // one that was heard so shortly ago lives
const ALIVE_MS = 2_000; // in a game that is played the counts come each second
const GONE = 4404;
const REPLACED = 4409; // by a newer one: in no hurry, or the two would take turns

export class GameSocket {
  // `onFrame(frame)` for each frame in order; `onLink` connecting, online, offline, gone.
  constructor(slug, { onFrame, onLink }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.address = `${scheme}://${location.host}/ws/games/${slug}/`;
    Object.assign(this, { onFrame, onLink, failures: 0, last: -1, heardAt: 0, timers: {} });
    addEventListener("online", () => this.wake());
    addEventListener("pageshow", ({ persisted }) => persisted && this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
  }

  open() {
    this.stopTimer("retry");
    this.heardAt = 0;
    this.socket = new WebSocket(this.address);
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.socket.onopen = () => this.startTimer("watch", SILENCE_MS, () => this.lose());
    this.socket.onclose = (event) => this.lose(event.code);
    this.startTimer("watch", CONNECT_MS, () => this.lose());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // Whether it has said anything: something on the way may open it and swallow all.
  get isAlive() {
    return this.isOpen && this.heardAt > 0;
  }

  // False if it can't go out now; who sends must keep it.
  send(command) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(command));
    return true;
  }

  hear(frame) {
    this.heardAt = Date.now();
    this.stopTimer("doubt");
    this.startTimer("watch", SILENCE_MS, () => this.lose());
    if (frame.type === "welcome") this.arrive(frame);
    else if ("seq" in frame && !this.isNews(frame)) return;
    this.onFrame(frame);
  }

  arrive(frame) {
    this.failures = 0;
    this.last = frame.seq;
    this.stopTimer("resync");
    this.onLink("online");
  }

  // A tally of the same seq is a heartbeat; whatever is older is no news.
  isNews({ type, seq }) {
    if (seq < this.last || (seq === this.last && type !== "tally")) return false;
    if (seq > this.last + 1) this.catchUp();
    this.last = seq;
    return true;
  }

  // Everybody missed the same frame, so they don't all ask in the same moment.
  catchUp() {
    if (this.timers.resync) return;
    this.startTimer("resync", Math.random() * FIRST_MS, () => this.resync());
  }

  resync() {
    this.send({ type: "resync", id: newId() });
  }

  // A player who is back, or whose network is, may hold a socket that died without a word.
  wake() {
    if (this.isOpen) this.test();
    else this.hurry();
  }

  // Before the welcome it may take its time: everybody comes at once.
  test() {
    if (!this.isAlive || this.timers.doubt || Date.now() - this.heardAt < JUST_MS) return;
    this.resync();
    this.startTimer("doubt", DOUBT_MS, () => this.replace());
  }

  // For a command without a reply: of a socket that talks, it is the server that is slow,
  // and a thousand new sockets would not help it.
  doubt() {
    if (Date.now() - this.heardAt >= ALIVE_MS) this.replace();
  }

  // Another socket at once, without a word to anybody unless that doesn't open either.
  replace() {
    if (this.gone || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.drop();
    this.open();
  }

  drop() {
    for (const name of Object.keys(this.timers)) this.stopTimer(name);
    if (!this.socket) return;
    this.socket.onmessage = this.socket.onopen = this.socket.onclose = null;
    this.socket.close();
    this.socket = null;
  }

  lose(code) {
    this.drop();
    if (code === REPLACED) this.failures = Math.max(this.failures, SLOWEST);
    if (code === GONE) this.onLink("gone");
    else this.retry();
    this.gone = code === GONE;
  }

  retry() {
    const most = Math.min(MAX_MS, FIRST_MS * 2 ** this.failures);
    this.failures += 1;
    this.onLink("offline");
    this.startTimer("retry", Math.random() * most, () => this.open());
  }

  // Back from a tunnel or another app: don't sit out a long wait.
  hurry() {
    if (this.socket || this.gone || !this.timers.retry) return;
    this.failures = 0;
    this.startTimer("retry", Math.random() * FIRST_MS, () => this.open());
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
