// The page on which an account is made: a second tap would find its name taken.
import { sendOnce } from "./lib/once.js";
import { standInLine } from "./lib/place.js";

sendOnce(document.querySelector(".sheet form"));
standInLine(document.querySelector(".sheet form"));
