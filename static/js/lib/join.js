// The form for a nickname: however often it is tapped, it makes one guest.
import { newId } from "./ids.js";
import { submitOnce } from "./submit_once.js";

export function watchJoin(form) {
  if (form) submitOnce(form, setJoinId);
}

// The same nickname sent again has the same id, and so makes the same guest.
function setJoinId(form) {
  const { nickname } = form.elements;
  const field = form.elements.join_id ?? addHiddenField(form);
  if (form.dataset.sent !== nickname.value) field.value = newId();
  form.dataset.sent = nickname.value;
}

function addHiddenField(form) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "join_id" });
  form.append(field);
  return field;
}
