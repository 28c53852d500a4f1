import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { submitInLine } from "../../static/js/lib/sign_in_line.js";
import { newPage, advance, restoreMocks, settle, mockTime } from "./fakes.js";

const PLACE = "/login/place/";
let form, line, requests, answer, place;

beforeEach(() => {
  newPage();
  mockTime();
  [requests, place] = [[], { place: 120, seconds: 4 }];
  globalThis.DOMParser = class {
    parseFromString = (text) => ({ querySelector: () => text && { childNodes: [text] } });
  };
  const texts = { "[data-place]": {}, "[data-seconds]": {} };
  line = { hidden: true, texts, querySelector: (what) => texts[what] };
  form = Object.assign(new EventTarget(), {
    action: "/login/?next=/me/",
    dataset: {},
    submitted: 0,
    submit: () => (form.submitted += 1),
    querySelector: (what) => (what === "[data-in-line]" ? line : null),
    replaceChildren: (...nodes) => (form.shown = nodes),
  });
  document.importNode = (node) => node;
  location.assign = (address) => (location.assigned = address);
  globalThis.FormData = function () {
    return [["password", "secret"]];
  };
  globalThis.fetch = async (path, { headers }) => {
    requests.push([path, headers["X-Place"]]);
    if (path === PLACE) return { json: async () => place };
    return new Promise((resolve, reject) => (answer = { resolve, reject }));
  };
  submitInLine(form);
});
afterEach(restoreMocks);

function submit() {
  form.dispatchEvent(new Event("submit", { cancelable: true }));
}

async function answers(status, text = "", headers = {}) {
  answer.resolve({ status, text: async () => text, headers: { get: (name) => headers[name] } });
  await settle();
}

function forms() {
  return requests.filter(([path]) => path === form.action).length;
}

test("who waits is told the place of the form that was sent", async () => {
  submit();
  await advance(999);
  assert.deepEqual([requests.length, line.hidden], [1, true]);
  await advance(1);
  assert.equal(line.hidden, false);
  assert.equal(line.texts["[data-place]"].textContent, 120);
  assert.equal(line.texts["[data-seconds]"].textContent, 4);
  assert.equal(requests[1][1], requests[0][1]);
  place = { place: 0, seconds: 0 };
  await advance(2_000);
  assert.equal(line.hidden, true);
});

test("a form is sent once, however often its button is tapped", async () => {
  submit();
  submit();
  await advance(10_000);
  assert.equal(forms(), 1);
});

test("signed in, the page goes on, and asks no more", async () => {
  submit();
  await advance(5_000);
  await answers(201, "", { Location: "/me/" });
  const before = requests.length;
  await advance(60_000);
  assert.deepEqual([location.assigned, requests.length], ["/me/", before]);
});

test("what is wrong is shown in the form, which may be sent again", async () => {
  submit();
  await settle();
  await answers(200, "a wrong password");
  assert.deepEqual(form.shown, ["a wrong password"]);
  submit();
  assert.equal(forms(), 2);
});

test("where the server is busy or away the form is sent again by itself", async () => {
  submit();
  await settle();
  await answers(503);
  await advance(4_000);
  assert.equal(forms(), 2);
  answer.reject(new TypeError("offline"));
  await advance(8_000);
  assert.equal(forms(), 3);
  await answers(201, "", { Location: "/" });
  assert.deepEqual([location.assigned, form.submitted], ["/", 0]);
});

test("a page that is none of the form's is left to the browser", async () => {
  submit();
  await settle();
  await answers(403);
  assert.equal(form.submitted, 1);
});
