/** The probability of the next bit: states, mixers, corrections. Integers only; see docs/compression.md. */
import {
  chooseContexts,
  chooseSecondHalf,
  classes,
  expected,
  kind,
  matchBucket,
  matchLength,
  recent,
  takeByte,
  wordLength,
} from "./contexts.assembly";
import {
  CHOSEN,
  CONTEXTS,
  CORRECTION_1,
  CORRECTION_2,
  COUNTS,
  DIRECT_1,
  DIRECT_2,
  INPUT,
  INPUTS,
  LAST_WEIGHTS,
  MATCH_P,
  MIXERS,
  NEXT,
  OPINION,
  OPINION_P,
  PACE,
  SETS,
  SLOT,
  STATE_P,
  WEIGHTS,
} from "./layout.assembly";
import { squash, stretch } from "./tables.assembly";

/** The weight 1 of a mixer. */
const ONE: i32 = 1 << 20;
const LIMIT: u32 = 1023;
/** Paces of the mixers, in 32nds. */
const RATE: i32 = 6;
const LAST_RATE: i32 = 3;

/** The bits of this byte so far, with a one before them. */
let bits: u32 = 1;
/** The bits of this half byte so far, with a one before them: the node of the slots. */
let node: u32 = 1;
let bitPlace: u32 = 0;
let matchEntry: usize = 0;
let direct1: usize = 0;
let direct2: usize = 0;
let lastWeights: usize = 0;
let mixed: i32 = 0;
let correction1: usize = 0;
let correction2: usize = 0;

/** A model that has seen nothing. */
export function forgetModel(): void {
  for (let i: u32 = 0; i < CONTEXTS; i++)
    for (let state: u32 = 0; state < 256; state++) {
      const n0 = load<u8>(COUNTS + (state << 1));
      const n1 = load<u8>(COUNTS + (state << 1), 1);
      let p = ((<u32>n1 * 2 + 1) << 21) / (<u32>n0 + <u32>n1 + 1);
      if (n0 == 0 && n1 > 0) p = 4194303 - (4194303 - p) / 3;
      else if (n1 == 0 && n0 > 0) p = p / 3;
      store<u32>(STATE_P + (i << 10) + (state << 2), (min<u32>(p, 4194303) << 10) | 4);
    }
  for (let i: u32 = 0; i < 4096; i++) store<u32>(MATCH_P + (i << 2), (3 << 30) | 0);
  for (let i: u32 = 0; i < 65536; i++) store<u16>(DIRECT_1 + (i << 1), 32768);
  for (let i: u32 = 0; i < 1 << 20; i++) store<u16>(DIRECT_2 + (i << 1), 32768);
  for (let i: u32 = 0; i < MIXERS * SETS * INPUTS; i++) store<i32>(WEIGHTS + (i << 2), (i & 1) == 0 ? ONE / 4 : 0);
  for (let i: u32 = 0; i < 2048 * 8; i++) store<i32>(LAST_WEIGHTS + (i << 2), ONE / <i32>MIXERS);
  for (let i: u32 = 0; i < 65536; i++)
    for (let j = 0; j < 33; j++) {
      const p = <u16>squash((j - 16) << 7);
      store<u16>(CORRECTION_1 + (i * 33 + j) * 2, p);
      store<u16>(CORRECTION_2 + (i * 33 + j) * 2, p);
    }
  bits = 1;
  node = 1;
  bitPlace = 0;
}

