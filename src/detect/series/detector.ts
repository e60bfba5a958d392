/** The fifth detector: what the course of the log-probabilities says, by a fitted model. */
import { type CalibrationIdentity, checkIdentity } from "../../calibrate/index.ts";
import { abortError, type TokenRecord } from "../../core/index.ts";
import type { Detector, Examination, ExaminedAnswer } from "../finding.ts";
import { calibrated, logitOf } from "../learn/index.ts";
import type { SeriesArtefact } from "./fit.ts";
import { addToSeries, emptySeries, SERIES_CHANNELS, type SeriesColumns, summarise } from "./summary.ts";

/** Options of `seriesDetector` and `readSeries`. */
export interface SeriesDetectorOptions {
  /** What gives the tokens now; compared with what the artefact was fitted to. Default: not known, and not compared. */
  identity?: Partial<CalibrationIdentity> | undefined;
  /** Another model or tokenizer is an error. Default false: a warning, here and in each examination's `reason`. */
  strict?: boolean | undefined;
  /** Gets each warning once. Default: nothing is said but in `reason`. */
  onWarning?: ((warning: string) => void) | undefined;
}

/** Unit of this detector's suspicion: 0 ... 1, calibrated on held-out folds. */
export const PROBABILITY_WRONG = "probability of being wrong";

/** What a series says so far. */
export interface SeriesReading {
  /** That the answer is wrong, 0 ... 1, as if it ended here; `null`: no token had a number yet. */
  probability: number | null;
  /** Tokens read. */
  tokens: number;
  /** What was known at the fit and is not known of this series, for people. */
  reason?: string | undefined;
}

/** A series as it comes. */
export interface SeriesReader {
  /** Tokens of other parts than the answer are passed over. */
  add(token: TokenRecord): void;
  /** At any time; it costs a sort of what was read, and changes nothing. */
  read(): SeriesReading;
}

/**
 * A detector that needs the answer's tokens. It has no findings: what it says is said of the whole.
 * @throws SurprisalError CALIBRATION_MISMATCH for another model or tokenizer than it was fitted to, under `strict`.
 */
export function seriesDetector(artefact: SeriesArtefact, options: SeriesDetectorOptions = {}): Detector {
  const warnings = mismatches(artefact, options);
  return {
    signal: "series",
    examine: async ({ tokens }: ExaminedAnswer, { signal }: { signal?: AbortSignal | undefined } = {}) => {
      if (signal?.aborted) throw abortError("Reading a series", signal);
      const start = performance.now();
      const columns = emptySeries();
      for (const token of tokens ?? []) addToSeries(columns, token);
      const { probability, reason } = reading(artefact, columns);
      const missing = tokens === undefined ? "the answer's tokens are not known" : reason;
      const sentences = [missing, ...warnings].filter((each) => each !== undefined);
      return {
        signal: "series",
        suspicion: probability,
        unit: PROBABILITY_WRONG,
        ...(sentences.length > 0 && { reason: sentences.join("; ") }),
        findings: [],
        features: { "log-odds": logOdds(probability) },
        price: { tokensRun: 0, tokensWritten: 0, ms: performance.now() - start },
      } satisfies Examination;
    },
  };
}

/**
 * Reads a series while it is written.
 * @throws SurprisalError as `seriesDetector`.
 */
export function readSeries(artefact: SeriesArtefact, options: SeriesDetectorOptions = {}): SeriesReader {
  mismatches(artefact, options);
  const columns = emptySeries();
  return {
    add: (token) => void addToSeries(columns, token),
    read: () => ({ ...reading(artefact, columns), tokens: columns.surprisal.length }),
  };
}

/** Of 0 and 1 they would be infinite. */
function logOdds(probability: number | null): number | null {
  if (probability === null) return null;
  const p = Math.min(1 - 1e-12, Math.max(1e-12, probability));
  return Math.log(p) - Math.log1p(-p);
}

function reading(
  { head, withLength }: SeriesArtefact,
  columns: SeriesColumns,
): { probability: number | null; reason?: string } {
  if (columns.surprisal.length === 0) return { probability: null, reason: "there are no tokens" };
  if (columns.surprisal.every(Number.isNaN))
    return { probability: null, reason: "no token has a log-probability" };
  const lacking = SERIES_CHANNELS.filter(
    (channel) =>
      columns[channel].every(Number.isNaN) &&
      head.features.some(({ name }) => name.startsWith(`${channel}-`)),
  );
  return {
    probability: calibrated(head, logitOf(head, summarise(columns, withLength))),
    ...(lacking.length > 0 && { reason: `masked, since not known of this answer: ${lacking.join(", ")}` }),
  };
}

function mismatches(
  artefact: SeriesArtefact,
  { identity, strict, onWarning }: SeriesDetectorOptions,
): string[] {
  const warnings: string[] = [];
  const gather = (warning: string) => {
    warnings.push(warning);
    onWarning?.(warning);
  };
  if (identity) checkIdentity(artefact, identity, { strict, onWarning: gather });
  return warnings;
}
