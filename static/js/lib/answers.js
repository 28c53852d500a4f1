// What a form says, in the form that its kind of game wants.
const SHAPES = {
  text: (form) => form.elements.value.value,
  pair: (form) => ({
    home: Number(form.elements.home.value),
    away: Number(form.elements.away.value),
  }),
  one: chosen,
  many: chosen,
};

// The value, or null where the form isn't filled in.
export function valueOf(form) {
  if (!form.checkValidity()) return null;
  const value = SHAPES[form.dataset.shape](form);
  return value.length === 0 ? null : value;
}

// The places of the chosen options.
function chosen(form) {
  return [...form.querySelectorAll("input[name=option]:checked")].map((box) => Number(box.value));
}
