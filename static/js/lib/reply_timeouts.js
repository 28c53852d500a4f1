// Commands that have no reply yet. After each timeout the next retry is tried. The server
// carries a command out once, however often its id arrives.
const REPLY_TIMEOUT_MS = 3_000;

export class ReplyTimeouts {
  /**
   * @param {((command: object) => void)[]} retries in their order
   * @param {(id: string) => boolean} isWanted whether the command should still be sent
   */
  constructor(retries, isWanted) {
    Object.assign(this, { retries, isWanted, timers: new Map() });
  }

  /** Start the timeout of a command. A command that is sent again keeps its first one. */
  start(command) {
    if (!this.timers.has(command.id)) this.schedule(command, this.retries);
  }

  schedule(command, [retry, ...others]) {
    if (!retry) return this.clear(command.id);
    const onTimeout = () => {
      if (!this.isWanted(command.id)) return this.clear(command.id);
      this.schedule(command, others);
      return retry(command);
    };
    return this.timers.set(command.id, setTimeout(onTimeout, REPLY_TIMEOUT_MS));
  }

  clear(id) {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
  }
}
