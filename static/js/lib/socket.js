// The only place that opens a WebSocket.
import { newId } from "./ids.js";

const CONNECT_MS = 5_000;
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;
const SLOWEST = 5; // failures after which it waits up to the longest
const SILENCE_MS = 35_000; // the server is heard every 10 s at least
const GONE = 4404;
const REPLACED = 4409; // by a newer one: in no hurry, or the two would take turns

export class GameSocket {
  // `onFrame(frame)` for each frame in order; `onLink` connecting, online, offline, gone.
  constructor(slug, { onFrame, onLink }) {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    this.address = `${scheme}://${location.host}/ws/games/${slug}/`;
    Object.assign(this, { onFrame, onLink, failures: 0, last: -1, timers: {} });
    addEventListener("online", () => this.hurry());
    document.addEventListener("visibilitychange", () => document.hidden || this.hurry());
  }

  open() {
    this.stopTimer("retry");
    this.socket = new WebSocket(this.address);
    this.socket.onmessage = (event) => this.hear(JSON.parse(event.data));
    this.socket.onopen = () => this.startTimer("watch", SILENCE_MS, () => this.lose());
    this.socket.onclose = (event) => this.lose(event.code);
    this.startTimer("watch", CONNECT_MS, () => this.lose());
  }

  get isOpen() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  // False if it can't go out now; who sends must keep it.
  send(command) {
    if (!this.isOpen) return false;
    this.socket.send(JSON.stringify(command));
    return true;
  }

  hear(frame) {
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

  lose(code) {
    const { socket } = this;
    this.stopTimer("watch");
    this.stopTimer("resync");
    socket.onmessage = socket.onopen = socket.onclose = null;
    socket.close();
    this.socket = null;
    if (code === REPLACED) this.failures = Math.max(this.failures, SLOWEST);
    if (code === GONE) this.onLink("gone");
    else this.retry();
    this.gone = code === GONE;
  }

  retry() {
    const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** this.failures);
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
