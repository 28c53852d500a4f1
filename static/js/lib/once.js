// A form that is sent once, however often its button is tapped, and says so at once.
// The button holds two texts: what it asks for, and a hidden one for while it waits.
// Where the browser keeps no cookies, nobody could be known after it: that is said instead.
import { keepsCookies } from "./cookies.js";

const PATIENCE_MS = 10_000; // what hasn't led on by then may be sent once more

export function sendOnce(form, before = () => {}) {
  form.addEventListener("submit", (event) => {
    const kept = keepsCookies();
    form.querySelector("[data-no-cookies]").hidden = kept;
    if (!kept) return event.preventDefault();
    before(form);
    wait(form, true);
    return setTimeout(() => wait(form, stands(form)), PATIENCE_MS);
  });
  // A browser that goes back may show the page just as it was left.
  addEventListener("pageshow", () => wait(form, false));
}

// Whether it stands in line (place.js), which may take longer.
function stands(form) {
  return form.dataset?.waits !== undefined;
}

function wait(form, waiting) {
  const button = form.querySelector("button[type=submit]");
  const [asks, says] = button.children;
  button.disabled = waiting;
  [asks.hidden, says.hidden] = [waiting, !waiting];
}
