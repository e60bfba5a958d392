/** Deciding about many states: a row each, in their order, kept as they come. */
import { SurprisalError } from "../../core/index.ts";
import { type DecideOptions, type Decisions, decide, type Question } from "../../decide/index.ts";
import { onInterrupt } from "../../files/index.ts";
import type { LanguageModel } from "../../models/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { errorEvent } from "../chat/index.ts";
import { partsOf } from "../errors.ts";
import type { AnswerFile, Kept, Request } from "../generate/index.ts";
import { printEvent } from "../json.ts";
import { startProgress } from "../render/index.ts";
import type { StateRow } from "./given.ts";

/** A line of the file: the place of the state is `prompt`, as in the rows of `surprisal generate`. */
interface DecisionRow extends Kept, Pick<Decisions, "decisions" | "usage" | "notes"> {
  type: "answer";
  id: string | number | null;
}

interface StatesGiven {
  rows: readonly StateRow[];
  questions: readonly Question[];
  options: DecideOptions;
  request: Request;
  /** `null`: rows go to standard output. */
  file: AnswerFile | null;
  /** Its name. */
  out: string | undefined;
  quiet: boolean;
}

/**
 * Decides what is missing.
 * @throws SurprisalError MODEL_FAILED, once all the others have their answers; what would fail for all of them, at once.
 */
export async function decideStates(model: LanguageModel, given: StatesGiven): Promise<void> {
  const { rows, questions, options, request, file, out, quiet } = given;
  const missing = rows.filter((row) => !file?.has(row, 0));
  const failures: { row: StateRow; error: unknown }[] = [];
  let done = 0;
  const progress = startProgress({ label: "deciding", unit: "states" });
  const stopWatching = onInterrupt(() => {
    progress.end();
    file?.[Symbol.dispose]();
    const so = `Interrupted: ${formatCount(done)} of ${formatPlural(missing.length, "state")} done`;
    process.stderr.write(
      out === undefined
        ? `${so}. With --out FILE they can be gone on with.\n`
        : `${so}, in ${visible(out)}. Go on with the same command and --resume.\n`,
    );
  });
  const keep = (row: Kept) => (file ? file.add(row) : printEvent(row));
  try {
    for (const row of missing) {
      const head = { prompt: row.index, id: row.id, sample: 0, promptSha256: row.sha256, request };
      try {
        const { decisions, usage, notes } = await decide(model, { state: row.state, questions }, options);
        const decided: DecisionRow = { type: "answer", ...head, decisions, usage, notes };
        keep(decided);
      } catch (error) {
        if (!isAboutState(error)) throw error;
        failures.push({ row, error });
        const { type, ...said } = errorEvent(error);
        keep({ ...head, ...said, type: "error" });
      }
      done++;
      if (!quiet) progress.update({ done, total: missing.length });
    }
    file?.finish();
  } finally {
    stopWatching();
    progress.end();
  }
  if (!quiet && file)
    process.stderr.write(
      `${formatPlural(done - failures.length, "state")} decided, in ${visible(out ?? "")}\n`,
    );
  if (failures.length > 0) throw failed(failures, done, out);
}

/** What another state may not have: it is too long, empty, or no text. */
const isAboutState = (error: unknown): boolean =>
  SurprisalError.isInstance(error) &&
  (["CONTEXT_EXCEEDED", "EMPTY_INPUT", "INVALID_UTF8"].includes(error.code) ||
    (error.code === "INVALID_ARGUMENT" && error.where === "state"));

function failed(
  failures: readonly { row: StateRow; error: unknown }[],
  done: number,
  out: string | undefined,
): SurprisalError {
  const [{ row, error }] = failures as [{ row: StateRow; error: unknown }];
  const { code, what, wayOut } = partsOf(error);
  return new SurprisalError({
    code: "MODEL_FAILED",
    what: `${formatCount(failures.length)} of ${formatPlural(done, "state")} failed; the first with ${code}: ${what}`,
    where: row.where,
    wayOut: `${wayOut ?? "Mend the state."}${out === undefined ? "" : " --resume tries what failed again."}`,
    cause: error,
  });
}
