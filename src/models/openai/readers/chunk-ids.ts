/** Whose chunks these are: a proxy may mix two answers. */
export class ChunkIds {
  static readonly DOUBT: string = "The chunks of two answers are mixed: an id comes back after another one.";
  readonly #before = new Set<string>();
  #last: string | null = null;

  /** @returns whether this chunk may follow the ones before. Some servers give each chunk an id of its own, or none. */
  follow({ id }: { id?: unknown }): boolean {
    if (typeof id !== "string" || id === "" || id === this.#last) return true;
    if (this.#last !== null) this.#before.add(this.#last);
    this.#last = id;
    return !this.#before.has(id);
  }
}
