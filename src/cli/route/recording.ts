/** Asking a model many questions into a file of records, in front of a person. */
import { existsSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile, onInterrupt } from "../../files/index.ts";
import {
  type RecordedQuestion,
  RecordsFile,
  type RecordsHeader,
  type RouteRecord,
  recordQuestions,
} from "../../route/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { someFailed, usage } from "../errors.ts";
import { startProgress } from "../render/index.ts";

/** Before a model is loaded. @throws SurprisalError USAGE, FILE_UNWRITABLE */
export function checkRecordsFile(
  file: string | undefined,
  questions: string | undefined,
  resume: boolean,
): string {
  if (file === undefined) throw usage("There is no file for the records: --out FILE");
  if (questions !== undefined && questions !== "-" && isSameFile(file, questions))
    throw usage("The questions would be overwritten", file);
  if (!resume && existsSync(file))
    throw usage("--out names a file that is there already; --resume goes on with it", file);
  assertWritable(file);
  return file;
}

interface Recording<Question extends RecordedQuestion> {
  file: string;
  header: Omit<RecordsHeader, "schema">;
  questions: readonly Question[];
  resume: boolean;
  atOnce: number;
  quiet: boolean;
  record: (question: Question) => Promise<RouteRecord>;
}

/**
 * Records what is missing.
 * @throws SurprisalError MODEL_FAILED where questions failed, once all the others have their records; what would fail for all.
 */
export async function recordInto<Question extends RecordedQuestion>(
  recording: Recording<Question>,
): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }> {
  const { file: name, header, questions, resume, atOnce, quiet, record } = recording;
  using file = RecordsFile.open(name, { header: { ...header, atOnce }, questions, resume });
  const there = file.contents.records.length;
  const progress = startProgress({ label: "recording", unit: "questions" });
  let done = 0;
  const stopWatching = onInterrupt(() => {
    progress.end();
    file[Symbol.dispose]();
    const written = file.contents.records.length - there;
    process.stderr.write(
      `Interrupted: ${formatCount(written)} of ${formatPlural(questions.length - there, "question")} done, in ${visible(name)}. The same command with --resume goes on.\n`,
    );
  });
  try {
    const failures = await recordQuestions(file, questions, record, {
      atOnce,
      onProgress: (state) => {
        done = state.done;
        if (!quiet) progress.update({ done, total: state.missing });
      },
    }).catch((error: unknown) => {
      throw stopped(error, name, file.contents.records.length, questions.length);
    });
    progress.end();
    if (!quiet)
      for (const note of missingNotes(file.contents.records)) process.stderr.write(`note: ${note}\n`);
    if (!quiet)
      process.stderr.write(
        `${formatPlural(file.contents.records.length, "record")}${there > 0 ? `, ${formatCount(there)} of them there before,` : ""} in ${visible(name)}\n`,
      );
    if (failures.length > 0)
      throw someFailed({
        failures: failures.map(({ error, id }) => ({ error, where: `question ${id}` })),
        ...{ done, noun: "question", wayOut: "Mend the question." },
        next: `The others are in ${name}; --resume asks again what failed.`,
      });
    return file.contents;
  } finally {
    stopWatching();
    progress.end();
  }
}

/** What ends a recording says what is kept, and how it goes on; a server that fails has no other way out. */
export function stopped(
  error: unknown,
  file: string | undefined,
  recorded: number,
  questions: number,
): unknown {
  if (!SurprisalError.isInstance(error)) return error;
  const { code, what, where, wayOut, cause } = error;
  const goOn =
    recorded > 0 && file !== undefined
      ? `${formatCount(recorded)} of ${formatPlural(questions, "question")} are in ${visible(file)}: the same command with --resume goes on.`
      : null;
  const own =
    wayOut ??
    (code === "SERVER_ERROR" ? "The server failed: its log says why. Ask again once it answers." : null);
  if (goOn === null && own === null) return error;
  return new SurprisalError({ code, what, where, wayOut: [own, goOn].filter(Boolean).join(" "), cause });
}

/** Numbers that a source did not give: a router has nothing to go by then. */
function missingNotes(records: readonly RouteRecord[]): string[] {
  const of = (count: number, all: number, what: string) =>
    count === 0
      ? []
      : [
          `${formatCount(count)} of ${formatPlural(all, what)} ${count === 1 ? "has" : "have"} no numbers to go by: log-probabilities are missing (\`surprisal probe\` says what a server gives)`,
        ];
  const signals = records
    .flatMap(({ paths }) => Object.values(paths))
    .flatMap(({ signals }) => (signals ? [signals] : []));
  const traces = records.flatMap(({ traces = [] }) => traces);
  const thinkings = records.flatMap(({ thinking }) => thinking ?? []);
  const none = (values: readonly (number | null)[]) =>
    values.length > 0 && values.every((value) => value === null);
  return [
    ...of(signals.filter((each) => none(Object.values(each))).length, signals.length, "answer"),
    ...of(traces.filter(({ confidences }) => none(confidences)).length, traces.length, "trace"),
    ...of(thinkings.filter(({ firstChoices }) => none(firstChoices)).length, thinkings.length, "thinking"),
  ];
}
