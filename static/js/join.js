// The page that asks for a nickname again.
import { watchJoin } from "./lib/join.js";

watchJoin(document.querySelector("form.nickname"));
