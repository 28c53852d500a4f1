// Answers not yet acknowledged. They outlive a reload, and go out again under their id.
export class Pending {
  constructor(slug) {
    this.key = `pending:${slug}`;
    this.items = read(this.key);
  }

  keep(item) {
    this.items.push(item);
    this.save();
  }

  drop(id) {
    this.items = this.items.filter((item) => item.id !== id);
    this.save();
  }

  // Somebody else may have signed in since: nobody sends another's answer. It waits until
  // its player is back. As long as nobody knows who is here, all may be theirs.
  of(me) {
    return this.items.filter((item) => me === undefined || item.player === me?.id);
  }

  ofOthers(me) {
    return this.items.filter((item) => !this.of(me).includes(item));
  }

  find(id) {
    return this.items.find((item) => item.id === id);
  }

  save() {
    write(this.key, this.items);
  }
}

// Storage may be switched off; then memory has to do.
export function read(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? [];
  } catch {
    return [];
  }
}

export function write(key, items) {
  try {
    sessionStorage.setItem(key, JSON.stringify(items));
  } catch {
    // kept in memory
  }
}
