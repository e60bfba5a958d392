/**
 * Python's `random.Random(seed)`, as far as few-shot sampling needs it, so that the same seed gives the same prompts
 * as in lm-evaluation-harness.
 *
 * Sources: Matsumoto & Nishimura 1998 (MT19937, init_by_array); CPython 3.11, Modules/_randommodule.c (seeding by an
 * integer, getrandbits) and Lib/random.py (`_randbelow_with_getrandbits`, `sample`).
 */
const N = 624;
const M = 397;

export class PythonRandom {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** @param seed a whole number, 0 ... 2^53; Python takes the absolute value of a negative one. */
  constructor(seed: number) {
    const magnitude = BigInt(Math.abs(seed));
    const key = [Number(magnitude & 0xffffffffn)];
    for (let rest = magnitude >> 32n; rest > 0n; rest >>= 32n) key.push(Number(rest & 0xffffffffn));
    this.#seedByArray(key);
  }

  #seed(seed: number): void {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < N; i++) state[i] = Math.imul(1812433253, state[i - 1]! ^ (state[i - 1]! >>> 30)) + i;
  }

  #seedByArray(key: readonly number[]): void {
    const state = this.#state;
    this.#seed(19650218);
    let i = 1;
    let j = 0;
    for (let k = Math.max(N, key.length); k > 0; k--) {
      state[i] = (state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), 1664525)) + key[j]! + j;
      i++;
      j = (j + 1) % key.length;
      if (i < N) continue;
      state[0] = state[N - 1]!;
      i = 1;
    }
    for (let k = N - 1; k > 0; k--) {
      state[i] = (state[i]! ^ Math.imul(state[i - 1]! ^ (state[i - 1]! >>> 30), 1566083941)) - i;
      i++;
      if (i < N) continue;
      state[0] = state[N - 1]!;
      i = 1;
    }
    state[0] = 0x80000000;
  }

  /** 32 random bits, 0 ... 2^32 - 1. */
  #bits32(): number {
    const state = this.#state;
    if (this.#next === N) {
      for (let i = 0; i < N; i++) {
        const y = (state[i]! & 0x80000000) | (state[(i + 1) % N]! & 0x7fffffff);
        state[i] = state[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.#next = 0;
    }
    let y = state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** `randrange(n)`: 0 ... n-1, n below 2^32. */
  #below(n: number): number {
    const shift = Math.clz32(n); // Python takes as many bits as n has, and again while they are too many
    let value = this.#bits32() >>> shift;
    while (value >= n) value = this.#bits32() >>> shift;
    return value;
  }

  /**
   * `sample(range(n), count)`: `count` different numbers of 0 ... n-1, in the order drawn.
   * @param count 0 ... n
   */
  sample(n: number, count: number): number[] {
    const drawn: number[] = [];
    if (n <= (count > 5 ? 21 + 4 ** Math.ceil(Math.log(count * 3) / Math.log(4)) : 21)) {
      const pool = Array.from({ length: n }, (_, i) => i);
      for (let i = 0; i < count; i++) {
        const j = this.#below(n - i);
        drawn.push(pool[j]!);
        pool[j] = pool[n - i - 1]!;
      }
      return drawn;
    }
    const taken = new Set<number>();
    while (drawn.length < count) {
      const j = this.#below(n);
      if (taken.has(j)) continue;
      taken.add(j);
      drawn.push(j);
    }
    return drawn;
  }
}
