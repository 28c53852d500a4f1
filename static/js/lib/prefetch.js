// Prefetches what the player will probably open next: each address once, and only where the
// connection is cheap. A browser without `prefetch` ignores it.
const SLOW = ["slow-2g", "2g", "3g"];
const HINTS = ["pointerover", "pointerleave", "focusin", "touchstart"];
const HOVER_MS = 80;
const fetched = new Set();
let hoverTimer;

/**
 * The first `count` links of the list when the browser is idle, any other on a hint.
 * @param {HTMLTemplateElement} [common] files that every page behind these links needs
 */
export function prefetchLinks(list, count, common) {
  if (!isCheap(navigator.connection)) return;
  whenIdle(() => {
    for (const { name } of performance.getEntriesByType("resource")) fetched.add(name);
    [...list.querySelectorAll("a[href]")].slice(0, count).forEach(({ href }) => prefetch(href));
    for (const file of filesIn(common)) prefetch(file.href || file.src, file);
  });
  for (const hint of HINTS) list.addEventListener(hint, onHint, { passive: true });
}

// Only a pointer that stays on a link is a hint, not one that moves across.
function onHint({ type, target }) {
  clearTimeout(hoverTimer);
  const href = target.closest("a[href]")?.href;
  if (type === "pointerover") hoverTimer = setTimeout(() => prefetch(href), HOVER_MS);
  else if (type !== "pointerleave") prefetch(href);
}

// Imported but not inserted: addresses are resolved and nothing is fetched yet.
function filesIn(template) {
  return template ? [...document.importNode(template.content, true).children] : [];
}

function prefetch(href, { rel } = {}) {
  if (!href || fetched.has(href)) return;
  fetched.add(href);
  const link = Object.assign(document.createElement("link"), { rel: "prefetch", href });
  if (rel === "stylesheet") link.as = "style";
  // The page requests modules with CORS; without it they would be fetched twice.
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
