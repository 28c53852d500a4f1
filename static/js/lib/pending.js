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

  // Somebody else may have signed in since: nobody sends another's answer.
  keepOnlyOf(player) {
    this.items = this.items.filter((item) => item.player === player);
    this.save();
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
