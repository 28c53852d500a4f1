// What the page shows, worked out from what it knows.
import { attemptsOf } from "./attempts.js";

const STAGES = {
  SCHEDULED: "soon",
  OPEN: "play",
  PAUSED: "paused",
  CLOSED: "closed",
  REVEALED: "revealed",
};
const ONLY = ""; // the question of a kind that asks only one thing

// `pending`: whether the player has sent what nobody has acknowledged.
export function viewOf(model, now, pending) {
  const { game, me, mine, tally, board, link } = model;
  const phase = model.welcomed ? phaseAt(game, now) : game.state;
  const stage = link === "gone" ? "gone" : model.preview ? "play" : (STAGES[phase] ?? "gone");
  const answer = (mine.answers ?? []).find((one) => one.question === ONLY);
  const view = { game, me, mine, tally, board, link, phase, stage, answer, plays: model.plays };
  view.notice = model.notice?.until > now ? model.notice : null;
  view.who = model.preview ? "player" : whoIs(me);
  view.codes = mine.codes ?? [];
  view.lines = mine.lines ?? [];
  view.revealed = stage === "revealed";
  view.said = pending && link === "offline" ? { what: "kept" } : model.said;
  view.attempts = attemptsOf(model, answer, now);
  view.retry_at = model.retryAt > now ? model.retryAt : view.attempts.free_at;
  view.result = resultOf(mine.answers ?? []);
  view.won_here = (mine.answers ?? []).some((one) => one.won_here);
  view.too_late = model.tooLate || game.sold_out;
  view.can = { answer: canAnswer(view, model) };
  return view;
}

// As the server has it: `Game.state_at`.
export function phaseAt(game, now) {
  const opened = game.state === "SCHEDULED" && game.opens_at !== null && game.opens_at <= now;
  const phase = opened ? "OPEN" : game.state;
  const over = game.closes_at !== null && game.closes_at <= now;
  return over && (phase === "OPEN" || phase === "PAUSED") ? "CLOSED" : phase;
}

function whoIs(me) {
  if (me === undefined) return "unknown";
  if (me === null) return "stranger";
  if (me.eligible) return "player";
  return me.guest ? "newcomer" : "outsider";
}

function resultOf(answers) {
  const verdicts = answers.map((answer) => answer.verdict);
  if (!verdicts.length) return "none";
  if (verdicts.includes("right")) return "won";
  return verdicts.includes("pending") ? "pending" : "lost";
}

function canAnswer(view, model) {
  return view.who === "player" && view.stage === "play" && !model.preview && !view.retry_at;
}
