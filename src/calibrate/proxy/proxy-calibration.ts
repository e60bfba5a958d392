/** From what an open model says of a text to what a closed one would say, where both are known for some texts. */
import { invalidArgument, type SurprisalError } from "../../core/index.ts";

/** A text, or a span of one, under both models. */
export interface ProxyPair {
  /** Surprisal under the proxy, nats per byte, >= 0. */
  proxy: number;
  /** Surprisal under the model that the proxy stands for, nats per byte, >= 0. */
  actual: number;
  /** UTF-8 bytes of the text. For all pairs or for none; without, all count the same. */
  bytes?: number | undefined;
}

/** A fitted map, as data: plain JSON. `applyProxyCalibration` applies it. */
export interface ProxyCalibration {
  /** Version of this form. */
  version: 1;
  /** Nats per byte at a proxy of 0. */
  intercept: number;
  /** Nats of the model per nat of the proxy. */
  slope: number;
  /** Pairs it was fitted to. */
  pairs: number;
  /** Mean bytes of their texts, what the errors below are for; `null` where the pairs say no bytes. */
  typicalBytes: number | null;
  /** sqrt(Σ w e² / (n-2)), nats per byte: how far a text of typical length lies from the line. */
  residualStandardError: number;
  /** Share of the (weighted) variance that the line explains, <= 1; `null` where all `actual` are equal. */
  rSquared: number | null;
  /**
   * Root mean square error (weighted) of each text's estimate by the line through the others, nats per byte: what to
   * expect of a new text.
   */
  leaveOneOutError: number;
  /** Coverage of the prediction intervals, between 0 and 1. */
  level: number;
  /** Least and largest proxy among the pairs. Beyond them an estimate is a guess. */
  range: { low: number; high: number };
  /** Weighted mean of the proxy, nats per byte. */
  meanProxy: number;
  /** Σ w (proxy - meanProxy)². */
  spread: number;
}

/** The line as the parameters of an artefact. */
export interface ProxyLine extends ProxyCalibration {
  kind: "proxy-line";
  /** The model that is stood for, as it was named; `null` = nobody named it. */
  standsFor: string | null;
}

/** What a calibrated proxy says of the other model, nats per byte. */
export interface ProxyEstimate {
  /** >= 0 */
  estimate: number;
  /** Lower end of the prediction interval, >= 0. */
  low: number;
  /** Upper end. */
  high: number;
  /** The proxy is outside the range it was calibrated in. */
  extrapolated: boolean;
}

/** Two for the line, and two to tell its error. */
const FEWEST_PAIRS = 4;

/**
 * Fits actual = intercept + slope · proxy by weighted least squares, weights w = bytes / mean bytes.
 *
 * A line: it has two parameters for the few texts there are, and over a text both surprisals are sums over the same
 * events, which makes them proportional but for what one model knows and the other does not. Weights: a mean over B
 * bytes wavers with a variance like 1/B, so a long text says more. That holds for what wavers within texts; where the
 * models differ from text to text (one knows the subject), the intervals of texts much longer than the typical one are too
 * narrow.
 *
 * Source: Draper & Smith, "Applied Regression Analysis", chapters 1, 9 (weights) and 8 (leverages, by which leaving a
 * text out needs no new fit).
 * @param options.level coverage of the prediction intervals, strictly between 0 and 1. Default 0.95.
 * @throws SurprisalError INVALID_ARGUMENT for fewer than 4 pairs, numbers that are none, and proxies so alike that they
 *   determine no line, or would not without one of them; numbers too large to be squared.
 */
export function calibrateProxy(
  pairs: readonly ProxyPair[],
  { level = 0.95 }: { level?: number | undefined } = {},
): ProxyCalibration {
  checkPairs(pairs, level);
  const n = pairs.length;
  const typicalBytes = pairs[0]!.bytes === undefined ? null : mean(pairs.map(({ bytes }) => bytes!));
  const points = pairs.map(({ proxy: x, actual: y, bytes }) => ({
    x,
    y,
    w: typicalBytes === null ? 1 : bytes! / typicalBytes, // Σ w = n
  }));
  const meanX = mean(points.map(({ x, w }) => w * x));
  const meanY = mean(points.map(({ y, w }) => w * y));
  const spread = sum(points.map(({ x, w }) => w * (x - meanX) ** 2));
  const low = Math.min(...points.map(({ x }) => x));
  const high = Math.max(...points.map(({ x }) => x));
  if (!(high - low > 1e-9 * high))
    throw degenerate(`All proxies are ${low} nats per byte, which determines no line`);
  const slope = sum(points.map(({ x, y, w }) => w * (x - meanX) * (y - meanY))) / spread;
  const intercept = meanY - slope * meanX;

  let squares = 0;
  let leftOut = 0;
  for (const [i, { x, y, w }] of points.entries()) {
    const residual = y - intercept - slope * x;
    const leverage = w * (1 / n + (x - meanX) ** 2 / spread);
    if (!(leverage < 1 - 1e-9)) throw degenerate(`All proxies but that of pair ${i} are equal`);
    squares += w * residual ** 2;
    leftOut += w * (residual / (1 - leverage)) ** 2;
  }
  const total = sum(points.map(({ y, w }) => w * (y - meanY) ** 2));
  if (![intercept, slope, squares, leftOut, total].every(Number.isFinite))
    throw invalidArgument(
      `No line goes through numbers of up to ${Math.max(...points.map(({ y }) => y)).toPrecision(3)} nats per byte`,
      "pairs",
      "Check the largest: a byte has a few nats.",
    );
  return {
    version: 1,
    intercept,
    slope,
    pairs: n,
    typicalBytes,
    residualStandardError: Math.sqrt(squares / (n - 2)),
    rSquared: total > 0 ? 1 - squares / total : null,
    leaveOneOutError: Math.sqrt(leftOut / n),
    level,
    range: { low, high },
    meanProxy: meanX,
    spread,
  };
}

