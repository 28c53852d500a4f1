// The page for signing in.
import { sendOnce } from "./lib/once.js";

sendOnce(document.querySelector(".sheet form"));
