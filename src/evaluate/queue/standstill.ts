/** Whether a run stands still although workers are there: then what Redis holds is not what was put there. */

export interface Standing {
  /** Shards that are waited for. */
  pending: number;
  /** Of these, how many a worker says it works on. */
  claimed: number;
  /** Shards that the workers could do at once. */
  slots: number;
}

export class Standstill {
  readonly #patienceMs: number;
  #since: number | null = null;

  /** @param leaseMs after this a shard whose worker has died goes to another, which takes two looks of BullMQ. */
  constructor(leaseMs: number) {
    this.#patienceMs = 3 * leaseMs + 3000;
  }

  /** Something was done. */
  moved(): void {
    this.#since = null;
  }

  /** To be called every now and then. @returns whether nobody has worked on anything for longer than can be. */
  check({ pending, claimed, slots }: Standing): boolean {
    const now = performance.now();
    if (pending === 0 || claimed > 0 || slots === 0) this.#since = null;
    else this.#since ??= now;
    if (this.#since === null || now - this.#since < this.#patienceMs) return false;
    this.#since = null;
    return true;
  }
}
