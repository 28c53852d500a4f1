// The page that asks for a nickname again after an error.
import { watchJoin } from "./lib/join.js";

watchJoin(document.querySelector("form.nickname"));
