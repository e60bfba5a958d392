/** Characters of a text that comes in pieces. */

/** Counts code points, for as long as what comes is UTF-8. */
export class CharacterCounter {
  #decoder: InstanceType<typeof TextDecoder> | null = new TextDecoder("utf-8", {
    fatal: true,
    ignoreBOM: true,
  });
  #count = 0;

  add(piece: Uint8Array): void {
    if (this.#decoder === null) return;
    try {
      this.#decoder.decode(piece, { stream: true });
    } catch {
      this.#decoder = null;
      return;
    }
    for (const byte of piece) if ((byte & 0xc0) !== 0x80) this.#count++;
  }

  /** @returns `null` where it was no UTF-8. */
  count(): number | null {
    try {
      this.#decoder?.decode();
    } catch {
      this.#decoder = null;
    }
    return this.#decoder === null ? null : this.#count;
  }
}
