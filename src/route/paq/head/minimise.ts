/** The least of a smooth convex function of many numbers, from its gradient alone: L-BFGS. Internal to this folder. */

/** Writes the gradient, [n], into `gradient` and returns the value. */
export type Smooth = (x: Float64Array, gradient: Float64Array) => number;

/** Steps that the curvature is made of. */
const MEMORY = 12;
const MOST_STEPS = 2000;

/**
 * Limited-memory BFGS with halved steps (Armijo) and pairs of positive curvature only: no chance in it, so the same input gives the same digits.
 * Source: Nocedal & Wright 2006, "Numerical Optimization", algorithms 7.4 and 7.5.
 * @param start [n] is left as it is.
 * @param tolerance the largest component of the gradient at the end; where rounding lets it go no further it ends earlier.
 * @returns [n]
 */
export function minimise(smooth: Smooth, start: Float64Array, tolerance: number): Float64Array {
  const n = start.length;
  let x = start.slice();
  let gradient = new Float64Array(n);
  let value = smooth(x, gradient);
  const pairs: { step: Float64Array; change: Float64Array; rho: number }[] = [];
  for (let taken = 0; taken < MOST_STEPS && largest(gradient) > tolerance; taken++) {
    let direction = descent(gradient, pairs);
    let slope = dot(direction, gradient);
    if (!(slope < 0)) {
      pairs.length = 0;
      direction = gradient.map((each) => -each);
      slope = dot(direction, gradient);
    }
    let scale = pairs.length === 0 ? Math.min(1, 1 / Math.sqrt(-slope)) : 1;
    let [next, nextGradient] = [x, gradient];
    let nextValue = Number.POSITIVE_INFINITY;
    for (; scale > 1e-14; scale /= 2) {
      next = x.map((each, i) => each + scale * direction[i]!);
      nextGradient = new Float64Array(n);
      nextValue = smooth(next, nextGradient);
      if (nextValue <= value + 1e-4 * scale * slope) break;
    }
    if (!(nextValue < value)) {
      if (pairs.length === 0) break;
      pairs.length = 0; // once more along the gradient, before it is said to be the end
      continue;
    }
    const step = next.map((each, i) => each - x[i]!);
    const change = nextGradient.map((each, i) => each - gradient[i]!);
    const curvature = dot(step, change);
    if (curvature > 1e-12 * dot(change, change)) {
      pairs.push({ step, change, rho: 1 / curvature });
      if (pairs.length > MEMORY) pairs.shift();
    }
    [x, gradient, value] = [next, nextGradient, nextValue];
  }
  return x;
}

/** -H gradient, H from the pairs. */
function descent(
  gradient: Float64Array,
  pairs: readonly { step: Float64Array; change: Float64Array; rho: number }[],
): Float64Array {
  const q = gradient.slice();
  const alphas: number[] = [];
  for (const [k, { step, change, rho }] of [...pairs.entries()].reverse()) {
    const alpha = rho * dot(step, q);
    alphas[k] = alpha;
    add(q, change, -alpha);
  }
  const last = pairs.at(-1);
  const scale = last ? 1 / (last.rho * dot(last.change, last.change)) : 1;
  for (let i = 0; i < q.length; i++) q[i]! *= scale;
  for (const [k, { step, change, rho }] of pairs.entries()) add(q, step, alphas[k]! - rho * dot(change, q));
  return q.map((each) => -each);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, other: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * other[i]!;
}

function largest(values: Float64Array): number {
  let most = 0;
  for (const value of values) most = Math.max(most, Math.abs(value));
  return most;
}
