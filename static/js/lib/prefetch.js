// Fetches ahead what the player will likely open next: each address once, and only where
// that costs nothing. A browser that knows no `prefetch` just leaves it.
const SLOW = ["slow-2g", "2g", "3g"];
const HINTS = ["pointerover", "pointerleave", "focusin", "touchstart"];
const LINGER_MS = 80;
const fetched = new Set();
let lingering; // the timer of a pointer

// The first `count` links of the list once the browser is idle, any other on a hint.
// `common`: a template of the files that every page behind these links needs.
export function prefetchLinks(list, count, common) {
  if (!isCheap(navigator.connection)) return;
  whenIdle(() => {
    for (const { name } of performance.getEntriesByType("resource")) fetched.add(name);
    [...list.querySelectorAll("a[href]")].slice(0, count).forEach(({ href }) => prefetch(href));
    for (const file of filesIn(common)) prefetch(file.href || file.src, file);
  });
  for (const hint of HINTS) list.addEventListener(hint, onHint, { passive: true });
}

// A pointer on its way across a link is no sign of interest; one that stays on it is.
function onHint({ type, target }) {
  clearTimeout(lingering);
  const href = target.closest("a[href]")?.href;
  if (type === "pointerover") lingering = setTimeout(() => prefetch(href), LINGER_MS);
  else if (type !== "pointerleave") prefetch(href);
}

// Not in the page, so that their addresses are resolved but nothing is fetched yet.
function filesIn(template) {
  return template ? [...document.importNode(template.content, true).children] : [];
}

function prefetch(href, { rel } = {}) {
  if (!href || fetched.has(href)) return;
  fetched.add(href);
  const link = Object.assign(document.createElement("link"), { rel: "prefetch", href });
  if (rel === "stylesheet") link.as = "style";
  // Modules are asked for with CORS; in any other way they would be fetched again.
  else if (rel !== undefined) Object.assign(link, { as: "script", crossOrigin: "anonymous" });
  document.head.append(link);
}

function isCheap({ saveData, effectiveType, type, metered } = {}) {
  return !saveData && !metered && !SLOW.includes(effectiveType) && type !== "cellular";
}

function whenIdle(act) {
  if (globalThis.requestIdleCallback) requestIdleCallback(act, { timeout: 5_000 });
  else setTimeout(act, 2_000);
}
