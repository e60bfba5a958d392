/** What is left to gain: a power law with a floor, fitted to a curve, and read a little beyond its end. */
import { quantileOf, seededRandom } from "../../core/index.ts";
import type { Series } from "../series.ts";
import { medianOf } from "./smooth.ts";

/** A number with its interval: meant for 90 %, held the truth in 83 to 92 % of drawn power laws (docs/training.md). */
export interface Ranged {
  value: number;
  low: number;
  high: number;
}

/** L(t) = floor + scale · t^-exponent, nats; t in steps. */
export interface PowerLaw {
  floor: Ranged;
  scale: number;
  exponent: Ranged;
  /** Steps that it was fitted to. */
  from: number;
  to: number;
  /** Standard deviation of what it leaves, nats. */
  sigma: number;
}

/** What training goes on to win, as far as the curve says. */
export interface Outlook {
  law: PowerLaw | null;
  /** Further steps that `gain` is for. */
  steps: number;
  /** Nats that the loss falls by over them; `null`: it cannot be said. */
  gain: Ranged | null;
  /** Why not. */
  reason: string | null;
}

const POINTS = 120;
/** Fewer points fit any law. */
const LEAST = 16;
/** What comes before this share of the run is warm-up and fast fall, which no power law with these ends describes. */
const BEGIN = 0.1;
const EXPONENTS = Array.from({ length: 120 }, (_, i) => 0.02 * (2.5 / 0.02) ** (i / 119));
const RESAMPLES = 200;
/** Spans of points that are drawn together. */
const BLOCK = 6;

interface Points {
  t: number[];
  y: number[];
  /** Points of the curve in each. */
  w: number[];
}

/** Medians over intervals of equal length in ln t: a spike is one point of many. */
function logBins({ steps, losses }: Pick<Series, "steps" | "losses">, begin: number): Points {
  const last = steps[steps.length - 1]!;
  const width = Math.log(last / begin) / POINTS;
  const out: Points = { t: [], y: [], w: [] };
  let [bin, kept, places]: [number, number[], number[]] = [-1, [], []];
  const close = () => {
    if (kept.length > 0) {
      out.t.push(places.reduce((sum, place) => sum + place, 0) / places.length);
      out.y.push(medianOf(kept));
      out.w.push(kept.length);
    }
    [kept, places] = [[], []];
  };
  for (let i = 0; i < steps.length; i++) {
    if (steps[i]! < begin || !Number.isFinite(losses[i]!)) continue;
    const own = Math.floor(Math.log(steps[i]! / begin) / width);
    if (own !== bin) close();
    bin = own;
    kept.push(losses[i]!);
    places.push(steps[i]!);
  }
  close();
  return out;
}

interface Fit {
  floor: number;
  scale: number;
  exponent: number;
  cost: number;
}

/**
 * Least squares, weighted by the points behind each: for each exponent of a grid the best floor and scale are a straight line's,
 * and the best exponent is taken. What does not depend on the losses is computed once, for all resamples.
 */
function fitterOf({ t, w }: Points): (y: readonly number[]) => Fit {
  const unit = t[t.length - 1]!;
  const sw = w.reduce((sum, weight) => sum + weight, 0);
  const lines = EXPONENTS.map((exponent) => {
    const x = Float64Array.from(t, (step) => (step / unit) ** -exponent);
    const sx = x.reduce((sum, value, i) => sum + w[i]! * value, 0);
    const sxx = x.reduce((sum, value, i) => sum + w[i]! * value * value, 0);
    return { exponent, x, sx, sxx };
  });
  return (y) => {
    let [sy, syy] = [0, 0];
    for (let i = 0; i < y.length; i++) {
      sy += w[i]! * y[i]!;
      syy += w[i]! * y[i]! ** 2;
    }
    let best: Fit | null = null;
    for (const { exponent, x, sx, sxx } of lines) {
      let sxy = 0;
      for (let i = 0; i < y.length; i++) sxy += w[i]! * x[i]! * y[i]!;
      const [vx, cxy, vy] = [sxx - (sx * sx) / sw, sxy - (sx * sy) / sw, syy - (sy * sy) / sw];
      let slope = vx > 0 ? cxy / vx : 0;
      let floor = (sy - slope * sx) / sw;
      let cost = vy - slope * cxy;
      // A loss has no floor below 0.
      if (floor < 0) {
        [floor, slope] = [0, sxy / sxx];
        cost = syy - slope * sxy;
      }
      if (best === null || cost < best.cost)
        best = { floor, scale: slope * unit ** exponent, exponent, cost: Math.max(0, cost) };
    }
    return best!;
  };
}

const lossAt = ({ floor, scale, exponent }: Fit, t: number): number => floor + scale * t ** -exponent;

