// The line to the server: the socket or, as long as that doesn't open, HTTP.
import { Api } from "./api.js";
import { Fallback } from "./fallback.js";
import { read, write } from "./pending.js";
import { Renewal } from "./renewal.js";
import { GameSocket } from "./socket.js";

const PATIENCE_MS = 5_000; // for the socket, before we ask over HTTP
const SHORT_MS = 500; // where it was blocked on the page before
const LIFETIMES = { game: 120_000, games: 120_000, user: 600_000 };
const BLOCKED = "blocked";

export class Line {
  // `onFrame(frame)` for each frame; `onLink` connecting, online, offline, polling, gone.
  constructor(slug, { onFrame, onLink }) {
    Object.assign(this, { onFrame, onLink, link: "connecting", met: false });
    this.socket = new GameSocket(slug, {
      onFrame: (frame) => this.hear(frame),
      onLink: (link) => this.socketIs(link),
    });
    const api = new Api(LIFETIMES);
    this.renewal = new Renewal(api);
    this.fallback = new Fallback(api, slug, {
      onFrame,
      onLink: (link) => this.tell(link),
    });
  }

  open() {
    this.socket.open();
    this.wait(read(BLOCKED) === true ? SHORT_MS : PATIENCE_MS);
  }

  // What can't go out now must be kept by who sends it.
  send(command) {
    if (this.link === "online") this.socket.send(command);
    else if (this.fallback.on) this.fallback.send(command);
  }

  resync() {
    if (this.link === "online") this.socket.resync();
    else if (this.fallback.on) this.fallback.refresh();
  }

  hear(frame) {
    if (frame.type === "welcome") {
      this.met = true;
      this.renewal.follow(frame.me);
    }
    this.onFrame(frame);
  }

  socketIs(link) {
    if (link === "offline") return this.lose();
    this.stopWaiting();
    this.fallback.stop();
    if (link === "online") write(BLOCKED, false);
    return this.tell(link);
  }

  // Everybody may have lost it in the same moment, so they don't all ask at once.
  lose() {
    if (this.fallback.on || this.link === "gone") return;
    if (this.link === "online") this.wait(PATIENCE_MS * (1 + Math.random()));
    this.tell(this.met ? "offline" : "connecting");
  }

  wait(ms) {
    this.stopWaiting();
    this.patience = setTimeout(() => this.fallBack(), ms);
  }

  // A socket that is open will be welcomed, unless something on the way swallows it all.
  fallBack(patient = this.socket.isOpen) {
    if (patient) {
      this.patience = setTimeout(() => this.fallBack(false), PATIENCE_MS);
      return;
    }
    if (!this.met) write(BLOCKED, true);
    this.fallback.start();
  }

  stopWaiting() {
    clearTimeout(this.patience);
  }

  tell(link) {
    this.link = link;
    this.onLink(link);
  }
}
