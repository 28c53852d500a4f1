// A calendar of check-ins, and the shop where its coins are spent.
const dates = new Intl.DateTimeFormat(document.documentElement.lang, {
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});
const MAX_RESYNC_DELAY_MS = 10_000; // so that not all players ask for a new day at once
let requested = 0; // the opening time for which the state was requested

/** Apply the reply to a check-in or a purchase to `mine`. */
export function reply(model, command, frame) {
  const { mine } = model;
  if (frame.type === "checkin") mine.checkins = afterCheckin(mine.checkins, frame);
  if (frame.type === "redeem" && frame.status === "done") {
    const item = model.game.shop.find(({ id }) => id === command.item);
    const bought = { item: item.id, title: item.title, code: frame.code, price: item.price };
    mine.purchases = [bought, ...(mine.purchases ?? [])];
  }
  for (const code of codesIn(frame)) addCode(mine, code);
}

// What costs something else by now is shown with its new price, for the player to decide.
export function refused(model, command, { field, price }) {
  if (field !== "price") return;
  model.feedback = { kind: "price-changed" };
  const items = model.game.shop.filter((one) => one.id === command.item);
  const days = command.day ? model.mine.checkins.days.filter((day) => day.price) : [];
  for (const one of [...items, ...days]) one.price = price;
}

/** The calendar with the changes that the reply to a check-in has. */
function afterCheckin(before, { calendar, day: number, reward, next_open_at }) {
  const changed = new Map(calendar.days.map((day) => [day.day, day]));
  const done = changed.get(number);
  if (done?.state === "done") changed.set(number, { ...done, reward });
  const days = before.days.map((day) => changed.get(day.day) ?? day);
  return { ...before, ...calendar, days, next_open_at };
}

function codesIn({ code, reward }) {
  const pool = reward?.pool ?? "";
  const given = [{ code, pool: "" }, { code: reward?.code, pool }];
  return [...given, { code: reward?.completed?.code, pool: "" }].filter((each) => each.code);
}

function addCode(mine, code) {
  const codes = mine.codes ?? [];
  if (!codes.some((other) => other.code === code.code)) mine.codes = [...codes, code];
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
  const settings = view.game.play.days[day.day - 1] ?? {};
  const hasOpened = day.state === "later" && day.opens_at <= now;
  const state = hasOpened ? "open" : (day.state ?? "waiting");
  return {
    ...day,
    state,
    coins: day.reward?.coins ?? settings.coins,
    pool: settings.pool,
    owed: Boolean(day.reward?.pending),
    won_here: Boolean(day.reward?.won_here),
    when: day.date ? dates.format(new Date(`${day.date}T00:00Z`)) : "",
    can_make_up: state === "makeup" && view.can.answer,
    too_dear: state === "makeup" && view.me?.coins < day.price,
  };
}

/** Whether staff voided the purchase of this code. */
function isVoid({ code, pool }, { mine }) {
  return (mine.purchases ?? []).some((p) => p.void && p.code === code && p.pool === pool);
}

function offerOf(item, view, now) {
  const bought = (view.mine.purchases ?? []).filter((purchase) => purchase.item === item.id);
  const valid = bought.filter((purchase) => !purchase.void).length;
  const limited = item.limit !== null && valid >= item.limit;
  const begun = item.opens_at === null || item.opens_at <= now;
  const over = item.closes_at !== null && item.closes_at <= now;
  const missing = Math.max(0, item.price - (view.me?.coins ?? 0));
  const why = !item.in_stock ? "gone" : limited ? "limit" : !begun ? "later" : over ? "over" : "";
  const poor = view.can.answer && !why && missing > 0;
  return { ...item, why, missing, poor, can_buy: view.can.answer && !why && !missing };
}

/** Ask the server for the calendar once a new day has opened. */
function watchDays({ next_open_at: next }, now, resync) {
  if (!next || next > now || requested === next) return;
  requested = next;
  setTimeout(resync, Math.random() * MAX_RESYNC_DELAY_MS);
}
