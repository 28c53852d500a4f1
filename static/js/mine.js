// My prizes: copy buttons, which are of no use without a script.
import { watchControls } from "./lib/controls.js";

document.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));
watchControls(document.body);
