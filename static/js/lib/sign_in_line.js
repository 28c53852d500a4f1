// Forms that make the server hash a password. In a rush they wait in line. Sent by a script
// the form stays on the page, with what was typed, and shows its place.
import { newId } from "./ids.js";

const FIRST_POLL_MS = 1_000; // by then most forms are answered
const [MIN_POLL_MS, MAX_POLL_MS] = [2_000, 5_000]; // between later polls of the place
const RETRY_MS = [2_000, 4_000, 8_000, 16_000]; // if the server is away or busy

export function submitInLine(form) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (form.dataset.waiting === undefined) submit(form);
  });
  // The back button may show the page as it was left.
  addEventListener("pageshow", () => delete form.dataset.waiting);
}

// The fields are read once: every retry sends the same.
async function submit(form) {
  form.dataset.waiting = "";
  const body = new URLSearchParams(new FormData(form));
  for (const delay of [...RETRY_MS, null]) {
    const response = await post(form, body);
    if (response && response.status !== 503) return onResponse(form, response);
    if (delay === null) break;
    await sleep(delay * (1 + Math.random()));
  }
  return form.submit(); // so that the browser shows the error
}

// The response, or null without a network.
async function post(form, body) {
  const headers = { "X-Place": newId() };
  const polling = pollPlace(form, headers);
  try {
    return await fetch(form.action, { method: "POST", body, headers });
  } catch {
    return null;
  } finally {
    polling.stop();
  }
}

// 201: signed in. Otherwise a page with the form and its errors. Any other page is left to
// the browser.
async function onResponse(form, response) {
  if (response.status === 201) return location.assign(response.headers.get("Location"));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const newForm = page.querySelector(".sheet form");
  if (!newForm) return form.submit();
  return showErrors(form, newForm);
}

// The server's form holds what was typed, except the password.
function showErrors(form, newForm) {
  form.replaceChildren(...document.importNode(newForm, true).childNodes);
  delete form.dataset.waiting;
  form.querySelector("[type=password]")?.focus();
}

// Shows the place until it is stopped. If polling fails, the form waits without it.
function pollPlace(form, headers) {
  let timer = setTimeout(poll, FIRST_POLL_MS);
  async function poll() {
    const waiting = await readPlace(headers);
    if (timer === null) return;
    showPlace(form, waiting);
    const delay = Math.max(250 * waiting.seconds, MIN_POLL_MS);
    timer = setTimeout(poll, Math.min(delay, MAX_POLL_MS));
  }
  return {
    stop() {
      clearTimeout(timer);
      timer = null;
      showPlace(form, { place: 0 });
    },
  };
}

async function readPlace(headers) {
  try {
    const response = await fetch("/login/place/", { headers, cache: "no-store" });
    return await response.json();
  } catch {
    return { place: 0, seconds: 0 };
  }
}

// Place 0: the form does not wait.
function showPlace(form, { place, seconds }) {
  const text = form.querySelector("[data-in-line]");
  text.hidden = !place;
  if (!place) return;
  text.querySelector("[data-place]").textContent = place;
  text.querySelector("[data-seconds]").textContent = seconds;
}

function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