/**
 * What the other model would say of a text: the line's estimate and the interval that holds it with the calibration's
 * coverage, estimate ± t · s · sqrt(1/w + 1/n + (x - meanProxy)²/spread), where t is Student's with n - 2 degrees of
 * freedom and 1/w grows for a shorter text. Neither goes below 0.
 * @param proxy surprisal under the proxy, nats per byte, >= 0.
 * @param options.bytes of the text. Default: typical.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function applyProxyCalibration(
  calibration: ProxyCalibration,
  proxy: number,
  { bytes }: { bytes?: number | undefined } = {},
): ProxyEstimate {
  requireCalibration(calibration);
  requireNatsPerByte(proxy, "proxy");
  if (bytes !== undefined) requireBytes(bytes, "bytes");
  const { intercept, slope, pairs, residualStandardError, typicalBytes, meanProxy, spread } = calibration;
  const weight = bytes === undefined || typicalBytes === null ? 1 : bytes / typicalBytes;
  const estimate = intercept + slope * proxy;
  const deviation =
    residualStandardError * Math.sqrt(1 / weight + 1 / pairs + (proxy - meanProxy) ** 2 / spread);
  const margin = studentQuantile(calibration.level, pairs - 2) * deviation;
  return {
    estimate: Math.max(0, estimate),
    low: Math.max(0, estimate - margin),
    high: Math.max(0, estimate + margin),
    extrapolated: proxy < calibration.range.low || proxy > calibration.range.high,
  };
}

/**
 * The t with P(|T| <= t) = level for Student's T.
 * Source: Abramowitz & Stegun, 26.7.3 and 26.7.4 (finite sums for whole degrees of freedom), here inverted by halving.
 * @param level strictly between 0 and 1.
 * @param degrees of freedom, an integer of at least 1.
 */
export function studentQuantile(level: number, degrees: number): number {
  let low = 0; // bounds of θ = atan(t / sqrt(degrees))
  let high = Math.PI / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (studentProbability(middle, degrees) < level) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan(low);
}

/** P(|T| <= sqrt(degrees) tan θ). */
function studentProbability(theta: number, degrees: number): number {
  const odd = degrees % 2;
  const cosine = Math.cos(theta);
  let term = odd === 1 ? cosine : 1;
  let series = degrees === 1 ? 0 : term;
  for (let j = 2 + odd; j < degrees; j += 2) {
    term *= ((j - 1) / j) * cosine * cosine;
    series += term;
  }
  return odd === 1 ? (2 / Math.PI) * (theta + Math.sin(theta) * series) : Math.sin(theta) * series;
}

function checkPairs(pairs: readonly ProxyPair[], level: number): void {
  if (!(level > 0 && level < 1))
    throw invalidArgument(`${level} is no coverage`, "level", "Give a number between 0 and 1, such as 0.95.");
  if (pairs.length < FEWEST_PAIRS)
    throw invalidArgument(
      `${pairs.length} pairs do not tell a line and its error`,
      "pairs",
      `Give at least ${FEWEST_PAIRS} texts that both models have scored; twenty or more make a useful interval.`,
    );
  const withBytes = pairs[0]!.bytes !== undefined;
  for (const [i, { proxy, actual, bytes }] of pairs.entries()) {
    requireNatsPerByte(proxy, `proxy of pair ${i}`);
    requireNatsPerByte(actual, `actual of pair ${i}`);
    if (bytes !== undefined) requireBytes(bytes, `bytes of pair ${i}`);
    if ((bytes !== undefined) !== withBytes)
      throw invalidArgument(
        "Some pairs have bytes and some have none",
        `pair ${i}`,
        "Give bytes for all, or for none.",
      );
  }
}

/** It comes out of a file: a number lost on the way would be an estimate that is none. */
function requireCalibration(calibration: ProxyCalibration): void {
  const {
    version,
    intercept,
    slope,
    residualStandardError,
    meanProxy,
    pairs,
    spread,
    level,
    range,
    typicalBytes,
  } = calibration ?? {};
  if (
    version === 1 &&
    [intercept, slope, residualStandardError, meanProxy, range?.low, range?.high].every(Number.isFinite) &&
    Number.isInteger(pairs) &&
    pairs >= FEWEST_PAIRS &&
    spread > 0 &&
    level > 0 &&
    level < 1 &&
    (typicalBytes === null || typicalBytes > 0)
  )
    return;
  throw invalidArgument(
    "This is no calibration of version 1",
    "calibration",
    "Give what calibrateProxy returned, unchanged.",
  );
}

function requireNatsPerByte(value: number, where: string): void {
  if (!(Number.isFinite(value) && value >= 0))
    throw invalidArgument(
      `${value} is no surprisal per byte`,
      where,
      "Give a finite number of nats of at least 0.",
    );
}

function requireBytes(value: number, where: string): void {
  if (!(value > 0 && value < Infinity))
    throw invalidArgument(`${value} is no size of a text`, where, "Give a number of bytes above 0.");
}

const degenerate = (what: string): SurprisalError =>
  invalidArgument(
    what,
    "pairs",
    "Give texts of different difficulty: easy and hard prose, code, other languages.",
  );

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
