// A quiz or vote: one question at a time, at one's own pace.
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
let at = null; // the question shown; null until the first one open is known

export function start(root, render, model) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (!button) return;
    at += Number(button.dataset.go);
    model.said = {};
    render();
    root.querySelector("form[data-question]:not([hidden]) legend")?.focus();
  });
}

// Adds `quiz` to the view, and whether the player has won so far.
export function extend(view) {
  const answers = new Map((view.mine.answers ?? []).map((one) => [one.question, one]));
  const asked = view.game.play.questions ?? [];
  const questions = asked.map((one, i) => questionOf(one, answers.get(one.key), i, view));
  if (at === null && view.who !== "unknown") at = firstOpen(questions);
  at = Math.min(Math.max(at ?? 0, 0), Math.max(0, questions.length - 1));
  questions.forEach((one, i) => (one.shown = i === at));
  view.quiz = progressOf(questions, view);
  view.result = resultOf(questions, view);
  const asking = view.stage === "play" && ["player", "unknown"].includes(view.who);
  view.show = { quiz: asking, ...(questions.length > 1 && { right_count: false }) };
}

function firstOpen(questions) {
  const place = questions.findIndex((one) => !one.answer);
  return place < 0 ? questions.length - 1 : place;
}

function questionOf(asked, answer, place, view) {
  const many = asked.type === "multiple";
  const final = Boolean(answer) && view.game.instant;
  const result = view.game.reveal?.questions?.find((one) => one.key === asked.key);
  const total = totalOf(asked, result);
  const options = asked.options.map((text, i) => optionOf(asked, text, i, answer, result, total));
  return {
    ...asked,
    answer,
    options,
    shape: many ? "many" : "one",
    input: many ? "checkbox" : "radio",
    single: !many,
    vote: asked.type === "vote",
    open: !final,
    offer: answer ? "change" : asked.type === "vote" ? "vote" : "answer",
    locked: final || !view.can.answer,
    verdict: verdictOf(asked, answer, view),
    total,
  };
}

// Of several choices each, a full bar is the favourite; otherwise it is everybody.
function totalOf(asked, result) {
  const votes = result?.votes ?? [];
  const sum = votes.reduce((all, some) => all + some, 0);
  return Math.max(1, asked.type === "multiple" ? Math.max(...votes) : sum);
}

function optionOf(asked, text, place, answer, result, total) {
  const literal = asked.type === "truefalse";
  const mine = answer?.value.includes(place) ?? false;
  const right = result?.right.includes(place) ?? false;
  return {
    place,
    key: text,
    text: literal ? "" : text,
    is: literal ? text : "",
    chosen: mine,
    mine: mine && Boolean(result),
    right,
    mark: right ? "right" : mine ? (answer.verdict ?? "") : "",
    votes: result?.votes[place] ?? 0,
    share: asked.type === "multiple" ? "" : percent.format((result?.votes[place] ?? 0) / total),
  };
}

function verdictOf(asked, answer, view) {
  if (!answer) return "";
  if (asked.type === "vote" && view.game.instant) return "counted";
  return answer.verdict === "pending" ? "saved" : answer.verdict;
}

function progressOf(questions, view) {
  const done = questions.filter((one) => one.answer).length;
  const gradable = questions.filter((one) => !one.vote);
  const complete = done === questions.length && done > 0;
  return {
    questions,
    done,
    gradable: gradable.length,
    right: gradable.filter((one) => one.verdict === "right").length,
    place: at + 1,
    total: questions.length,
    first: at === 0,
    last: at === questions.length - 1,
    complete,
    several: questions.length > 1,
    answered: Boolean(questions[at]?.answer),
    scored: view.game.instant && gradable.length > 0,
    changeable: complete && !view.game.instant,
  };
}

// As the server has it: `Choice.wins`. Codes, if there are any, come from the server.
function resultOf(questions, view) {
  const { pass_points: pass } = view.game.play;
  const answers = view.mine.answers ?? [];
  if (!answers.length) return "none";
  if (questions.every((one) => one.vote)) return "pending";
  if (!view.game.instant && !view.revealed) return "pending";
  const points = answers.reduce((sum, answer) => sum + answer.points, 0);
  const whole = questions.every((one) => (one.vote ? one.answer : one.verdict === "right"));
  return (pass ? points >= pass : whole) ? "won" : "lost";
}
