/**
 * The inner loops over one row of logits, in AssemblyScript (WebAssembly SIMD, four f32 at a time).
 *
 * `node scripts/build-kernel.mjs` compiles this file to generated.ts. Nothing here allocates; the caller (index.ts)
 * owns the memory. A row is padded with -Infinity to a multiple of BLOCK, so that no loop has a tail.
 */

/** Elements summed in f32 before the sums move on to f64. */
const BLOCK: usize = 64;
const BLOCK_BYTES: usize = BLOCK * 4;

/** Below it e^d is smaller than any normal f32, and counts as zero. */
const LOWEST: f32 = -87;

// e^d = 2^n · e^r with n = round(d / ln 2) and r = d - n ln 2, ln 2 in two parts: Cephes, expf.c (Moshier).
const LOG2_E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375; // few bits, so that n · LN2_HIGH is exact
const LN2_LOW: f32 = -2.12194440e-4;
/** Adding 1.5 · 2^23 rounds to a whole number and leaves it in the low bits. */
const ROUNDER: f32 = 12582912;
// e^r = 1 + r + r² (P0 + P1 r + P2 r² + P3 r³ + P4 r⁴) for |r| <= ln 2 / 2: minimax (Remez), relative error 3.7e-9.
const P0: f32 = 0.49999994;
const P1: f32 = 0.166665211;
const P2: f32 = 0.041668389;
const P3: f32 = 0.00836874545;
const P4: f32 = 0.00138145406;

/** Whether any element of a block is above `threshold`. NaN is not. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function anyAbove(block: usize, threshold: f32): bool {
  let a = v128.load(block);
  let b = v128.load(block, 16);
  for (let next = block + 32; next < block + BLOCK_BYTES; next += 32) {
    a = f32x4.pmax(a, v128.load(next));
    b = f32x4.pmax(b, v128.load(next, 16));
  }
  const limit = f32x4.splat(threshold);
  return v128.any_true(v128.or(f32x4.gt(a, limit), f32x4.gt(b, limit)));
}

/** Index of the first of the largest elements. NaN is passed over; 0 when nothing is above -Infinity. */
export function argMax(row: usize, bytes: usize): i32 {
  let highest: f32 = -Infinity;
  let best = row;
  for (let block = row; block < row + bytes; block += BLOCK_BYTES) {
    if (!anyAbove(block, highest)) continue;
    for (let place = block; place < block + BLOCK_BYTES; place += 4) {
      if (!(load<f32>(place) > highest)) continue;
      highest = load<f32>(place);
      best = place;
    }
  }
  return <i32>((best - row) >> 2);
}

/** e^d for LOWEST <= d <= 0, error about 1 unit in the last place. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function exponential(d: v128): v128 {
  const rounded = f32x4.add(f32x4.mul(d, f32x4.splat(LOG2_E)), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  let r = f32x4.sub(d, f32x4.mul(n, f32x4.splat(LN2_HIGH)));
  r = f32x4.sub(r, f32x4.mul(n, f32x4.splat(LN2_LOW)));
  const r2 = f32x4.mul(r, r); // Estrin's grouping: the additions do not wait for one another
  const p01 = f32x4.add(f32x4.splat(P0), f32x4.mul(f32x4.splat(P1), r));
  const p23 = f32x4.add(f32x4.splat(P2), f32x4.mul(f32x4.splat(P3), r));
  const p = f32x4.add(p01, f32x4.mul(r2, f32x4.add(p23, f32x4.mul(r2, f32x4.splat(P4)))));
  const power = f32x4.add(f32x4.add(f32x4.splat(1), r), f32x4.mul(r2, p));
  return i32x4.add(power, i32x4.shl(rounded, 23)); // power · 2^n: n goes into the exponent
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function below(x: v128, top: v128): v128 {
  return f32x4.pmax(f32x4.sub(x, top), f32x4.splat(LOWEST)); // in this order NaN stays NaN
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function sumOfFour(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(a, b), f32x4.add(c, d));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function sumOfLanes(v: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(i32x4.shuffle(v, v, 2, 3, 0, 1)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

/**
 * With d = element - highest, writes to `sums`, as f64: Σ e^d, Σ d e^d, and the number of elements above `threshold`.
 * NaN in the row makes the sums NaN.
 */
