// Commands that are not acknowledged yet. They outlive a reload and are sent again with
// their id.
export class Pending {
  constructor(slug) {
    this.key = `pending:${slug}`;
    this.items = readStorage(this.key);
  }

  add(item) {
    this.items.push(item);
    this.save();
  }

  remove(id) {
    this.items = this.items.filter((item) => item.id !== id);
    this.save();
  }

  // Somebody else may have signed in: nobody sends another player's answer. It waits until
  // its player is back. While the player is unknown, every item may be theirs.
  ofPlayer(me) {
    return this.items.filter((item) => me === undefined || item.player === me?.id);
  }

  ofOthers(me) {
    const own = this.ofPlayer(me);
    return this.items.filter((item) => !own.includes(item));
  }

  find(id) {
    return this.items.find((item) => item.id === id);
  }

  save() {
    writeStorage(this.key, this.items);
  }
}

// The session storage may be switched off: then the items are only in memory.
export function readStorage(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}

export function writeStorage(key, value) {
  try {
    sessionStorage.setItem(key, JSON.stringify(value));
  } catch {
    // only in memory
  }
}
