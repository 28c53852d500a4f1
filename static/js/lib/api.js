// Reads and writes over HTTP in as few requests as possible: reads of the same tick go in
// one batch, a request in flight is shared, and some types are cached for a while.
import { cookie } from "./cookies.js";

const MAX_BATCH = 50; // items, as the server takes
const TIMEOUT_MS = 10_000;
const CODES = { 404: "not_found", 413: "too_large", 429: "rate_limited", 500: "server_error" };

/** A refusal: `code`, and `refusal` with all its fields. `retry_after` is in seconds. */
export class ApiError extends Error {
  constructor(refusal) {
    super(refusal.detail);
    this.refusal = refusal;
    this.code = refusal.code;
  }
}

export class Api {
  /** @param {Record<string, number>} lifetimes ms for which a type is cached */
  constructor(lifetimes = {}) {
    this.lifetimes = lifetimes;
    this.cache = new Map(); // key -> data and when it expires
    this.inFlight = new Map(); // key -> promise
    this.queue = new Map(); // key -> item and its promise, until the tick ends
  }

  /**
   * The data of one item, from the cache unless `fresh`.
   * @throws {ApiError}
   */
  read(type, id = "", { fresh = false } = {}) {
    const key = `${type}:${id}`;
    const cached = this.cache.get(key);
    if (!fresh && cached?.until > Date.now()) return Promise.resolve(cached.data);
    return this.shareInFlight(key, () => this.enqueue(key, { type, id }));
  }

  /**
   * `data` and `etag`; no `data` if it still has the given ETag.
   * @throws {ApiError}
   */
  get(path, etag = "") {
    const headers = etag ? { "If-None-Match": etag } : {};
    return this.shareInFlight(`GET ${path}`, async () => {
      const response = await request(path, { headers, cache: "no-store" });
      if (response.status === 304) return { etag };
      return { data: await bodyOf(response), etag: response.headers.get("ETag") ?? "" };
    });
  }

  /**
   * Send a command; one with the same id that is in flight is shared.
   * @throws {ApiError}
   */
  post(path, body) {
    const headers = { "X-CSRFToken": cookie("csrftoken") };
    return this.shareInFlight(`POST ${path} ${body.id}`, () => send(path, body, headers));
  }

  shareInFlight(key, start) {
    if (!this.inFlight.has(key)) {
      this.inFlight.set(key, start().finally(() => this.inFlight.delete(key)));
    }
    return this.inFlight.get(key);
  }

  enqueue(key, item) {
    if (!this.queue.size) setTimeout(() => this.flush());
    return new Promise((resolve, reject) => this.queue.set(key, { item, resolve, reject }));
  }

  flush() {
    const entries = [...this.queue.values()];
    this.queue.clear();
    for (let i = 0; i < entries.length; i += MAX_BATCH) this.batch(entries.slice(i, i + MAX_BATCH));
  }

  async batch(entries) {
    try {
      const requests = entries.map(({ item }) => item);
      const { results } = await send("/api/batch", { requests });
      entries.forEach((entry, i) => this.settle(entry, results[i]));
    } catch (error) {
      entries.forEach(({ reject }) => reject(error));
    }
  }

  settle({ item: { type, id }, resolve, reject }, { data, error }) {
    if (error) return reject(new ApiError(error));
    const lifetime = this.lifetimes[type];
    if (lifetime) this.cache.set(`${type}:${id}`, { data, until: Date.now() + lifetime });
    return resolve(data);
  }
}

async function send(path, body, headers = {}) {
  const type = { "Content-Type": "application/json" };
  const init = { method: "POST", headers: { ...type, ...headers }, body: JSON.stringify(body) };
  return bodyOf(await request(path, init));
}

// The response if it is good. Otherwise, and without a network, an ApiError.
async function request(path, init) {
  const response = await fetch(path, { ...init, signal: AbortSignal.timeout?.(TIMEOUT_MS) }).catch(
    () => null,
  );
  if (response?.ok || response?.status === 304) return response;
  throw new ApiError(response ? await refusalOf(response) : { code: "unavailable" });
}

// A proxy's response is no JSON of ours: then the status gives the code.
async function refusalOf(response) {
  const payload = await response.json().catch(() => null);
  const wait = Number(response.headers.get("Retry-After")) || undefined;
  const code = CODES[response.status] ?? "unavailable";
  return { code, ...(wait && { retry_after: wait }), ...payload?.error };
}

// A response that was cut off counts as none.
function bodyOf(response) {
  return response.json().catch(() => {
    throw new ApiError({ code: "unavailable" });
  });
}
