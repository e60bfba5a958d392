/** The statistics of this experiment. */

/** Numbers in [0, 1) that are the same for a seed everywhere: mulberry32 (Tommy Ettinger, public domain). */
export function seeded(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;

export function pearson(pairs) {
  const [x, y] = [0, 1].map((at) => pairs.map((pair) => pair[at]));
  const [mx, my] = [mean(x), mean(y)];
  const sum = (f) => pairs.reduce((all, _, i) => all + f(x[i] - mx, y[i] - my), 0);
  return sum((a, b) => a * b) / Math.sqrt(sum((a) => a * a) * sum((_, b) => b * b));
}

/** Pearson's of ranks; equal values share the mean of theirs. */
export function spearman(pairs) {
  const ranks = (values) =>
    values.map((value) => {
      const less = values.filter((each) => each < value).length;
      return less + (values.filter((each) => each === value).length + 1) / 2;
    });
  const [x, y] = [0, 1].map((at) => ranks(pairs.map((pair) => pair[at])));
  return pearson(x.map((value, i) => [value, y[i]]));
}

/** Percentile interval of 95 % of a statistic; resamples that give none (all values alike) are left out. */
export function resampled(values, statistic, resamples, seed = 21) {
  const random = seeded(seed);
  const found = Array.from({ length: resamples }, () =>
    statistic(values.map(() => values[Math.floor(random() * values.length)])),
  )
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  const at = (share) => found[Math.min(found.length - 1, Math.floor(share * found.length))] ?? null;
  return { low: at(0.025), high: at(0.975) };
}

/** Wilson's interval of 95 % of a share. */
export function wilson(hits, n, z = 1.959964) {
  const share = hits / n;
  const centre = (share + z ** 2 / (2 * n)) / (1 + z ** 2 / n);
  const half = (z / (1 + z ** 2 / n)) * Math.sqrt((share * (1 - share)) / n + z ** 2 / (4 * n ** 2));
  return { low: centre - half, high: centre + half };
}

/** Exact two-sided p of McNemar's test: `one` pairs are right on one side alone, `other` on the other. */
export function mcNemar(one, other) {
  const n = one + other;
  let [term, sum] = [0.5 ** n, 0];
  for (let k = 0; k <= Math.min(one, other); k++) {
    sum += term;
    term *= (n - k) / (k + 1);
  }
  return Math.min(1, 2 * sum);
}