export function accumulate(row: usize, bytes: usize, highest: f32, threshold: f32, sums: usize): void {
  const top = f32x4.splat(highest);
  const limit = f32x4.splat(threshold);
  let total: f64 = 0;
  let weightedTotal: f64 = 0;
  let above = i32x4.splat(0);
  for (let end = row + bytes; row < end; ) {
    let sum = f32x4.splat(0);
    let weighted = f32x4.splat(0);
    for (let blockEnd = row + BLOCK_BYTES; row < blockEnd; row += 64) {
      const x0 = v128.load(row);
      const x1 = v128.load(row, 16);
      const x2 = v128.load(row, 32);
      const x3 = v128.load(row, 48);
      const d0 = below(x0, top);
      const d1 = below(x1, top);
      const d2 = below(x2, top);
      const d3 = below(x3, top);
      const e0 = exponential(d0);
      const e1 = exponential(d1);
      const e2 = exponential(d2);
      const e3 = exponential(d3);
      sum = f32x4.add(sum, sumOfFour(e0, e1, e2, e3));
      weighted = f32x4.add(
        weighted,
        sumOfFour(f32x4.mul(d0, e0), f32x4.mul(d1, e1), f32x4.mul(d2, e2), f32x4.mul(d3, e3)),
      );
      const above01 = i32x4.add(f32x4.gt(x0, limit), f32x4.gt(x1, limit)); // true is -1
      const above23 = i32x4.add(f32x4.gt(x2, limit), f32x4.gt(x3, limit));
      above = i32x4.sub(above, i32x4.add(above01, above23));
    }
    total += sumOfLanes(sum);
    weightedTotal += sumOfLanes(weighted);
  }
  store<f64>(sums, total);
  store<f64>(sums, weightedTotal, 8);
  store<f64>(
    sums,
    f64(
      i32x4.extract_lane(above, 0) +
        i32x4.extract_lane(above, 1) +
        i32x4.extract_lane(above, 2) +
        i32x4.extract_lane(above, 3),
    ),
    16,
  );
}

/**
 * With d = element - highest, writes to `sums`, as f64, over the elements above -Infinity: Σ e^(d/4), Σ e^(d/2), Σ d, and how many
 * they are.
 */
export function rootSums(row: usize, bytes: usize, highest: f32, sums: usize): void {
  const top = f32x4.splat(highest);
  let fourthTotal: f64 = 0;
  let rootTotal: f64 = 0;
  let differenceTotal: f64 = 0;
  let count = i32x4.splat(0);
  for (let end = row + bytes; row < end; ) {
    let fourth = f32x4.splat(0);
    let root = f32x4.splat(0);
    let difference = f32x4.splat(0);
    for (let blockEnd = row + BLOCK_BYTES; row < blockEnd; row += 16) {
      const x = v128.load(row);
      const isPossible = f32x4.gt(x, f32x4.splat(-Infinity)); // all ones, or 0
      const d = v128.and(f32x4.sub(x, top), isPossible);
      const quarter = f32x4.pmax(f32x4.mul(d, f32x4.splat(0.25)), f32x4.splat(LOWEST));
      const r = v128.and(exponential(quarter), isPossible);
      fourth = f32x4.add(fourth, r);
      root = f32x4.add(root, f32x4.mul(r, r));
      difference = f32x4.add(difference, d);
      count = i32x4.sub(count, isPossible); // true is -1
    }
    fourthTotal += sumOfLanes(fourth);
    rootTotal += sumOfLanes(root);
    differenceTotal += sumOfLanes(difference);
  }
  store<f64>(sums, fourthTotal);
  store<f64>(sums, rootTotal, 8);
  store<f64>(sums, differenceTotal, 16);
  store<f64>(sums, sumOfLanes(f32x4.convert_i32x4_s(count)), 24);
}

