// The list of games: countdowns on the server's clock, the pages behind it, and what the
// player alone sees.
import { Api } from "./lib/api.js";
import { bind } from "./lib/bind.js";
import { everySecond, serverNow, setServerNow, showCountdowns } from "./lib/clock.js";
import { showState } from "./lib/controls.js";
import { prefetchLinks } from "./lib/prefetch.js";
import { readVisitor, viewOf } from "./lib/visitor.js";

const FIRST = 3; // games fetched ahead without a sign of interest
const COUNTDOWN = "[data-then]:not([hidden])";
const cards = document.querySelector(".cards");
const isFirstPage = !new URLSearchParams(location.search).get("cursor");
let isRunning = false; // the clock

// What was due has come: the chip says so, the countdown goes.
function turn(node) {
  if (Number(node.dataset.until) > serverNow()) return;
  showState(chipOf(node), node.dataset.then);
  node.remove();
}

function chipOf(node) {
  return node.closest(".card").querySelector(".chip");
}

function tick() {
  cards.querySelectorAll(COUNTDOWN).forEach(turn);
  showCountdowns(cards);
}

// The page is as old as the cache that it comes from, so it doesn't say what time it is.
// Whoever answers for the site does; where that fails, the browser's own clock has to do.
async function startClock() {
  if (isRunning || !cards.querySelector(COUNTDOWN)) return;
  isRunning = true;
  const answer = await fetch("/", { method: "HEAD", cache: "no-store" }).catch(() => null);
  const now = Date.parse(answer?.headers.get("Date"));
  if (now) setServerNow(now);
  everySecond(tick);
}

// Their name, coins and the games whose lists they are on; nothing where that fails.
async function showVisitor() {
  const found = await readVisitor(new Api(), ...(isFirstPage ? ["games"] : []));
  if (!found) return;
  const [me, { games = [] } = {}] = found;
  const own = games.filter(({ access }) => access === "listed").map(cardOf);
  bind(document.body, { ...viewOf(me), own });
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

prefetchLinks(cards, FIRST, document.getElementById("ahead"));
startClock();
showVisitor().then(startClock);
