// The line to the server: the socket or, as long as that doesn't open, HTTP.
import { Api } from "./api.js";
import { Fallback } from "./fallback.js";
import { read, write } from "./pending.js";
import { Renewal } from "./renewal.js";
import { GameSocket } from "./socket.js";
import { Unanswered } from "./unanswered.js";

const PATIENCE_MS = 5_000; // for the socket, before we ask over HTTP
const SHORT_MS = 500; // where it was blocked on the page before
const LIFETIMES = { game: 120_000, games: 120_000, user: 600_000 };
const BLOCKED = "blocked";

export class Line {
  // `onFrame(frame)` for each frame; `onLink` connecting, online, offline, polling, gone;
  // `isWanted(id)`: whether a command without a reply is still its player's to send.
  constructor(slug, { onFrame, onLink, isWanted = () => true }) {
    Object.assign(this, { onFrame, onLink, link: "connecting", met: false });
    this.socket = new GameSocket(slug, {
      onFrame: (frame) => this.hear(frame),
      onLink: (link) => this.socketIs(link),
    });
    const api = new Api(LIFETIMES);
    this.fallback = new Fallback(api, slug, {
      onFrame: (frame) => this.take(frame),
      onLink: (link) => this.tell(link),
    });
    this.renewal = new Renewal(api);
    // Another socket; HTTP where that says nothing; after a while HTTP all the same.
    const ways = [
      () => this.socket.doubt(),
      (command) => this.socket.isAlive || this.fallback.send(command),
      () => {},
      (command) => this.fallback.send(command),
    ];
    this.unanswered = new Unanswered(ways, isWanted);
  }

  open() {
    this.socket.open();
    this.wait(read(BLOCKED) === true ? SHORT_MS : PATIENCE_MS);
  }

  // What can't go out now must be kept by who sends it.
  send(command) {
    if (this.link !== "online" && !this.fallback.on) return;
    this.unanswered.sent(command);
    if (this.link === "online") this.socket.send(command);
    else this.fallback.send(command);
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
    this.take(frame);
  }

  // From either.
  take(frame) {
    if (frame.id) this.unanswered.replied(frame.id);
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
