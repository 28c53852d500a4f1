// The page for signing in.
import { showForm } from "./lib/account_form.js";

showForm(document.querySelector(".sheet"));