/**
 * Fits L(t) = L_inf + a t^-b to what comes after the first tenth of a curve (Kaplan et al. 2020; Hoffmann et al. 2022 write
 * loss against tokens so), and says how far it falls over further steps. Intervals are the wider, on each side, of percentiles and their reflection, by the circular block
 * bootstrap of residuals (Künsch 1989), so they hold while the law does: with the schedule as it was, and the same data. They do
 * not know of a decay of the rate that is to come.
 * @param ahead further steps; by default a tenth of those done.
 * @param turned the validation loss has turned: there is nothing to gain by going on.
 * @param seed of the bootstrap.
 */
export function outlookOf(
  series: Pick<Series, "steps" | "losses"> | null,
  {
    ahead,
    turned = false,
    seed = 0,
  }: { ahead?: number | undefined; turned?: boolean | undefined; seed?: number | undefined } = {},
): Outlook {
  const last = series?.steps.at(-1) ?? 0;
  const steps = ahead ?? niceSteps(last / 10);
  const none = (reason: string): Outlook => ({ law: null, steps, gain: null, reason });
  if (series === null || last <= 0) return none("there is no curve to go by");
  if (turned) return none("the validation loss has turned: it rises, and a power law only falls");
  const begin = Math.max(BEGIN * last, series.steps.find((step) => step > 0)!);
  const points = begin < last ? logBins(series, begin) : { t: [], y: [], w: [] };
  if (points.t.length < LEAST)
    return none(
      `there are ${points.t.length} points after the first tenth of the run, and ${LEAST} are needed`,
    );
  const refit = fitterOf(points);
  const fit = refit(points.y);
  const weight = points.w.reduce((sum, value) => sum + value, 0) / points.t.length;
  const n = points.t.length;
  const left = points.y.map((y, i) => y - lossAt(fit, points.t[i]!));
  const sigma = Math.sqrt(fit.cost / weight / (n - 3));
  // Residuals of one scatter, whatever the points behind them.
  const scaled = left.map((value, i) => value * Math.sqrt(points.w[i]!));
  const fall = lossAt(fit, points.t[0]!) - lossAt(fit, last);
  if (!(fit.scale > 0) || !(fall > (2 * sigma) / Math.sqrt(n / 4)))
    return none(
      "the loss no longer falls by more than its noise: no power law can be told from a level line",
    );
  // Three parameters take some of the noise with them.
  const inflate = Math.sqrt(n / (n - 3));
  const random = seededRandom(seed);
  const drawn: { floor: number; exponent: number; gain: number }[] = [];
  for (let k = 0; k < RESAMPLES; k++) {
    const y = new Array<number>(n);
    for (let i = 0; i < n; i += BLOCK) {
      const start = Math.floor(random() * n);
      for (let j = 0; j < BLOCK && i + j < n; j++)
        y[i + j] =
          lossAt(fit, points.t[i + j]!) + (inflate * scaled[(start + j) % n]!) / Math.sqrt(points.w[i + j]!);
    }
    const again = refit(y);
    drawn.push({
      floor: again.floor,
      exponent: again.exponent,
      gain: lossAt(again, last) - lossAt(again, last + steps),
    });
  }
  const ranged = (value: number, of: "floor" | "exponent" | "gain"): Ranged => {
    const sorted = Float64Array.from(drawn, (one) => one[of]).sort();
    const [below, above] = [quantileOf(sorted, 0.05), quantileOf(sorted, 0.95)];
    // Percentiles carry the estimate's bias twice, their reflection takes it back: the wider of both on each side.
    return {
      value,
      low: Math.max(0, Math.min(value, below, 2 * value - above)),
      high: Math.max(value, above, 2 * value - below),
    };
  };
  const law = {
    floor: ranged(fit.floor, "floor"),
    scale: fit.scale,
    exponent: ranged(fit.exponent, "exponent"),
    ...{ from: points.t[0]!, to: last, sigma },
  };
  // A law that leaves more than noise is none: neighbouring residuals then have one sign.
  const runs =
    left.slice(1).reduce((sum, value, i) => sum + value * left[i]!, 0) /
    left.reduce((sum, value) => sum + value * value, 1e-30);
  if (runs > MOST_CORRELATED && sigma > 0.1 * fall)
    return {
      law,
      steps,
      gain: null,
      reason:
        "the curve does not follow a power law: what is left of it is no noise (a restart, a drop of the rate)",
    };
  return { law, steps, gain: ranged(lossAt(fit, last) - lossAt(fit, last + steps), "gain"), reason: null };
}

/** Correlation of neighbouring residuals beyond which a law does not fit. */
const MOST_CORRELATED = 0.8;

/** 1, 2 or 5 times a power of ten, near to a number and at least 1. */
function niceSteps(about: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, about)));
  const digit = about / power;
  return Math.max(1, (digit < 1.5 ? 1 : digit < 3.5 ? 2 : digit < 7.5 ? 5 : 10) * power);
}
