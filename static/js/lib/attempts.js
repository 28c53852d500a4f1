// How many attempts are left. The server counts them. This counts those of the tab, so
// that the player sees the limit before it is reached.
import { readStorage, writeStorage } from "./pending.js";

const MINUTE_MS = 60_000;

/** Count an attempt at the time `now`, in ms. */
export function noteAttempt(model, now) {
  writeStorage(keyOf(model), [...readStorage(keyOf(model)), now]);
}

export function attemptsOf(model, answer, now) {
  const { attempts: max, attempts_per: per } = model.game.play;
  if (!max) return { limited: false, free_at: null };
  const byMinute = per === "minute";
  const times = readStorage(keyOf(model)).filter((at) => !byMinute || at > now - MINUTE_MS);
  const known = !byMinute && answer ? 1 : 0;
  const left = answer?.attempts_left ?? max - Math.max(times.length, known);
  return {
    limited: true,
    by_minute: byMinute,
    left: model.usedUp ? 0 : Math.max(0, left),
    some: left > 0,
    free_at: byMinute && left <= 0 ? times[0] + MINUTE_MS : null,
  };
}

function keyOf(model) {
  return `attempts:${model.game.slug}:${model.me?.id}`;
}
