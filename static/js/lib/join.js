// The form by which a stranger joins: however often it is tapped, it makes one guest.
import { newId } from "./ids.js";

const PATIENCE_MS = 10_000; // what hasn't led on by then may be sent once more

export function watchJoin(form) {
  if (!form) return;
  form.addEventListener("submit", () => send(form));
  // A browser that goes back may show the page just as it was left.
  addEventListener("pageshow", () => wait(form, false));
}

// The same nickname sent again is the same guest, by the same id.
function send(form) {
  const { nickname } = form.elements;
  const field = form.elements.join_id ?? hiddenField(form);
  if (form.dataset.sent !== nickname.value) field.value = newId();
  form.dataset.sent = nickname.value;
  wait(form, true);
  setTimeout(() => wait(form, false), PATIENCE_MS);
}

function hiddenField(form) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "join_id" });
  form.append(field);
  return field;
}

function wait(form, waiting) {
  const button = form.querySelector("button[type=submit]");
  const [asks, says] = button.children;
  button.disabled = waiting;
  [asks.hidden, says.hidden] = [waiting, !waiting];
}
