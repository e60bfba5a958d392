/** Logits without a model for the codec: rows made of what was read so far, the same at every run, wrong in one place where it is asked. */
import type { LockstepRows } from "../src/compress/model/lockstep-coder.ts";
import { packTokens, unpackTokens } from "../src/compress/model/lockstep-coder.ts";
import type { ModelCoder } from "../src/compress/model/model-coder.ts";

/** One logit that comes out one unit in the last place higher. */
export interface Ulp {
  sequence: number;
  place: number;
  token: number;
}

export class ScriptedRows implements LockstepRows {
  live: readonly number[];
  readonly #rows: readonly Float32Array[];
  readonly #states: Int32Array;
  readonly #ulps: readonly Ulp[];
  #place = 0;

  /** @param vocabularySize V. A quarter of the tokens of every row is ruled out: -Infinity, p = 0. */
  constructor(sequences: number, vocabularySize: number, ulps: readonly Ulp[] = []) {
    this.live = Array.from({ length: sequences }, (_, i) => i);
    this.#rows = this.live.map(() => new Float32Array(vocabularySize));
    this.#states = new Int32Array(sequences).fill(1);
    this.#ulps = ulps;
    this.#fill();
  }

  row(sequence: number): Float32Array {
    return this.#rows[sequence]!;
  }

  async step(tokens: Int32Array): Promise<void> {
    this.live = this.live.filter((sequence) => tokens[sequence]! >= 0);
    this.#place++;
    for (const sequence of this.live)
      this.#states[sequence] =
        Math.imul(this.#states[sequence]! ^ tokens[sequence]!, 0x9e3779b1) + this.#place;
    this.#fill();
  }

  #fill(): void {
    for (const sequence of this.live) {
      const row = this.#rows[sequence]!;
      let x = this.#states[sequence]! | 1;
      for (let i = 0; i < row.length; i++) {
        x = (Math.imul(x, 1664525) + 1013904223) | 0;
        row[i] = (x >>> 28) % 4 === 0 && i > 0 ? Number.NEGATIVE_INFINITY : x / 2 ** 28;
      }
      for (const ulp of this.#ulps)
        if (ulp.sequence === sequence && ulp.place === this.#place) raise(row, ulp.token);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function raise(row: Float32Array, token: number): void {
  const bits = new Int32Array(row.buffer, row.byteOffset, row.length);
  bits[token]! += row[token]! < 0 ? -1 : 1;
}

/** A coder whose tokens are bytes. @param ulps what its unpacking computes otherwise than its packing. */
export function scriptedCoder(ulps: readonly Ulp[] = []): ModelCoder {
  return {
    identity: {
      name: "scripted",
      sha256: "5c".repeat(32),
      tokenizer: "0b".repeat(16),
      vocabularySize: 256,
      engine: "none",
      arithmetic: "kernels none on cpu (none)",
      cacheType: "f32",
      flashAttention: "off",
      threads: 1,
      batchSize: 1,
      context: 64,
      keep: 32,
      start: 0,
    },
    async pack(chunk) {
      const [packed] = await packTokens(new ScriptedRows(1, 256), [Int32Array.from(chunk)], 256);
      return packed!.bytes;
    },
    async unpack(packed, length) {
      const [ids] = await unpackTokens(new ScriptedRows(1, 256, ulps), [packed], 256, [length]);
      return Uint8Array.from(ids!);
    },
  };
}
