// Who only ever uses the shared page and the socket is given no cookie by either. So once
// the one that says they are fresh has run out, something small and personal is read:
// its answer renews them all (users/renewal.py).
import { cookie } from "./cookies.js";

const FIRST_MS = 3_000;
const SPREAD_MS = 30_000; // many may come back in the same second

export class Renewal {
  constructor(api) {
    Object.assign(this, { api, asked: false });
  }

  // After a welcome.
  follow(me) {
    if (!me || this.asked || isFresh()) return;
    this.asked = true;
    setTimeout(() => this.ask(me), FIRST_MS + Math.random() * SPREAD_MS);
  }

  // The next welcome asks again where this one failed.
  async ask({ id }) {
    if (!isFresh()) await this.api.get(`/api/users/${id}`).catch(() => {});
    this.asked = false;
  }
}

function isFresh() {
  return cookie("renewed") !== "" && cookie("csrftoken") !== "";
}
