// What a form says, as the command it stands for.
const SHAPES = {
  text: (form) => form.elements.value.value,
  pair: (form) => ({
    home: Number(form.elements.home.value),
    away: Number(form.elements.away.value),
  }),
  one: chosen,
  many: chosen,
};
const COMMANDS = {
  answer: (form) => ({ question: form.dataset.question, value: valueOf(form) }),
  checkin: (form) => (form.dataset.day ? { day: Number(form.dataset.day), ...priceOf(form) } : {}),
  redeem: (form) => ({ item: Number(form.dataset.item), ...priceOf(form) }),
};

// The command, or null where the form isn't filled in.
export function commandOf(form, play = {}) {
  const type = form.dataset.command ?? "answer";
  const command = { type, ...COMMANDS[type](form), ...versionOf(type, play) };
  return command.value === null ? null : command;
}

function valueOf(form) {
  if (!form.checkValidity()) return null;
  const value = SHAPES[form.dataset.shape](form);
  return value.length === 0 ? null : value;
}

// What the player was shown, by which the server reads the places of options.
function versionOf(type, { version }) {
  return type === "answer" && version !== undefined ? { version } : {};
}

// The price that the player sees, and so agrees to.
function priceOf(form) {
  return { price: Number(form.dataset.price) };
}

// The places of the chosen options.
function chosen(form) {
  return [...form.querySelectorAll("input[name=option]:checked")].map((box) => Number(box.value));
}
