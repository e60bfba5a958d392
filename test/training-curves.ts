/**
 * Training curves whose truth is known, drawn from a seed. Written from what training looks like, not from what the detectors
 * look for: straight pieces of the log-loss with soft corners, or a power law; noise that may be correlated; and what disturbs
 * them: a bump while the rate warms up, restarts, drops of the schedule.
 */

export interface DrawnCurve {
  train: { steps: number[]; losses: number[] };
  valid: { steps: number[]; losses: number[] };
  /** Steps of the run. */
  length: number;
  overfits: boolean;
  /** Where the true validation loss is least, where it rises behind it. */
  turn: number | null;
  /** Planted change-points, steps; empty for a power law, which has none. */
  changes: number[];
  /** What disturbs it, in words. */
  disturbances: string[];
}

/** xorshift128+-like source of its own, so that no seed is shared with the code that is tested. */
function source(seed: number): () => number {
  let [a, b] = [(seed * 2654435761) >>> 0 || 1, (seed ^ 0x9e3779b9) >>> 0 || 2];
  const next = () => {
    let t = a;
    a = b;
    t ^= t << 13;
    t ^= t >>> 17;
    t ^= b ^ (b >>> 5);
    b = t >>> 0;
    return ((a + b) >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

/** @param kind what the curve is; by default the seed decides. */
export function drawCurve(seed: number): DrawnCurve {
  const random = source(seed);
  const between = (low: number, high: number) => low + (high - low) * random();
  const chance = (p: number) => random() < p;
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const length = [800, 2000, 6000, 20_000][Math.floor(4 * random())]!;
  const overfits = chance(0.5);
  const powerLaw = !overfits && chance(0.25);
  const disturbances: string[] = [];

  const [c1, c2, c3] = [between(0.07, 0.2), between(0.35, 0.55), between(0.65, 0.82)];
  const start = Math.log(between(6, 11));
  const fast = -between(0.5, 1.1) / c1;
  const slow = -between(0.12, 0.35) / (c2 - c1);
  const flat = -between(0, 0.012) / (c3 - c2);
  const rise = overfits ? between(0.08, 0.5) / (1 - c3) : flat;
  const corner = between(0.002, 0.012);
  /** Integral of a slope that changes from `from` to `to` around `at`, over a width. */
  const bend = (x: number, at: number, change: number) => {
    const z = (x - at) / corner;
    return change * corner * (z > 30 ? z : Math.log1p(Math.exp(z)));
  };
  const exponent = between(0.25, 0.6);
  const [floor, height] = [between(1.5, 3), between(3, 6)];
  const pieces = (x: number, last: number) =>
    start + fast * x + bend(x, c1, slow - fast) + bend(x, c2, flat - slow) + bend(x, c3, last - flat);
  const base = (x: number, last: number) =>
    powerLaw ? Math.log(floor + height * (x * 100 + 1) ** -exponent) : pieces(x, last);

  const bump = chance(0.4)
    ? { at: between(0.015, 0.04), width: between(0.004, 0.01), height: between(0.03, 0.25) }
    : null;
  if (bump) disturbances.push("warm-up bump");
  const restarts = chance(0.35)
    ? Array.from({ length: chance(0.5) ? 2 : 1 }, () => ({
        at: between(0.15, 0.95),
        height: between(0.03, 0.3),
        decay: between(0.006, 0.03),
      }))
    : [];
  if (restarts.length > 0) disturbances.push("restart");
  const drop =
    !overfits && chance(0.3)
      ? { at: between(0.6, 0.9), height: between(0.02, 0.07), width: between(0.002, 0.01) }
      : null;
  if (drop) disturbances.push("schedule drop");
  const disturbed = (x: number) =>
    (bump ? bump.height * Math.exp(-(((x - bump.at) / bump.width) ** 2) / 2) : 0) +
    restarts.reduce(
      (sum, { at, height, decay }) => sum + (x >= at ? height * Math.exp(-(x - at) / decay) : 0),
      0,
    ) -
    (drop ? drop.height / (1 + Math.exp(-(x - drop.at) / drop.width)) : 0);

  const noise = {
    train: between(0.008, 0.05),
    valid: between(0.002, 0.012),
    kept: chance(0.3) ? between(0.2, 0.6) : 0,
  };
  if (noise.kept > 0) disturbances.push("correlated noise");
  const series = (every: number, of: "train" | "valid") => {
    const out = { steps: [] as number[], losses: [] as number[] };
    const gap = of === "valid" ? between(0.005, 0.03) : 0;
    // Training goes on falling where validation has turned.
    const last = of === "valid" ? rise : overfits ? Math.min(flat, -between(0.05, 0.2) / (1 - c3)) : flat;
    let carried = 0;
    for (let step = of === "train" ? 1 : 0; step <= length; step += every) {
      const x = step / length;
      const kept = of === "valid" ? noise.kept : 0;
      carried = kept * carried + Math.sqrt(1 - kept * kept) * normal();
      out.steps.push(step);
      out.losses.push(Math.exp(base(x, last) + gap + disturbed(x) + noise[of] * carried));
    }
    return out;
  };
  const validEvery = Math.round(length / [40, 60, 100][Math.floor(3 * random())]!);
  const trainEvery = Math.max(1, Math.round(length / [200, 400, 800][Math.floor(3 * random())]!));
  return {
    train: series(trainEvery, "train"),
    valid: series(validEvery, "valid"),
    length,
    overfits,
    turn: overfits ? c3 * length : null,
    changes: powerLaw ? [] : (overfits ? [c1, c2, c3] : [c1, c2]).map((c) => c * length),
    disturbances,
  };
}
