// Renews the cookies of a player who uses only the shared page and the socket, which set
// none. If the cookie that marks them as fresh has expired, a small personal response is
// read: it renews them all (users/renewal.py).
import { cookie } from "./cookies.js";

const FIRST_MS = 3_000;
const SPREAD_MS = 30_000; // many may come back in the same second

export class Renewal {
  constructor(api) {
    Object.assign(this, { api, isScheduled: false });
  }

  /** Called with the player of a welcome, or null. */
  onWelcome(me) {
    if (!me || this.isScheduled || isFresh()) return;
    this.isScheduled = true;
    setTimeout(() => this.renew(me), FIRST_MS + Math.random() * SPREAD_MS);
  }

  // If this fails, the next welcome tries again.
  async renew({ id }) {
    if (!isFresh()) await this.api.get(`/api/users/${id}`).catch(() => {});
    this.isScheduled = false;
  }
}

function isFresh() {
  return cookie("renewed") !== "" && cookie("csrftoken") !== "";
}
