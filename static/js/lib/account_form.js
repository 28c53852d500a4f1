// A sheet that begins a session: sent once, and saying who is signed in already.
import { Api } from "./api.js";
import { bind } from "./bind.js";
import { nextPage, passOn } from "./next.js";
import { sendOnce } from "./once.js";
import { standInLine } from "./place.js";
import { readVisitor, viewOf } from "./visitor.js";

export async function showForm(sheet) {
  const form = sheet.querySelector("form");
  sendOnce(form);
  standInLine(form);
  passOn(sheet.querySelector("[data-pass-on]"), location);
  const [me] = (await readVisitor(new Api())) ?? [null];
  bind(sheet, { ...viewOf(me), next: nextPage(location) });
}
