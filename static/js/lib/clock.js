// The server's clock, and countdowns on it.
let offset = 0; // ms by which the server is ahead

// The time is a moment old on arrival, so this clock is never ahead: nobody answers early.
export function setServerNow(ms) {
  offset = ms - Date.now();
}

export function serverNow() {
  return Date.now() + offset;
}

export function everySecond(act) {
  const tick = () => {
    act();
    setTimeout(tick, 1000 - (serverNow() % 1000));
  };
  tick();
}

export function showCountdowns(root = document) {
  for (const node of root.querySelectorAll("[data-until]")) {
    const until = Number(node.dataset.until);
    showParts(node, Math.max(0, Math.ceil((until - serverNow()) / 1000)));
  }
}

function showParts(node, left) {
  const parts = partsOf(left);
  for (const part of node.querySelectorAll("[data-part]")) {
    const name = part.dataset.part;
    if (name === "days-left") part.hidden = parts.days === "0";
    else if (part.textContent !== parts[name]) part.textContent = parts[name];
  }
}

function partsOf(left) {
  const two = (number) => String(number).padStart(2, "0");
  const days = String(Math.floor(left / 86400));
  const hours = two(Math.floor(left / 3600) % 24);
  const minutes = two(Math.floor(left / 60) % 60);
  const seconds = two(left % 60);
  const clock = left < 3600 ? `${minutes}:${seconds}` : `${hours}:${minutes}:${seconds}`;
  return { days, hours, minutes, seconds, clock };
}
