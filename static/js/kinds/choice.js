// A quiz or vote: one question at a time, at the player's own pace.
const percent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" });
const SPREAD_MS = 3_000; // not all players resync in the same moment
let current = null; // the place of the question shown; null until the answers are known
let lastPlay = null; // the questions and rules of the last view, as JSON

export function start(root, render, model) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("[data-go]");
    if (!button) return;
    current += Number(button.dataset.go);
    model.feedback = {};
    render();
    root.querySelector("form[data-question]:not([hidden]) legend")?.focus();
  });
}

/** Adds `quiz` to the view, and how it went for the player. */
export function extend(view, now, resync) {
  const answers = new Map((view.mine.answers ?? []).map((answer) => [answer.question, answer]));
  const asked = view.game.play.questions ?? [];
  const questions = asked.map((question) => questionOf(question, answers.get(question.key), view));
  if (current === null && view.who !== "unknown") current = firstUnanswered(questions);
  current = Math.min(Math.max(current ?? 0, 0), Math.max(0, questions.length - 1));
  questions.forEach((question, place) => (question.shown = place === current));
  view.quiz = progressOf(questions, view);
  view.result = resultOf(questions, view);
  const canSee = view.stage === "play" && ["player", "unknown"].includes(view.who);
  view.show = { quiz: canSee, ...(questions.length > 1 && { right_count: false }) };
  watchRules(view, resync);
}

function firstUnanswered(questions) {
  const place = questions.findIndex(({ answer }) => !answer);
  return place < 0 ? questions.length - 1 : place;
}

function questionOf(question, answer, view) {
  const isMultiple = question.type === "multiple";
  const isFinal = Boolean(answer) && view.game.instant;
  const result = view.game.reveal?.questions?.find(({ key }) => key === question.key);
  const total = totalOf(question, result);
  const options = question.options.map((text, place) =>
    optionOf(question, { text, place, answer, result, total }),
  );
  return {
    ...question,
    answer,
    options,
    shape: isMultiple ? "many" : "one",
    input: isMultiple ? "checkbox" : "radio",
    single: !isMultiple,
    vote: question.type === "vote",
    open: !isFinal,
    offer: answer ? "change" : question.type === "vote" ? "vote" : "answer",
    locked: isFinal || !view.can.answer,
    verdict: verdictOf(question, answer, view),
    total,
  };
}

// The votes of a full bar: all of them or, with several choices each, the favourite's.
function totalOf(question, result) {
  const votes = result?.votes ?? [];
  const sum = votes.reduce((total, count) => total + count, 0);
  return Math.max(1, question.type === "multiple" ? Math.max(...votes) : sum);
}

function optionOf(question, { text, place, answer, result, total }) {
  const isTrueFalse = question.type === "truefalse";
  const mine = answer?.value.includes(place) ?? false;
  const right = result?.right.includes(place) ?? false;
  const votes = result?.votes[place] ?? 0;
  return {
    place,
    key: text,
    text: isTrueFalse ? "" : text,
    is: isTrueFalse ? text : "",
    chosen: mine,
    mine: mine && Boolean(result),
    right,
    mark: right ? "right" : mine ? (answer.verdict ?? "") : "",
    votes,
    share: question.type === "multiple" ? "" : percent.format(votes / total),
  };
}

function verdictOf(question, answer, view) {
  if (!answer) return "";
  if (question.type === "vote" && view.game.instant) return "counted";
  return answer.verdict === "pending" ? "saved" : answer.verdict;
}

function progressOf(questions, view) {
  const done = questions.filter(({ answer }) => answer).length;
  const gradable = questions.filter(({ vote }) => !vote);
  const complete = done === questions.length && done > 0;
  return {
    questions,
    done,
    gradable: gradable.length,
    right: gradable.filter(({ verdict }) => verdict === "right").length,
    place: current + 1,
    total: questions.length,
    first: current === 0,
    last: current === questions.length - 1,
    complete,
    several: questions.length > 1,
    answered: Boolean(questions[current]?.answer),
    scored: view.game.instant && gradable.length > 0,
    changeable: complete && !view.game.instant,
  };
}

// Votes alone can't be won or lost.
function resultOf(questions, { mine, game, revealed }) {
  if (!mine.answers?.length) return "none";
  const isTold = game.instant || revealed;
  if (!isTold || questions.every(({ vote }) => vote)) return "pending";
  return mine.won ? "won" : "lost";
}

// If staff change the questions or the points to win, the server says again who has won.
function watchRules({ game, mine }, resync) {
  const play = JSON.stringify(game.play);
  const changed = lastPlay !== null && play !== lastPlay;
  lastPlay = play;
  if (changed && mine.answers?.length) setTimeout(resync, Math.random() * SPREAD_MS);
}
