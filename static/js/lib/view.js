// What the page shows, computed from the model.
import { attemptsOf } from "./attempts.js";

const STAGES = {
  SCHEDULED: "soon",
  OPEN: "play",
  PAUSED: "paused",
  CLOSED: "closed",
  REVEALED: "revealed",
};
const ONLY = ""; // the question of a kind that asks only one

/**
 * @param {Model} model
 * @param {number} now ms on the server's clock
 * @param {boolean} hasPending whether a command of the player is not acknowledged
 */
export function viewOf(model, now, hasPending) {
  const { game, me, mine, tally, board, link, playable } = model;
  const phase = model.wasWelcomed ? phaseAt(game, now) : game.state;
  const stage = link === "gone" ? "gone" : model.preview ? "play" : (STAGES[phase] ?? "gone");
  const answers = mine.answers ?? [];
  const answer = answers.find(({ question }) => question === ONLY);
  const view = { game, me, mine, tally, board, link, phase, stage, answer, playable };
  view.notice = model.notice?.until > now ? model.notice : null;
  view.who = model.preview ? "player" : roleOf(me);
  view.codes = mine.codes ?? [];
  view.lines = mine.lines ?? [];
  view.revealed = stage === "revealed";
  view.feedback = hasPending && link === "offline" ? { kind: "offline" } : model.feedback;
  view.attempts = attemptsOf(model, answer, now);
  view.retry_at = model.retryAt > now ? model.retryAt : view.attempts.free_at;
  view.result = resultOf(mine);
  view.won_here = answers.some((given) => given.won_here);
  view.too_late = model.tooLate || game.sold_out;
  view.can = { answer: canAnswer(view, model) };
  return view;
}

/** The state by the clock, as `Game.state_at` on the server. */
export function phaseAt(game, now) {
  const opened = game.state === "SCHEDULED" && game.opens_at !== null && game.opens_at <= now;
  const phase = opened ? "OPEN" : game.state;
  const over = game.closes_at !== null && game.closes_at <= now;
  return over && (phase === "OPEN" || phase === "PAUSED") ? "CLOSED" : phase;
}

// Newcomer: a guest who has not joined this game. Outsider: an account not on its list.
function roleOf(me) {
  if (me === undefined) return "unknown";
  if (me === null) return "stranger";
  if (me.eligible) return "player";
  return me.guest ? "newcomer" : "outsider";
}

function resultOf({ answers = [], won }) {
  if (!answers.length) return "none";
  if (won) return "won";
  return answers.some(({ verdict }) => verdict === "pending") ? "pending" : "lost";
}

function canAnswer(view, model) {
  return view.who === "player" && view.stage === "play" && !model.preview && !view.retry_at;
}
