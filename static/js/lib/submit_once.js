// Submits a form once, however often its button is tapped. The button has two children:
// its label, and a hidden one that is shown while the form is sent. Without cookies the
// server would not know the player afterwards: then a text in the form says so instead.
import { cookiesWork } from "./cookies.js";

const RESUBMIT_MS = 10_000; // if the page is still here after this, the form works again

/** @param {(form: HTMLFormElement) => void} onSubmit called before the form is sent */
export function submitOnce(form, onSubmit = () => {}) {
  form.addEventListener("submit", (event) => {
    const works = cookiesWork();
    form.querySelector("[data-no-cookies]").hidden = works;
    if (!works) return event.preventDefault();
    onSubmit(form);
    setBusy(form, true);
    return setTimeout(() => setBusy(form, isInLine(form)), RESUBMIT_MS);
  });
  // The back button may show the page as it was left.
  addEventListener("pageshow", () => setBusy(form, false));
}

// Waiting in line (sign_in_line.js) may take longer.
function isInLine(form) {
  return form.dataset?.waiting !== undefined;
}

function setBusy(form, busy) {
  const button = form.querySelector("button[type=submit]");
  const [label, busyLabel] = button.children;
  button.disabled = busy;
  [label.hidden, busyLabel.hidden] = [busy, !busy];
}