/** Whether candidate a is worse than b: smaller, or as large with the higher id. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function worse(aLogit: f32, aId: i32, bLogit: f32, bId: i32): bool {
  return aLogit < bLogit || (aLogit == bLogit && aId > bId);
}

/** Replaces the root, the worst element, of the heap [0, size) by (logit, id) and restores the order. */
function siftDown(ids: usize, logits: usize, size: usize, logit: f32, id: i32): void {
  let place: usize = 0;
  for (;;) {
    let child: usize = 2 * place + 1;
    if (child >= size) break;
    let childLogit = load<f32>(logits + 4 * child);
    let childId = load<i32>(ids + 4 * child);
    if (child + 1 < size) {
      const otherLogit = load<f32>(logits + 4 * child, 4);
      const otherId = load<i32>(ids + 4 * child, 4);
      if (worse(otherLogit, otherId, childLogit, childId)) {
        child++;
        childLogit = otherLogit;
        childId = otherId;
      }
    }
    if (!worse(childLogit, childId, logit, id)) break;
    store<f32>(logits + 4 * place, childLogit);
    store<i32>(ids + 4 * place, childId);
    place = child;
  }
  store<f32>(logits + 4 * place, logit);
  store<i32>(ids + 4 * place, id);
}

/**
 * Writes the k largest elements above -Infinity, best first and the lower index first among equals, to ids[k] and
 * logits[k]; where there are fewer than k, id -1 and -Infinity.
 */
export function selectTop(row: usize, bytes: usize, k: usize, ids: usize, logits: usize): void {
  for (let i: usize = 0; i < k; i++) {
    store<i32>(ids + 4 * i, -1);
    store<f32>(logits + 4 * i, -Infinity);
  }
  for (let block = row; block < row + bytes; block += BLOCK_BYTES) {
    if (!anyAbove(block, load<f32>(logits))) continue;
    for (let place = block; place < block + BLOCK_BYTES; place += 4) {
      const logit = load<f32>(place);
      if (logit > load<f32>(logits)) siftDown(ids, logits, k, logit, <i32>((place - row) >> 2));
    }
  }
  for (let size = k - 1; size > 0; size--) { // heap sort: the worst moves to the end
    const logit = load<f32>(logits + 4 * size);
    const id = load<i32>(ids + 4 * size);
    store<f32>(logits + 4 * size, load<f32>(logits));
    store<i32>(ids + 4 * size, load<i32>(ids));
    siftDown(ids, logits, size, logit, id);
  }
}

/** Up to here δ - 1 + e^-δ is taken from its series, beyond it is too large to lose digits. */
const SMALL: f32 = 0.5;
/** A token of p that is less probable than e^-100 times the same token of q counts as that, as does one of neither. */
const LOWEST_RATIO: f32 = -100;

/** δ - 1 + e^-δ for |δ| < SMALL: δ² (1/2! - δ/3! + ... + δ⁶/8!), relative error 5e-8. */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function excess(delta: v128): v128 {
  const square = f32x4.mul(delta, delta);
  const c01 = f32x4.sub(f32x4.splat(1 / 2.0), f32x4.mul(f32x4.splat(1 / 6.0), delta));
  const c23 = f32x4.sub(f32x4.splat(1 / 24.0), f32x4.mul(f32x4.splat(1 / 120.0), delta));
  const c45 = f32x4.sub(f32x4.splat(1 / 720.0), f32x4.mul(f32x4.splat(1 / 5040.0), delta));
  const c456 = f32x4.add(c45, f32x4.mul(f32x4.splat(1 / 40320.0), square));
  const sum = f32x4.add(c01, f32x4.mul(square, f32x4.add(c23, f32x4.mul(square, c456))));
  return f32x4.mul(square, sum);
}

/**
 * One token's share of KL(p‖q) times Σ e^d of p: p ln(p/q) - p + q, of which the last two cancel in the sum and keep
 * every term from being negative.
 */
