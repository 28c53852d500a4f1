// Asks over HTTP in as few calls as possible: one request in flight a key, all that is
// read in the same tick in one batch, and what may be kept for a while isn't asked again.
import { cookie } from "./cookies.js";

const MOST = 50; // items the server takes in one batch
const TIMEOUT_MS = 10_000;
const CODES = { 404: "not_found", 413: "too_large", 429: "rate_limited", 500: "server_error" };

// A refusal, by its code; `retry_after` is in seconds.
export class ApiError extends Error {
  constructor(said) {
    super(said.detail);
    this.said = said;
    this.code = said.code;
  }
}

export class Api {
  // `lifetimes`: for how many ms each type is kept; a type without one isn't.
  constructor(lifetimes = {}) {
    this.lifetimes = lifetimes;
    this.kept = new Map(); // key -> data, until
    this.flying = new Map(); // key -> promise
    this.asked = new Map(); // key -> item and its promise, until the tick is over
  }

  // The data of one item, or an ApiError. `fresh`: not what was kept.
  read(type, id = "", { fresh = false } = {}) {
    const key = `${type}:${id}`;
    const kept = this.kept.get(key);
    if (!fresh && kept?.until > Date.now()) return Promise.resolve(kept.data);
    return this.once(key, () => this.ask(key, { type, id }));
  }

  // `data` and `etag`; no `data` where it is still what that ETag stands for.
  get(path, etag = "") {
    const headers = etag ? { "If-None-Match": etag } : {};
    return this.once(`GET ${path}`, async () => {
      const response = await request(path, { headers, cache: "no-store" });
      if (response.status === 304) return { etag };
      return { data: await bodyOf(response), etag: response.headers.get("ETag") ?? "" };
    });
  }

  // A command; sent again under its id while it is under way, it is sent once.
  post(path, body) {
    const headers = { "X-CSRFToken": cookie("csrftoken") };
    return this.once(`POST ${path} ${body.id}`, () => send(path, body, headers));
  }

  once(key, work) {
    if (!this.flying.has(key)) {
      this.flying.set(key, work().finally(() => this.flying.delete(key)));
    }
    return this.flying.get(key);
  }

  ask(key, item) {
    if (!this.asked.size) setTimeout(() => this.flush());
    return new Promise((resolve, reject) => this.asked.set(key, { item, resolve, reject }));
  }

  flush() {
    const waiting = [...this.asked.values()];
    this.asked.clear();
    for (let i = 0; i < waiting.length; i += MOST) this.batch(waiting.slice(i, i + MOST));
  }

  async batch(waiting) {
    try {
      const requests = waiting.map(({ item }) => item);
      const { results } = await send("/api/batch", { requests });
      waiting.forEach((one, i) => this.settle(one, results[i]));
    } catch (error) {
      waiting.forEach(({ reject }) => reject(error));
    }
  }

  settle({ item: { type, id }, resolve, reject }, { data, error }) {
    if (error) return reject(new ApiError(error));
    const lifetime = this.lifetimes[type];
    if (lifetime) this.kept.set(`${type}:${id}`, { data, until: Date.now() + lifetime });
    return resolve(data);
  }
}

async function send(path, body, headers = {}) {
  const type = { "Content-Type": "application/json" };
  const init = { method: "POST", headers: { ...type, ...headers }, body: JSON.stringify(body) };
  return bodyOf(await request(path, init));
}

// The response if it is good; otherwise an ApiError, also where none came.
async function request(path, init) {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout?.(TIMEOUT_MS) }).catch(
    () => null,
  );
  if (response?.ok || response?.status === 304) return response;
  throw new ApiError(response ? await refusalOf(response) : { code: "unavailable" });
}

// A proxy on the way may answer in its own words.
async function refusalOf(response) {
  const said = await response.json().catch(() => null);
  const wait = Number(response.headers.get("Retry-After")) || undefined;
  const code = CODES[response.status] ?? "unavailable";
  return { code, ...(wait && { retry_after: wait }), ...said?.error };
}

// Cut off on the way, it is as good as not answered.
function bodyOf(response) {
  return response.json().catch(() => {
    throw new ApiError({ code: "unavailable" });
  });
}
