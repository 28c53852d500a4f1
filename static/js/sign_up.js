// The page on which an account is made: a second tap would find its name taken.
import { showForm } from "./lib/account_form.js";

showForm(document.querySelector(".sheet"));
