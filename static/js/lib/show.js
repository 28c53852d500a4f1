// Which parts of the page are shown, if that takes more than one path of the view.
export function showOf(view) {
  return { ...roleParts(view), ...stageParts(view), ...outcomeParts(view) };
}

function roleParts({ who, stage, game, playable }) {
  const live = ["soon", "play", "paused"].includes(stage);
  const outside = who === "stranger" || who === "newcomer";
  const guests = game.access === "everybody" && playable;
  return {
    join: live && outside && guests,
    ask_sign_in: outside && !guests && (live || !playable) && stage !== "gone",
    ask_result: who === "stranger" && game.takes_answers && ["closed", "revealed"].includes(stage),
    stranger: who === "stranger",
    outsider: live && who === "outsider",
  };
}

function stageParts(view) {
  const { who, stage, game, attempts, codes, result } = view;
  const live = ["soon", "play", "paused"].includes(stage);
  const solved = game.instant && result === "won";
  const usedUp = attempts.limited && !attempts.by_minute && attempts.left === 0 && !solved;
  const open = stage === "play" && (who === "player" || who === "unknown");
  return {
    bare: !game.picture,
    form: open && !solved && !usedUp,
    used_up: open && usedUp,
    closing: stage === "play" && game.closes_at !== null,
    waiting: stage === "closed" && game.takes_answers,
    over: stage === "closed" && !game.takes_answers,
    sold_out: live && game.sold_out && game.takes_answers && !codes.length && !solved,
    right_count: game.takes_answers && (game.instant || stage === "revealed"),
    leaders: view.board.length > 0 && stage !== "gone",
    published: !game.takes_answers && !["soon", "gone"].includes(stage),
  };
}

function outcomeParts({ game, codes, result, revealed, who, too_late, won_here }) {
  const isKnown = revealed || game.instant;
  const won = codes.length > 0 || (isKnown && result === "won");
  const withoutCode = won && !codes.length;
  const ended = revealed && who === "player" && game.takes_answers && !won;
  return {
    won,
    saved_code: codes.length > 0,
    won_here: withoutCode && won_here,
    too_late: withoutCode && too_late && !won_here,
    congratulations: withoutCode && !too_late && !won_here,
    lost: ended && result === "lost",
    thanks: ended && result === "pending",
    absent: ended && result === "none",
  };
}
