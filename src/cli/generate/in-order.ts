/** Things that are ready in any order, given on in theirs. */
export class InOrder<Thing> {
  readonly #ready = new Map<number, Thing>();
  readonly #skipped = new Set<number>();
  readonly #give: (thing: Thing) => void;
  readonly #most: number;
  #next = 0;

  /** @param most that wait for something before them; where there are more, they are given on as `flush` does. */
  constructor(give: (thing: Thing) => void, most: number = Number.POSITIVE_INFINITY) {
    this.#give = give;
    this.#most = most;
  }

  /** There is nothing in this place. */
  skip(place: number): void {
    this.#skipped.add(place);
    this.#advance();
  }

  add(place: number, thing: Thing): void {
    this.#ready.set(place, thing);
    this.#advance();
    if (this.#ready.size > this.#most) this.flush();
  }

  /** Gives on what still waits for something before it. */
  flush(): void {
    const ready = [...this.#ready].sort(([a], [b]) => a - b);
    this.#ready.clear();
    for (const [place, thing] of ready) {
      this.#skipped.add(place);
      this.#give(thing);
    }
  }

  #advance(): void {
    for (; ; this.#next++) {
      const thing = this.#ready.get(this.#next);
      if (thing === undefined && !this.#skipped.delete(this.#next)) return;
      this.#ready.delete(this.#next);
      if (thing !== undefined) this.#give(thing);
    }
  }
}
