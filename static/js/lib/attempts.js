// How many attempts are left. The server counts them; this remembers the tab's own, so
// that a player sees it coming.
import { read, write } from "./pending.js";

const MINUTE = 60_000;

export function noteAttempt(model, now) {
  write(keyOf(model), [...read(keyOf(model)), now]);
}

export function attemptsOf(model, answer, now) {
  const { attempts: most, attempts_per: per } = model.game.play;
  if (!most) return { limited: false, free_at: null };
  const byMinute = per === "minute";
  const counted = read(keyOf(model)).filter((at) => !byMinute || at > now - MINUTE);
  const known = !byMinute && answer ? 1 : 0;
  const left = answer?.attempts_left ?? most - Math.max(counted.length, known);
  return {
    limited: true,
    by_minute: byMinute,
    left: model.usedUp ? 0 : Math.max(0, left),
    some: left > 0,
    free_at: byMinute && left <= 0 ? counted[0] + MINUTE : null,
  };
}

function keyOf(model) {
  return `attempts:${model.game.slug}:${model.me?.id}`;
}
