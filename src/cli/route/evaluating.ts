/** What `eval` is given, for all commands of `surprisal route`: recorded before, or now. */
import { SurprisalError } from "../../core/index.ts";
import type { RecordsHeader, RouteRecord, RouteRecords } from "../../route/index.ts";
import { formatCount, formatPlural } from "../../text/index.ts";
import { usage } from "../errors.ts";
import { type QuestionSet, type QuestionsGiven, readQuestionSet } from "./questions.ts";
import { checkRecordsFile } from "./recording.ts";
import { halves, recordsOf, requireGroups } from "./routers.ts";

interface EvaluationGiven extends QuestionsGiven {
  replay: string | undefined;
  records: string | undefined;
}

/** How a command has its records. */
export interface Source {
  command: Parameters<typeof recordsOf>[1];
  /** Fewest questions of the half that something is fitted to; `null`: nothing is. */
  least: number | null;
  /** Asks the questions into a file, or those that it lacks. */
  record(set: QuestionSet, file: string): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }>;
}

/**
 * Records of --replay; or those of --records, once they are complete. What would be too few to fit to is refused before a model is asked.
 * @throws SurprisalError USAGE; CALIBRATION_TOO_SMALL; as `recordsOf`, `recordInto`.
 */
export async function judgedRecords(
  given: EvaluationGiven,
  { command, least, record }: Source,
): Promise<RouteRecords> {
  const { replay, records: file, questions } = given;
  if (replay !== undefined) {
    if (file !== undefined || questions !== undefined || given.problems !== undefined)
      throw usage("--replay judges records: leave out the questions and --records");
    return recordsOf(replay, command);
  }
  if (file === undefined)
    throw usage("Give --replay FILE, or --records FILE with questions that are recorded into it");
  const name = checkRecordsFile(file, questions, true);
  const set = await readQuestionSet(given);
  if (least !== null) requireHalf(set, least);
  const { header, records } = await record(set, name);
  return { header, records: [...records], wholeBytes: 0 };
}

/** Even if every question came to be of use. */
function requireHalf({ questions }: QuestionSet, least: number): void {
  const originals = questions.filter(({ rewordingOf }) => rewordingOf === undefined);
  requireGroups(originals.map(({ id, group }) => group ?? id));
  const half = Math.ceil(originals.length / 2);
  if (half >= least) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: `${formatPlural(originals.length, "question")} are too few: one half is fitted to, which needs ${formatCount(least)} at least`,
    where: "questions",
    wayOut: `Give ${formatCount(2 * least)} questions or more, ask for fewer (--least) and trust the result less, or judge what was fitted before (--artefact).`,
  });
}

/** What is fitted to one half, and the other half, which it is judged on; what is known before is judged on all. */
export function fittedAndJudged<Fitted>(
  all: RouteRecords,
  seed: number,
  known: Fitted | null,
  fitter: (half: RouteRecords) => Fitted,
): { fitted: Fitted; judged: RouteRecords } {
  if (known !== null) return { fitted: known, judged: all };
  const { fitted, judged } = halves(all, seed);
  try {
    return { fitted: fitter(fitted), judged };
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code !== "CALIBRATION_TOO_SMALL") throw error;
    throw error.at(`the half of ${formatPlural(all.records.length, "record")} that is fitted to`);
  }
}
