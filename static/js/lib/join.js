// The form by which a stranger joins: however often it is tapped, it makes one guest.
import { newId } from "./ids.js";
import { sendOnce } from "./once.js";

export function watchJoin(form) {
  if (form) sendOnce(form, identify);
}

// The same nickname sent again is the same guest, by the same id.
function identify(form) {
  const { nickname } = form.elements;
  const field = form.elements.join_id ?? hiddenField(form);
  if (form.dataset.sent !== nickname.value) field.value = newId();
  form.dataset.sent = nickname.value;
}

function hiddenField(form) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "join_id" });
  form.append(field);
  return field;
}
