// The page for making an account. A second tap would find its own name taken.
import { watchAccountForm } from "./lib/account_form.js";

watchAccountForm(document.querySelector(".sheet"));
