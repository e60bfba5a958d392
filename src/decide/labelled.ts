/** Labelled states: what calibrations of decisions are fitted to, looked at before a model is asked anything. */
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { formatPlural } from "../text/index.ts";
import { DECISION_CALIBRATORS, type DecisionCalibrator, isOfPredicates } from "./calibrated.ts";
import { checkState, type PreparedQuestion, prepareQuestions, type Question } from "./question.ts";

/** A question about a state with its right answer. */
export interface LabelledState {
  state: string;
  question: Question;
  /** Value of the right option; of a score its label, or its number from 0; `null` = not known, and counted as missing. */
  label: string | boolean | number | null;
  /** What belongs together, such as paraphrases, and is never on both sides of a split. Default: the state. */
  group?: string | number | undefined;
}

/**
 * Checks labelled states, and that a calibrator can be fitted to so many at all.
 * @returns [rows] number of the right option; `null`: not known.
 * @throws SurprisalError EMPTY_INPUT, INVALID_ARGUMENT, INVALID_UTF8 naming the row; CALIBRATION_TOO_SMALL naming the number that is missing.
 */
export function checkLabelled(
  rows: readonly LabelledState[],
  { kind, leastPerClass = 30 }: { kind?: DecisionCalibrator | undefined; leastPerClass?: number | undefined },
): (number | null)[] {
  if (rows.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no labelled states",
      where: "rows",
      wayOut: "Give rows of { state, question, label }.",
    });
  checkKind(rows, kind);
  const labels = rows.map((row, i) => {
    try {
      checkState(row.state);
      return labelOf(row, preparedOf(row));
    } catch (error) {
      throw atRow(error, i);
    }
  });
  const known = labels.filter((label) => label !== null).length;
  if (known < 2 * leastPerClass)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `There are ${formatPlural(known, "labelled state")}: ${2 * leastPerClass - known} more are needed to have ${leastPerClass} right and ${leastPerClass} wrong answers`,
      where: "rows",
      wayOut: "Label more states, or ask for fewer (leastPerClass, --least) and trust the result less.",
    });
  return labels;
}

/** @throws SurprisalError INVALID_ARGUMENT for a kind that decisions do not have, and one for predicates beside other questions. */
function checkKind(rows: readonly LabelledState[], kind: DecisionCalibrator = "temperature"): void {
  if (kind === "temperature" || kind === "temperature-by-kind") return;
  if (!isOfPredicates(kind))
    throw invalidArgument(
      `There is no calibrator "${String(kind)}"`,
      "kind",
      `Give ${DECISION_CALIBRATORS.join(", ")}.`,
    );
  const other = rows.findIndex(({ question }) => question?.type !== "predicate");
  if (other >= 0)
    throw invalidArgument(
      `The kind ${kind} is for predicates, and this question is none`,
      `rows[${other}].question`,
      "Take temperature or temperature-by-kind, or fit predicates by themselves.",
    );
}

/** Number of the right option. */
function labelOf({ label }: LabelledState, prepared: PreparedQuestion): number | null {
  const { options, type } = prepared;
  if (label === null) return null;
  const found =
    typeof label === "number"
      ? type === "score" && Number.isInteger(label) && label >= 0 && label < options.length
        ? label
        : -1
      : options.findIndex(({ value }) => value === label);
  if (found >= 0) return found;
  const allowed = options.slice(0, 10).map(({ value }) => JSON.stringify(value));
  throw invalidArgument(
    `${JSON.stringify(label)} is none of the ${options.length} options`,
    "label",
    `Give one of ${allowed.join(", ")}${options.length > 10 ? ", ..." : ""}, or null where it is not known.`,
  );
}

/** The row's question, checked. @throws SurprisalError as `prepareQuestions`. */
export const preparedOf = ({ question }: LabelledState): PreparedQuestion => prepareQuestions([question])[0]!;

/** An error with the row that it is about. */
export function atRow(error: unknown, row: number): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const where = (error.where ?? "").replace(/^questions\[0\]/, "question");
  const isPath = /^(state|label|question)\b(?! ")/.test(where);
  return error.at(`rows[${row}]${isPath ? "." : ", "}${where}`);
}
