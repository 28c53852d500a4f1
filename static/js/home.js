// The list of games: countdowns on the server's clock, and the pages behind it.
import { everySecond, serverNow, setServerNow, showCountdowns } from "./lib/clock.js";
import { showState } from "./lib/controls.js";
import { prefetchLinks } from "./lib/prefetch.js";

const FIRST = 3; // games fetched ahead without a sign of interest
const cards = document.querySelector(".cards");

// What was due has come: the chip says so, the countdown goes.
function turn(node) {
  if (Number(node.dataset.until) > serverNow()) return;
  showState(node.closest(".card").querySelector(".chip"), node.dataset.then);
  node.remove();
}

function tick() {
  cards.querySelectorAll("[data-then]").forEach(turn);
  showCountdowns(cards);
}

if (cards) {
  setServerNow(Number(cards.dataset.now) * 1000);
  everySecond(tick);
  prefetchLinks(cards, FIRST, document.getElementById("ahead"));
}
