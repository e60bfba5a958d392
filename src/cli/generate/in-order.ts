/** Things that are ready in any order, given on in theirs. */
export class InOrder<Thing> {
  readonly #ready = new Map<number, Thing>();
  readonly #skipped = new Set<number>();
  readonly #give: (thing: Thing) => void;
  #next = 0;

  constructor(give: (thing: Thing) => void) {
    this.#give = give;
  }

  /** There is nothing in this place. */
  skip(place: number): void {
    this.#skipped.add(place);
    this.#advance();
  }

  add(place: number, thing: Thing): void {
    this.#ready.set(place, thing);
    this.#advance();
  }

  /** Gives on what still waits for something before it. */
  flush(): void {
    for (const [, thing] of [...this.#ready].sort(([a], [b]) => a - b)) this.#give(thing);
    this.#ready.clear();
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
