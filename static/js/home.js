// The list of games: countdowns on the server's clock, prefetched pages, and what only this
// player sees.
import { Api } from "./lib/api.js";
import { bind } from "./lib/bind.js";
import { everySecond, serverNow, setServerNow, showCountdowns } from "./lib/clock.js";
import { showState } from "./lib/controls.js";
import { prefetchLinks } from "./lib/prefetch.js";
import { readVisitor, visitorView } from "./lib/visitor.js";

const PREFETCHED = 3; // games fetched ahead without a sign of interest
const COUNTDOWN = "[data-then]:not([hidden])";
const cards = document.querySelector(".cards");
const isFirstPage = !new URLSearchParams(location.search).get("cursor");
let isClockRunning = false;

// At zero the chip shows the new state, and the countdown goes.
function endIfDue(countdown) {
  if (Number(countdown.dataset.until) > serverNow()) return;
  showState(chipOf(countdown), countdown.dataset.then);
  countdown.remove();
}

function chipOf(node) {
  return node.closest(".card").querySelector(".chip");
}

function tick() {
  cards.querySelectorAll(COUNTDOWN).forEach(endIfDue);
  showCountdowns(cards);
}

// The page comes from a cache, so it can't hold the time: it is read from a response. If
// that fails, the browser's own clock is used.
async function startClock() {
  if (isClockRunning || !cards.querySelector(COUNTDOWN)) return;
  isClockRunning = true;
  const response = await fetch("/", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const now = Date.parse(response?.headers.get("Date"));
  if (now) setServerNow(now);
  everySecond(tick);
}

// The player's name, coins and the games whose lists they are on.
async function showVisitor() {
  const visitor = await readVisitor(new Api(), ...(isFirstPage ? ["games"] : []));
  if (!visitor) return;
  const [me, { games = [] } = {}] = visitor;
  const own = games.filter(({ access }) => access === "listed").map(cardOf);
  bind(document.body, { ...visitorView(me), own });
  for (const { href, state } of own) showState(chipOf(linkTo(href)), state);
}

function cardOf(game) {
  const { slug, state, opens_at, closes_at } = game;
  return {
    ...game,
    href: `/games/${slug}/`,
    opening: state === "SCHEDULED" && opens_at !== null,
    closing: state === "OPEN" && closes_at !== null,
  };
}

function linkTo(href) {
  return cards.querySelector(`a[href="${href}"]`);
}

prefetchLinks(cards, PREFETCHED, document.getElementById("prefetched"));
startClock();
showVisitor().then(startClock);
