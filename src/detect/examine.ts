/** Several detectors over one answer. */
import { abortError, errorCode, invalidArgument, whenAborted } from "../core/index.ts";
import type { Detector, Examination, ExaminedAnswer, Signal } from "./finding.ts";

/** A detector that failed. */
export interface FailedDetector {
  signal: Signal;
  /** One of ERROR_CODES, or what the system gave; "INTERNAL" where the error has none. */
  code: string;
  /** For people. */
  reason: string;
}

/** An answer and all that detectors said of it: what `fuse` takes. */
export interface ExaminedBy {
  answer: string;
  /** In the order of the detectors. */
  examinations: readonly Examination[];
  failures: readonly FailedDetector[];
}

/** Options of `examine`. */
export interface ExamineOptions {
  signal?: AbortSignal | undefined;
  /** Is shown each examination as it is there. */
  onExamination?: ((examination: Examination) => void) | undefined;
}

/**
 * Lets detectors look at an answer, one after the other. What one throws, or says that cannot be, is kept as its failure; the
 * others go on.
 * @throws SurprisalError ABORTED as soon as the signal is aborted; INVALID_ARGUMENT for two detectors of one signal.
 */
export async function examine(
  answer: ExaminedAnswer,
  detectors: readonly Detector[],
  { signal: abort, onExamination }: ExamineOptions = {},
): Promise<ExaminedBy> {
  const twice = detectors.find(({ signal }, i) => detectors.findIndex((each) => each.signal === signal) < i);
  if (twice)
    throw invalidArgument(
      `There are two detectors of the signal ${twice.signal}`,
      "detectors",
      "Give one of each signal.",
    );
  const examinations: Examination[] = [];
  const failures: FailedDetector[] = [];
  for (const detector of detectors) {
    if (abort?.aborted) throw abortError("Examining the answer", abort);
    try {
      const examination = await orAborted(detector.examine(answer, { signal: abort }), abort);
      requireSound(examination, detector, answer.answer.length);
      examinations.push(examination);
    } catch (error) {
      if (abort?.aborted) throw abortError("Examining the answer", abort);
      failures.push({
        signal: detector.signal,
        code: errorCode(error) || "INTERNAL",
        reason: error instanceof Error ? error.message : String(error),
      });
      continue;
    }
    onExamination?.(examinations.at(-1)!);
  }
  return { answer: answer.answer, examinations, failures };
}

/** What comes first: a detector that does not listen is not waited for. */
async function orAborted<T>(work: Promise<T>, abort: AbortSignal | undefined): Promise<T> {
  let callOff = () => {};
  const aborted = new Promise<never>((_, reject) => {
    callOff = whenAborted(abort, () => reject(abortError("Examining the answer", abort)));
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    callOff();
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Detectors of users may be written without types. */
const isExamination = (value: unknown): boolean =>
  isObject(value) &&
  "findings" in value &&
  Array.isArray(value.findings) &&
  value.findings.every(isObject) &&
  "features" in value &&
  isObject(value.features) &&
  "suspicion" in value;

/** @throws SurprisalError INVALID_ARGUMENT for what no detector may say. */
function requireSound(examination: Examination, detector: Detector, length: number): void {
  if (!isExamination(examination))
    throw invalidArgument(
      `The detector ${detector.signal} gives no examination`,
      "detectors",
      "Give an object with signal, suspicion, unit, findings, features and price.",
    );
  const { signal, suspicion, features, findings } = examination;
  const numbers = Object.entries(features).concat([["suspicion", suspicion]]);
  const noNumber = numbers.find(
    ([, value]) => value !== null && (typeof value !== "number" || Number.isNaN(value)),
  );
  const misplaced = findings.find(
    ({ start, end }) =>
      !Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start || end > length,
  );
  const unscaled = findings.find(({ strength }) => !(strength >= 0 && strength <= 1));
  const problem =
    signal !== detector.signal
      ? `says it is of the signal ${signal}`
      : noNumber
        ? `gives ${String(noNumber[1])} as ${noNumber[0]}`
        : misplaced
          ? `has a finding from ${misplaced.start} to ${misplaced.end} in ${length} characters`
          : unscaled
            ? `has a finding of the strength ${unscaled.strength}`
            : null;
  if (problem !== null)
    throw invalidArgument(
      `The detector ${detector.signal} ${problem}`,
      "detectors",
      "This is a bug of the detector.",
    );
}
