// Fakes of what node lacks: a page, its storage, sockets, a server and time.
import { webcrypto } from "node:crypto";
import { mock } from "node:test";

// Node 18 has it, but not by the name that browsers use.
globalThis.crypto ??= webcrypto;

class FakeElement extends EventTarget {
  content = { textContent: "" };
}

// An empty page; every test starts with a new one.
export function newPage() {
  const page = new FakeElement();
  Object.assign(page, { hidden: false, cookie: "csrftoken=token; renewed=1; other=x" });
  page.documentElement = { lang: "en" };
  page.head = { links: [], append: (link) => page.head.links.push(link) };
  page.createElement = () => ({});
  page.importNode = (content) => content;
  const browser = new EventTarget();
  Object.assign(globalThis, {
    document: page,
    location: { protocol: "https:", host: "play.example" },
    sessionStorage: newStorage(),
    addEventListener: browser.addEventListener.bind(browser),
    WebSocket: FakeSocket,
  });
  FakeSocket.made = [];
  return { page, browser };
}

export function newStorage() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
  };
}

export class FakeSocket {
  static CONNECTING = 0;
  static OPEN = 1;
  static made = [];

  static get last() {
    return FakeSocket.made.at(-1);
  }

  constructor(address) {
    Object.assign(this, { address, readyState: 0, sent: [], closed: false });
    FakeSocket.made.push(this);
  }

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
    this.readyState = 3;
  }

  // Done by the server or the network.
  opens() {
    this.readyState = 1;
    this.onopen?.();
  }

  says(frame) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  welcomes(seq = 1, more = {}) {
    this.opens();
    this.says({ type: "welcome", seq, now: 0, game: {}, me: null, mine: {}, ...more });
  }

  breaks(code = 1006) {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

// A server: `respond(method, path, body, headers)` returns [status, body, headers] or
// throws. Returns the list of requests.
export function mockFetch(respond) {
  const requests = [];
  globalThis.fetch = mock.fn(async (path, { method = "GET", body, headers = {} } = {}) => {
    const payload = body && JSON.parse(body);
    requests.push({ method, path, body: payload, headers });
    const [status, reply, more = {}] = await respond(method, path, payload, headers);
    return {
      status,
      ok: status >= 200 && status < 300,
      headers: { get: (name) => more[name] ?? null },
      json: async () => {
        if (reply === undefined) throw new SyntaxError("no JSON");
        return reply;
      },
    };
  });
  return requests;
}

// Time that passes only in `advance`, timer by timer, with the promises of each settled.
// Node's own mock loses timers that are set while others run.
let now, timers;

export function mockTime() {
  [now, timers] = [1_000_000, []];
  mock.method(Date, "now", () => now);
  mock.method(globalThis, "setTimeout", (act, ms = 0) => {
    const timer = { act, at: now + ms };
    timers.push(timer);
    return timer;
  });
  mock.method(globalThis, "clearTimeout", (timer) => {
    timers = timers.filter((other) => other !== timer);
  });
}

export async function advance(ms) {
  const end = now + ms;
  for (;;) {
    await settle();
    const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
    if (!due) break;
    timers = timers.filter((timer) => timer !== due);
    now = due.at;
    due.act();
  }
  now = end;
}

export async function settle() {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

// `Math.random` returns these values, then the last one for ever.
export function mockRandom(...values) {
  let i = 0;
  mock.method(Math, "random", () => values[Math.min(i++, values.length - 1)]);
}

export function restoreMocks() {
  mock.restoreAll();
}
