// The page for signing in.
import { sendOnce } from "./lib/once.js";
import { standInLine } from "./lib/place.js";

sendOnce(document.querySelector(".sheet form"));
standInLine(document.querySelector(".sheet form"));
