// The page for signing in.
import { watchAccountForm } from "./lib/account_form.js";

watchAccountForm(document.querySelector(".sheet"));
