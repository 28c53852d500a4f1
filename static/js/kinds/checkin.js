// A calendar of check-ins, and the shop where its coins are spent.
const dates = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const STALE_MS = 10_000; // a new day is read again within so long, not all at once
let asked = 0; // the new day for which we have asked

// A reply changes one day or adds one purchase; the rest of `mine` stands.
export function reply(model, command, frame) {
  const { mine } = model;
  if (frame.type === "checkin") mine.checkins = afterCheckin(mine.checkins, frame);
  if (frame.type === "redeem" && frame.status === "done") {
    const item = model.game.shop.find((one) => one.id === command.item);
    const bought = { item: item.id, title: item.title, code: frame.code, price: item.price };
    mine.purchases = [bought, ...(mine.purchases ?? [])];
  }
  for (const code of codesIn(frame)) addCode(mine, code);
}

// What costs something else by now is shown with its new price, for the player to decide.
export function refused(model, command, { field, price }) {
  if (field !== "price") return;
  model.said = { what: "price-changed" };
  const items = model.game.shop.filter((one) => one.id === command.item);
  const days = command.day ? model.mine.checkins.days.filter((day) => day.price) : [];
  for (const one of [...items, ...days]) one.price = price;
}

function afterCheckin(calendar, frame) {
  if (frame.status === "already") return calendar;
  const done = { day: frame.day, state: "done", date: frame.date, reward: frame.reward };
  const later = { state: "later", opens_at: frame.next_open_at };
  const days = calendar.days.map((one) => {
    if (one.day === frame.day) return done;
    const follows = one.day === frame.day + 1 && one.state === "waiting" && frame.next_open_at;
    return follows && !one.price ? { ...one, ...later } : one;
  });
  // Missed days are made up in their order: the first of them has a price to pay now.
  const first = days.findIndex((one) => one.state !== "done");
  const missed = days[first];
  if (missed?.price) days[first] = { ...missed, state: "makeup" };
  const streak = frame.day === 1 ? 1 : calendar.streak + 1;
  const count = days.filter((one) => one.state === "done").length;
  return {
    ...calendar,
    days,
    streak,
    done: count,
    best: Math.max(calendar.best, streak),
    complete: count === days.length,
    next_open_at: frame.next_open_at,
  };
}

function codesIn({ code, reward }) {
  const pool = reward?.pool ?? "";
  const found = [{ code, pool: "" }, { code: reward?.code, pool }];
  return [...found, { code: reward?.completed?.code, pool: "" }].filter((one) => one.code);
}

function addCode(mine, code) {
  const codes = mine.codes ?? [];
  if (!codes.some((one) => one.code === code.code)) mine.codes = [...codes, code];
}

export function extend(view, now, resync) {
  const calendar = view.mine.checkins?.days ? view.mine.checkins : null;
  const days = calendar?.days ?? view.game.play.days?.map((_, i) => ({ day: i + 1 })) ?? [];
  const open = view.can.answer;
  view.calendar = { ...calendar, days: days.map((day) => dayOf(day, view, now)) };
  view.calendar.today = view.calendar.days.find((day) => day.state === "open");
  view.calendar.total = days.length;
  view.codes = view.codes.map((code) => ({ ...code, void: isVoid(code, view) }));
  view.shop = (view.game.shop ?? []).map((item) => offerOf(item, view, now));
  view.show = {
    won: false,
    calendar: !["soon", "gone"].includes(view.stage),
    check_in: open && Boolean(view.calendar.today),
    come_back: open && Boolean(calendar) && !view.calendar.today && !calendar.complete,
    complete: Boolean(calendar?.complete),
    shop: view.stage === "play" && view.shop.length > 0,
    streak: Boolean(calendar) && view.game.play.mode === "streak",
    my_codes: view.codes.length > 0,
  };
  if (calendar) watchDays(calendar, now, resync);
}

function dayOf(day, view, now) {
  const gives = view.game.play.days[day.day - 1] ?? {};
  const begun = day.state === "later" && day.opens_at <= now;
  const state = begun ? "open" : (day.state ?? "waiting");
  return {
    ...day,
    state,
    coins: day.reward?.coins ?? gives.coins,
    pool: gives.pool,
    owed: Boolean(day.reward?.pending),
    won_here: Boolean(day.reward?.won_here),
    when: day.date ? dates.format(new Date(`${day.date}T00:00Z`)) : "",
    can_make_up: state === "makeup" && view.can.answer,
    too_dear: state === "makeup" && view.me?.coins < day.price,
  };
}

// Staff took the sale back.
function isVoid({ code, pool }, { mine }) {
  return (mine.purchases ?? []).some((one) => one.void && one.code === code && one.pool === pool);
}

function offerOf(item, view, now) {
  const bought = (view.mine.purchases ?? []).filter((one) => one.item === item.id);
  const had = bought.filter((one) => !one.void).length;
  const limited = item.limit !== null && had >= item.limit;
  const begun = item.opens_at === null || item.opens_at <= now;
  const over = item.closes_at !== null && item.closes_at <= now;
  const missing = Math.max(0, item.price - (view.me?.coins ?? 0));
  const why = !item.in_stock ? "gone" : limited ? "limit" : !begun ? "later" : over ? "over" : "";
  const poor = view.can.answer && !why && missing > 0;
  return { ...item, why, missing, poor, can_buy: view.can.answer && !why && !missing };
}

// A new day has begun: what it changes for the other days, the server says.
function watchDays({ next_open_at: next }, now, resync) {
  if (!next || next > now || asked === next) return;
  asked = next;
  setTimeout(resync, Math.random() * STALE_MS);
}