// @ts-expect-error: a decorator of AssemblyScript
@inline
function divergenceTerm(x: v128, y: v128, topP: v128, topQ: v128, shift: v128, ratio: v128): v128 {
  // Differences of neighbouring f32 are exact; in this order what is NaN, -Infinity in both rows, becomes the limit.
  const delta = f32x4.pmax(f32x4.splat(LOWEST_RATIO), f32x4.sub(f32x4.sub(x, y), shift)); // ln p - ln q
  const p = exponential(below(x, topP));
  const q = f32x4.mul(exponential(below(y, topQ)), ratio);
  const near = f32x4.mul(p, excess(delta));
  const far = f32x4.add(f32x4.mul(p, f32x4.sub(delta, f32x4.splat(1))), q);
  return v128.bitselect(near, far, f32x4.lt(f32x4.abs(delta), f32x4.splat(SMALL)));
}

/**
 * KL(p‖q) times Σ e^(element - highest) of row p.
 * @param shift log-sum-exp of p less that of q.
 * @param ratio Σ e^(element - highest) of p divided by that of q.
 */
export function divergence(
  p: usize,
  q: usize,
  bytes: usize,
  highestP: f32,
  highestQ: f32,
  shift: f32,
  ratio: f32,
): f64 {
  const topP = f32x4.splat(highestP);
  const topQ = f32x4.splat(highestQ);
  const shifts = f32x4.splat(shift);
  const ratios = f32x4.splat(ratio);
  let total: f64 = 0;
  for (let end = p + bytes; p < end; ) {
    let sum = f32x4.splat(0);
    for (let blockEnd = p + BLOCK_BYTES; p < blockEnd; p += 32, q += 32) {
      const first = divergenceTerm(v128.load(p), v128.load(q), topP, topQ, shifts, ratios);
      const second = divergenceTerm(v128.load(p, 16), v128.load(q, 16), topP, topQ, shifts, ratios);
      sum = f32x4.add(sum, f32x4.add(first, second));
    }
    total += sumOfLanes(sum);
  }
  return total;
}

/**
 * Writes to `counts`, as u32, 1 + floor(scale · e^d) for every element, d = element - highest.
 * @param scale at most 2^31 / Σ e^d, less what the ones add up to: the counts are to fit into 32 bits together.
 * @returns their sum, padding included.
 */
export function countAll(row: usize, bytes: usize, highest: f32, scale: f32, counts: usize): f64 {
  const top = f32x4.splat(highest);
  const scales = f32x4.splat(scale);
  const one = i32x4.splat(1);
  let sum = i32x4.splat(0);
  for (let end = row + bytes; row < end; row += 16, counts += 16) {
    const e = exponential(below(v128.load(row), top));
    const count = i32x4.add(i32x4.trunc_sat_f32x4_u(f32x4.mul(e, scales)), one);
    v128.store(counts, count);
    sum = i32x4.add(sum, count);
  }
  return f64(sumOfCounts(sum));
}

// @ts-expect-error: a decorator of AssemblyScript
@inline
function sumOfCounts(v: v128): u32 {
  return <u32>(
    i32x4.extract_lane(v, 0) + i32x4.extract_lane(v, 1) + i32x4.extract_lane(v, 2) + i32x4.extract_lane(v, 3)
  );
}

/** The sum of the first `n` counts. */
export function countBelow(counts: usize, n: usize): f64 {
  let sum = i32x4.splat(0);
  const blocks = counts + ((n >> 2) << 4);
  for (; counts < blocks; counts += 16) sum = i32x4.add(sum, v128.load(counts));
  let rest = sumOfCounts(sum);
  for (let end = counts + ((n & 3) << 2); counts < end; counts += 4) rest += load<u32>(counts);
  return f64(rest);
}

/** Index of the count that `place` lies in, when the counts are laid one behind the other; their sum must be above it. */
export function findCount(counts: usize, place: f64): i32 {
  let left = <u32>place;
  let at = counts;
  for (;;) { // a block at a time, then one by one
    let sum = i32x4.splat(0);
    for (let end = at + BLOCK_BYTES, from = at; from < end; from += 16) sum = i32x4.add(sum, v128.load(from));
    const block = sumOfCounts(sum);
    if (left < block) break;
    left -= block;
    at += BLOCK_BYTES;
  }
  for (let count = load<u32>(at); left >= count; count = load<u32>(at)) {
    left -= count;
    at += 4;
  }
  return <i32>((at - counts) >> 2);
}
