// Small controls: steppers, copy buttons, the chip of a state.
export function watchControls(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-step], [data-copy]");
    if (button?.dataset.step) step(button);
    else if (button) copy(button);
  });
}

function step(button) {
  const input = document.getElementById(button.getAttribute("aria-controls"));
  const value = Number(input.value) + Number(button.dataset.step);
  input.value = Math.min(Number(input.max), Math.max(Number(input.min), value));
}

async function copy(button) {
  try {
    await navigator.clipboard.writeText(button.value);
  } catch {
    copyBySelection(button);
  }
  const [label, done] = button.children;
  [label.hidden, done.hidden] = [true, false];
  setTimeout(() => ([label.hidden, done.hidden] = [false, true]), 2000);
}

// Pages over plain HTTP have no clipboard; a selection can still be copied.
function copyBySelection(button) {
  const code = button.parentElement.querySelector("code");
  getSelection().selectAllChildren(code);
  document.execCommand("copy");
}

export function showState(chip, state) {
  chip.dataset.state = state;
  for (const word of chip.children) word.hidden = word.dataset.is !== state;
}
