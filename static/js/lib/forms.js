// Reads a form as a command.
const READERS = {
  text: (form) => form.elements.value.value,
  pair: (form) => ({
    home: Number(form.elements.home.value),
    away: Number(form.elements.away.value),
  }),
  one: checkedPlaces,
  many: checkedPlaces,
}; // by data-shape
const COMMANDS = {
  answer: (form) => ({ question: form.dataset.question, value: valueOf(form) }),
  checkin: (form) => (form.dataset.day ? { day: Number(form.dataset.day), ...priceOf(form) } : {}),
  redeem: (form) => ({ item: Number(form.dataset.item), ...priceOf(form) }),
}; // by data-command

/** The command, or null if the form is not filled in correctly. */
export function commandOf(form, play = {}) {
  const type = form.dataset.command ?? "answer";
  const command = { type, ...COMMANDS[type](form), ...versionOf(type, play) };
  return command.value === null ? null : command;
}

function valueOf(form) {
  if (!form.checkValidity()) return null;
  const value = READERS[form.dataset.shape](form);
  return value.length === 0 ? null : value;
}

// The version of the questions on the page: staff may have moved options since.
function versionOf(type, { version }) {
  return type === "answer" && version !== undefined ? { version } : {};
}

// The price on the page, which the player agrees to.
function priceOf(form) {
  return { price: Number(form.dataset.price) };
}

// The places of the chosen options.
function checkedPlaces(form) {
  return [...form.querySelectorAll("input[name=option]:checked")].map((box) => Number(box.value));
}
