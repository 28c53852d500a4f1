import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { sendOnce } from "../../static/js/lib/once.js";
import { newPage, putBack, stopTime } from "./fakes.js";

let page, form, told, texts, begun;

beforeEach(() => {
  ({ page } = newPage());
  stopTime();
  [told, texts, begun] = [{ hidden: true }, [{ hidden: false }, { hidden: true }], 0];
  const button = { disabled: false, children: texts };
  form = new EventTarget();
  form.querySelector = (what) => (what.startsWith("button") ? button : told);
  sendOnce(form, () => (begun += 1));
});
afterEach(putBack);

// A browser's jar, by what a script may do with it; a blocked one stays empty.
function jar(blocked) {
  const kept = new Map();
  Object.defineProperty(page, "cookie", {
    get: () => [...kept].map(([name, value]) => `${name}=${value}`).join("; "),
    set(text) {
      const [name, value] = text.split(";")[0].split("=");
      if (text.includes("max-age=0")) kept.delete(name);
      else if (!blocked) kept.set(name, value);
    },
  });
  return kept;
}

function submit() {
  const event = new Event("submit", { cancelable: true });
  form.dispatchEvent(event);
  return event;
}

test("a browser that keeps cookies sends the form, and is left as it was", () => {
  const kept = jar(false);
  assert.equal(submit().defaultPrevented, false);
  assert.deepEqual([told.hidden, begun, texts[1].hidden], [true, 1, false]);
  assert.equal(kept.size, 0);
});

test("one that blocks them sends nothing, and is told what to do", () => {
  jar(true);
  assert.equal(submit().defaultPrevented, true);
  assert.deepEqual([told.hidden, begun, texts[1].hidden], [false, 0, true]);
});
