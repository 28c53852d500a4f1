// The list of games: countdowns on the server's clock.
import { everySecond, serverNow, setServerNow, showCountdowns } from "./lib/clock.js";
import { showState } from "./lib/controls.js";

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
}
