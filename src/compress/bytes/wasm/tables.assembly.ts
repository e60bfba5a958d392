/** Tables that are computed once, with integers only. */
import { COUNTS, NEXT, PACE, SQUASH, STRETCH } from "./layout.assembly";

/** e^(-1/256) in units of 2^-40. */
const STEP: u64 = 1095225038176;
const ONE: u64 = 1 << 40;

/** 1 / (1 + e^-x): x in 256ths, limited to (-12, 12); 65536ths, 1 ... 65535. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function squash(x: i32): i32 {
  return load<u16>(SQUASH + (<usize>(min(max(x, -3071), 3071) + 3072) << 1));
}

/** ln(p / (1 - p)) in 256ths; p in 65536ths, 0 ... 65535. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
export function stretch(p: i32): i32 {
  return load<i16>(STRETCH + ((<usize>p >> 4) << 1));
}

export function makeTables(): void {
  // e^-k/256 by repeated multiplication; the upper half by symmetry.
  let power: u64 = ONE;
  for (let k = 0; k < 3072; k++) {
    const low = <i32>(((power << 16) + ((ONE + power) >> 1)) / (ONE + power)); // p(-k)
    const p = max(low, 1);
    store<u16>(SQUASH + (<usize>(3072 - k) << 1), <u16>min(p, 65535));
    store<u16>(SQUASH + (<usize>(3072 + k) << 1), <u16>min(65536 - p, 65535));
    // power <= 2^40, STEP < 2^40: in two halves
    power = (((power >> 20) * STEP) >> 20) + (((power & 0xfffff) * STEP) >> 40);
  }
  store<u16>(SQUASH, 1);

  // The inverse, at the middle of each 4096th: the first x whose p is not smaller.
  let x = -3071;
  for (let i = 0; i < 4096; i++) {
    const p = (i << 4) + 8;
    while (x < 2047 && squash(x) < p) x++;
    store<i16>(STRETCH + (<usize>i << 1), <i16>max(x, -2047));
  }

  for (let n = 0; n < 1024; n++) store<u32>(PACE + (<usize>n << 2), 131072 / (2 * n + 3));
  makeStates();
}

// A state stands for the bits that were seen in one context: up to four of them in their order, more as a count of
// zeros, a count of ones and the last bit. The rarer bit limits how far the other is counted.

// @ts-expect-error: a decorator of AssemblyScript
@inline
function mostBeside(fewer: i32): i32 {
  if (fewer == 0) return 41;
  if (fewer == 1) return 24;
  if (fewer == 2) return 10;
  if (fewer == 3) return 7;
  if (fewer == 4) return 6;
  if (fewer == 5) return 5;
  return 0;
}

function isCounted(zeros: i32, ones: i32): bool {
  return max(zeros, ones) <= mostBeside(min(zeros, ones));
}

/** Number of the state of counts and a last bit: they come after the 31 of up to four bits, ordered by their sum. */
function stateOf(zeros: i32, ones: i32, last: i32): i32 {
  let state = 31;
  for (let sum = 5; sum <= 41; sum++)
    for (let n1 = 0; n1 <= sum; n1++) {
      const n0 = sum - n1;
      if (!isCounted(n0, n1)) continue;
      for (let bit = 0; bit < 2; bit++) {
        if (bit == 0 ? n0 == 0 : n1 == 0) continue; // it cannot have been the last
        if (n0 == zeros && n1 == ones && bit == last) return state;
        state++;
      }
    }
  return 0;
}

/** Of the bit that was not seen now, this much is still believed. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function remembered(n: i32): i32 {
  if (n < 3) return n;
  if (n < 6) return 3;
  if (n < 12) return 4;
  if (n < 20) return 5;
  return 6;
}

function stateAfter(zeros: i32, ones: i32, bit: i32): i32 {
  let seen = (bit ? ones : zeros) + 1;
  let other = remembered(bit ? zeros : ones);
  while (!isCounted(seen, other)) {
    if (other > seen) other--;
    else seen--;
  }
  // Too few to be counted: a short history that ends with the bit.
  if (seen + other < 5) {
    let path = 0;
    for (let i = 0; i < seen + other; i++) path = (path << 1) | (i < other ? 1 - bit : bit);
    return (1 << (seen + other)) - 1 + path;
  }
  return bit ? stateOf(other, seen, 1) : stateOf(seen, other, 0);
}

function makeStates(): void {
  memory.fill(NEXT, 0, 1024);
  // Short histories: length n and the bits as a number, at 2^n - 1 + bits.
  for (let n = 0; n <= 4; n++)
    for (let path = 0; path < 1 << n; path++) {
      const state = (1 << n) - 1 + path;
      const ones = popcnt(path);
      setCounts(state, n - ones, ones);
      for (let bit = 0; bit < 2; bit++)
        setNext(state, bit, n < 4 ? (2 << n) - 1 + ((path << 1) | bit) : stateAfter(n - ones, ones, bit));
    }
  let state = 31;
  for (let sum = 5; sum <= 41; sum++)
    for (let n1 = 0; n1 <= sum; n1++) {
      const n0 = sum - n1;
      if (!isCounted(n0, n1)) continue;
      for (let last = 0; last < 2; last++) {
        if (last == 0 ? n0 == 0 : n1 == 0) continue;
        setCounts(state, n0, n1);
        setNext(state, 0, stateAfter(n0, n1, 0));
        setNext(state, 1, stateAfter(n0, n1, 1));
        state++;
      }
    }
}

function setCounts(state: i32, zeros: i32, ones: i32): void {
  store<u8>(COUNTS + (<usize>state << 1), <u8>zeros);
  store<u8>(COUNTS + (<usize>state << 1), <u8>ones, 1);
}

function setNext(state: i32, bit: i32, next: i32): void {
  store<u8>(NEXT + (<usize>state << 1) + <usize>bit, <u8>next);
}
