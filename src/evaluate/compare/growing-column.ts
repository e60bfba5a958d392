/** A number per token, of however many tokens there will be. */

/** Single-precision numbers in the order they come: 4 bytes each, and as much again while it grows. */
export class GrowingColumn {
  #values = new Float32Array(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float32Array(Math.ceil(this.#length * 1.5));
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  /** What is there, without copying; valid until the next `push`. */
  get values(): Float32Array {
    return this.#values.subarray(0, this.#length);
  }
}