/** Before the first bit of a byte. */
export function beginByte(): void {
  chooseContexts();
  bits = 1;
  node = 1;
  bitPlace = 0;
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function readContext(i: u32): u32 {
  const state = <u32>load<u8>(<usize>load<u32>(SLOT + (i << 2)) + node);
  const p = load<u32>(STATE_P + (i << 10) + (state << 2)) >> 16;
  const at = INPUT + (i << 2);
  if (state == 0) {
    store<i32>(at, 0);
    return 0;
  }
  store<i16>(at, <i16>stretch(p));
  store<i16>(at, <i16>((<i32>p - 32768) >> 5), 2);
  return 1;
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function updateContext(i: u32, bit: u32): void {
  const at = <usize>load<u32>(SLOT + (i << 2)) + node;
  const state = <usize>load<u8>(at);
  store<u8>(at, load<u8>(NEXT + (state << 1) + bit));
  movePaced(STATE_P + (i << 10) + (state << 2), bit, LIMIT);
}

/** 22 bits of probability and 10 of a count move towards the bit. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function movePaced(at: usize, bit: u32, limit: u32): void {
  const old = load<u32>(at);
  const n = old & 1023;
  const p = <i32>(old >> 10);
  const error = (<i32>(bit << 22) - p) >> 3;
  const change = (error * (load<i32>(PACE + (n << 2)) >> 4)) >> 9;
  store<u32>(at, (<u32>(p + change) << 10) | (n < limit ? n + 1 : n));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function moveFixed(at: usize, bit: u32, shift: i32): void {
  const p = <i32>load<u16>(at);
  store<u16>(at, <u16>(p + (((<i32>bit << 16) - <i32>bit - p) >> shift)));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function narrow(at: usize): v128 {
  return i16x8.narrow_i32x4_s(i32x4.shr_s(v128.load(at), 7), i32x4.shr_s(v128.load(at, 16), 7));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function sum4(x: v128): i32 {
  return i32x4.extract_lane(x, 0) + i32x4.extract_lane(x, 1) + i32x4.extract_lane(x, 2) + i32x4.extract_lane(x, 3);
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function consult(m: u32, set: u32): void {
  const w = WEIGHTS + <usize>(m * SETS + set) * (INPUTS * 4);
  store<u32>(CHOSEN + (m << 2), <u32>w);
  const s = i32x4.add(
    i32x4.add(
      i32x4.dot_i16x8_s(v128.load(INPUT), narrow(w)),
      i32x4.dot_i16x8_s(v128.load(INPUT, 16), narrow(w + 32)),
    ),
    i32x4.add(
      i32x4.dot_i16x8_s(v128.load(INPUT, 32), narrow(w + 64)),
      i32x4.dot_i16x8_s(v128.load(INPUT, 48), narrow(w + 96)),
    ),
  );
  const x = min(max(sum4(s) >> 13, -2047), 2047);
  store<i16>(OPINION + (m << 1), <i16>x);
  store<i32>(OPINION_P + (m << 2), squash(x));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function trainEight(w: usize, input: v128, error: v128): void {
  const round = i32x4.splat(2048);
  v128.store(w, i32x4.add(v128.load(w), i32x4.shr_s(i32x4.add(i32x4.extmul_low_i16x8_s(input, error), round), 12)));
  v128.store(w, i32x4.add(v128.load(w, 16), i32x4.shr_s(i32x4.add(i32x4.extmul_high_i16x8_s(input, error), round), 12)), 16);
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function train(m: u32, bit: u32): void {
  const error = (((<i32>bit << 16) - load<i32>(OPINION_P + (m << 2))) * RATE) >> 5;
  if (error == 0) return;
  const e = i16x8.splat(<i16>error);
  const w = <usize>load<u32>(CHOSEN + (m << 2));
  trainEight(w, v128.load(INPUT), e);
  trainEight(w + 32, v128.load(INPUT, 16), e);
  trainEight(w + 64, v128.load(INPUT, 32), e);
  trainEight(w + 96, v128.load(INPUT, 48), e);
}

/** Probability that the next bit is a one, in 65536ths, 1 ... 65535. */
export function predict(): i32 {
  let known: u32 = 0;
  known += readContext(0);
  known += readContext(1);
  known += readContext(2);
  known += readContext(3);
  known += readContext(4);
  known += readContext(5);
  known += readContext(6);
  readContext(7);
  const known8 = readContext(8);
  readContext(9);
  readContext(10);
  const known11 = readContext(11);

  // The match, as long as the bits of this byte agree with the byte that it expects.
  const at = INPUT + <usize>CONTEXTS * 4;
  let length: u32 = 0;
  matchEntry = 0;
  const whole = expected | 256;
  if (matchLength != 0 && whole >> (8 - bitPlace) == bits) {
    const bit = (whole >> (7 - bitPlace)) & 1;
    length = matchBucket();
    matchEntry = MATCH_P + (<usize>((min<u32>(matchLength, 31) << 1) | bit) << 2);
    const p = load<u32>(matchEntry) >> 16; // that the match is right
    const x = stretch(p);
    const y = (<i32>p - 32768) >> 4;
    store<i16>(at, <i16>(bit ? x : -x));
    store<i16>(at, <i16>(bit ? y : -y), 2);
  } else store<i32>(at, 0);
  direct1 = DIRECT_1 + (<usize>(((recent & 0xff) << 8) | bits) << 1);
  direct2 = DIRECT_2 + (<usize>((((recent & 0xffff) * 0x9e3779b1) >> 12) ^ bits) << 1);
  store<i16>(at, <i16>stretch(load<u16>(direct1)), 4);
  store<i16>(at, <i16>stretch(load<u16>(direct2)), 6);
  store<i16>(at, 256, 8);

  const last = recent & 0xff;
  consult(0, (length << 3) | bitPlace);
  consult(1, bits);
  consult(2, last | ((bitPlace >> 2) << 8));
  consult(3, (known << 5) | (known8 << 4) | (known11 << 3) | bitPlace);
  consult(4, (classes & 0xff) << 3 | bitPlace);
  consult(5, kind == 0 ? (min<u32>(wordLength, 15) << 3) | bitPlace : (recent >> 8) & 0xff);

  lastWeights = LAST_WEIGHTS + <usize>((bits) * 32);
  const s = i32x4.dot_i16x8_s(v128.load(OPINION), narrow(lastWeights));
  const x = min(max(sum4(s) >> 13, -2047), 2047);
  mixed = squash(x);

  // Corrections: what came of such a probability after one byte, and after two.
  const place = x + 2048;
  const index = place >> 7;
  const weight = place & 127;
  const c1 = CORRECTION_1 + <usize>(((last << 8) | bits) * 33 + index) * 2;
  const h = (((recent & 0xffffff) * 0x2f0b4c47) >> 16) ^ (bits * 0x101);
  const c2 = CORRECTION_2 + <usize>((h & 0xffff) * 33 + index) * 2;
  const p1 = (<i32>load<u16>(c1) * (128 - weight) + <i32>load<u16>(c1, 2) * weight) >> 7;
  const p2 = (<i32>load<u16>(c2) * (128 - weight) + <i32>load<u16>(c2, 2) * weight) >> 7;
  correction1 = c1 + (<usize>(weight >> 6) << 1);
  correction2 = c2 + (<usize>(weight >> 6) << 1);
  const p = (mixed + p1 + p2 * 2 + 2) >> 2;
  return min(max(p, 1), 65535);
}

/** The bit was this. */
export function update(bit: u32): void {
  updateContext(0, bit);
  updateContext(1, bit);
  updateContext(2, bit);
  updateContext(3, bit);
  updateContext(4, bit);
  updateContext(5, bit);
  updateContext(6, bit);
  updateContext(7, bit);
  updateContext(8, bit);
  updateContext(9, bit);
  updateContext(10, bit);
  updateContext(11, bit);
  if (matchEntry != 0) {
    const right = bit == ((expected >> (7 - bitPlace)) & 1);
    movePaced(matchEntry, right ? 1 : 0, 1023);
  }
  moveFixed(direct1, bit, 5);
  moveFixed(direct2, bit, 4);
  train(0, bit);
  train(1, bit);
  train(2, bit);
  train(3, bit);
  train(4, bit);
  train(5, bit);
  const error = (((<i32>bit << 16) - mixed) * LAST_RATE) >> 5;
  trainEight(lastWeights, v128.load(OPINION), i16x8.splat(<i16>error));
  moveFixed(correction1, bit, 6);
  moveFixed(correction2, bit, 6);

  bits = (bits << 1) | bit;
  node = (node << 1) | bit;
  bitPlace++;
  if (bitPlace == 4) {
    chooseSecondHalf(bits);
    node = 1;
  } else if (bitPlace == 8) takeByte(bits & 0xff);
}
