// A form that costs the server a hash: it waits in line, and says how long the line is.
// Sent by a script it stays on the page, with all that was typed, until it has led on.
import { newId } from "./ids.js";

const FIRST_LOOK_MS = 1_000; // mostly the answer is there by then
const LOOKS = [2_000, 5_000]; // ms between later looks, at the least and at the most
const AGAIN_MS = [2_000, 4_000, 8_000, 16_000]; // where the server is away or busy

export function standInLine(form) {
  form.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    if (form.dataset.waits === undefined) send(form);
  });
  // A browser that goes back may show the page just as it was left.
  addEventListener("pageshow", () => delete form.dataset.waits);
}

// What was typed is read once: it is the same however often it is sent.
async function send(form) {
  form.dataset.waits = "";
  const body = new URLSearchParams(new FormData(form));
  for (const pause of [...AGAIN_MS, null]) {
    const response = await post(form, body);
    if (response && response.status !== 503) return lead(form, response);
    if (pause === null) break;
    await after(pause * (1 + Math.random()));
  }
  return form.submit(); // the browser says what is wrong
}

async function post(form, body) {
  const headers = { "X-Place": newId() };
  const looks = look(form, headers);
  try {
    return await fetch(form.action, { method: "POST", body, headers });
  } catch {
    return null;
  } finally {
    looks.stop();
  }
}

// 201: signed in. Else a page of the form with what is wrong in it, or none of ours.
async function lead(form, response) {
  if (response.status === 201) return location.assign(response.headers.get("Location"));
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const fresh = page.querySelector(".sheet form");
  if (!fresh) return form.submit();
  return showAnew(form, fresh);
}

// The same form with what the server says; what was typed stays, but for the password.
function showAnew(form, fresh) {
  form.replaceChildren(...document.importNode(fresh, true).childNodes);
  delete form.dataset.waits;
  form.querySelector("[type=password]")?.focus();
}

// Looks after the place until it is stopped; where that fails, the form waits all the same.
function look(form, headers) {
  let timer = setTimeout(again, FIRST_LOOK_MS);
  async function again() {
    const said = await placeOf(headers);
    if (timer === null) return;
    show(form, said);
    timer = setTimeout(again, Math.min(Math.max(250 * said.seconds, LOOKS[0]), LOOKS[1]));
  }
  return {
    stop() {
      clearTimeout(timer);
      timer = null;
      show(form, { place: 0 });
    },
  };
}

async function placeOf(headers) {
  try {
    const response = await fetch("/login/place/", { headers, cache: "no-store" });
    return await response.json();
  } catch {
    return { place: 0, seconds: 0 };
  }
}

function show(form, { place, seconds }) {
  const line = form.querySelector("[data-in-line]");
  line.hidden = !place;
  if (!place) return;
  line.querySelector("[data-place]").textContent = place;
  line.querySelector("[data-seconds]").textContent = seconds;
}

function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
