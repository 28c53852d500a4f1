// The forms for signing in and signing up.
import { Api } from "./api.js";
import { bind } from "./bind.js";
import { keepNext, nextPage } from "./next.js";
import { submitInLine } from "./sign_in_line.js";
import { submitOnce } from "./submit_once.js";
import { readVisitor, visitorView } from "./visitor.js";

/** Watch the form, and show who is signed in already. */
export async function watchAccountForm(sheet) {
  const form = sheet.querySelector("form");
  submitOnce(form);
  submitInLine(form);
  keepNext(sheet.querySelector("[data-keep-next]"), location);
  const [me] = (await readVisitor(new Api())) ?? [null];
  bind(sheet, { ...visitorView(me), next: nextPage(location) });
}
