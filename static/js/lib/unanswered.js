// Commands that were sent and have no reply yet. Each is given some seconds, then tried in
// the other ways, one after the other: under its id it is carried out once.
const PATIENCE_MS = 3_000;

export class Unanswered {
  // `ways`: functions of the command; `isWanted(id)`: whether it is to be sent at all.
  constructor(ways, isWanted) {
    Object.assign(this, { ways, isWanted, timers: new Map() });
  }

  // Sent once more by whoever keeps it, it is waited for no longer.
  sent(command) {
    if (!this.timers.has(command.id)) this.wait(command, [...this.ways]);
  }

  wait(command, [next, ...others]) {
    if (!next) return this.replied(command.id);
    const act = () => {
      if (!this.isWanted(command.id)) return this.replied(command.id);
      this.wait(command, others);
      return next(command);
    };
    return this.timers.set(command.id, setTimeout(act, PATIENCE_MS));
  }

  replied(id) {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }
}
