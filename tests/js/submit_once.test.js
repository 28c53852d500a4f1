import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { submitOnce } from "../../static/js/lib/submit_once.js";
import { newPage, restoreMocks, mockTime } from "./fakes.js";

let page, form, notice, texts, submits;

beforeEach(() => {
  ({ page } = newPage());
  mockTime();
  [notice, texts, submits] = [{ hidden: true }, [{ hidden: false }, { hidden: true }], 0];
  const button = { disabled: false, children: texts };
  form = new EventTarget();
  form.querySelector = (what) => (what.startsWith("button") ? button : notice);
  submitOnce(form, () => (submits += 1));
});
afterEach(restoreMocks);

// The browser's cookies as a script sees them; if they are blocked there are none.
function cookieJar(blocked) {
  const cookies = new Map();
  Object.defineProperty(page, "cookie", {
    get: () => [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
    set(text) {
      const [name, value] = text.split(";")[0].split("=");
      if (text.includes("max-age=0")) cookies.delete(name);
      else if (!blocked) cookies.set(name, value);
    },
  });
  return cookies;
}

function submit() {
  const event = new Event("submit", { cancelable: true });
  form.dispatchEvent(event);
  return event;
}

test("a browser that keeps cookies sends the form, and is left as it was", () => {
  const cookies = cookieJar(false);
  assert.equal(submit().defaultPrevented, false);
  assert.deepEqual([notice.hidden, submits, texts[1].hidden], [true, 1, false]);
  assert.equal(cookies.size, 0);
});

test("one that blocks them sends nothing, and says what to do", () => {
  cookieJar(true);
  assert.equal(submit().defaultPrevented, true);
  assert.deepEqual([notice.hidden, submits, texts[1].hidden], [false, 0, true]);
});
