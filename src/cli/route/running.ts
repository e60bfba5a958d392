/** Answers by a router: one in front of a person, or a JSON line each for many questions. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { sha256Of } from "../../calibrate/index.ts";
import { SurprisalError } from "../../core/index.ts";
import { assertWritable, isSameFile, onInterrupt } from "../../files/index.ts";
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import { formatCount, formatPlural, visible } from "../../text/index.ts";
import { errorEvent } from "../chat/index.ts";
import { shownLines, someFailed, triesAgain, usage } from "../errors.ts";
import { AnswerFile, InOrder, type Kept, requestOf } from "../generate/index.ts";
import { readGiven } from "../input.ts";
import { printDocument, printEvent } from "../json.ts";
import { startProgress } from "../render/index.ts";
import { questionRows } from "./question-rows.ts";
import { stopped } from "./recording.ts";

/** An answer with the way that it took. */
interface RoutedAnswer {
  text: string;
  /** Which way, and why. */
  reason: string;
  tokens: number;
  warnings: readonly string[];
  /** What else stands in the row. */
  details: object;
}

interface RunGiven {
  question: string;
  out: string | undefined;
  resume: boolean;
  json: boolean;
  quiet: boolean;
  atOnce: number | undefined;
}

/** Whom is asked, and how. */
export interface Asking<Asked> {
  /** Questions at once. */
  places(atOnce: number | undefined, asked: Asked): number;
  /** What an answer depends on, beside router and model: a file is gone on with only under the same. */
  options: Readonly<Record<string, unknown>>;
  /** Fields that a row's question may stand in, the first that it has. Default: "question" alone. */
  fields?: readonly string[] | undefined;
  ask(asked: Asked, question: string): Promise<RoutedAnswer>;
}

/** What is asked: a model, or several. */
type AskedModels = (LanguageModel | { identity: Pick<ModelIdentity, "name" | "source" | "sha256"> }) &
  AsyncDisposable;

interface Row {
  index: number;
  id: string | number | null;
  question: string;
  sha256: string;
  where: string;
}

const IS_FILE = /\.(?:jsonl|ndjson)$/i;

/** Whether what a person gave is a file of questions, or standard input, and not a question. */
export const isQuestionsFile = (question: string): boolean => question === "-" || IS_FILE.test(question);

const formOf = ([first]: readonly string[]): string => `Lines look like {"${first}": "What is 2 + 3?"}.`;
/** Where so many fail before the first is answered, it is not the questions. */
const HOPELESS = 3;

/**
 * Answers one question or a file of them.
 * @throws SurprisalError MODEL_FAILED where questions failed, once all the others have their answers; what would fail for all.
 */
export async function runMany<Asked extends AskedModels>(
  given: RunGiven,
  artefact: object,
  open: () => Promise<Asked>,
  asking: Asking<Asked>,
): Promise<void> {
  const { question, out, resume } = given;
  if (!isQuestionsFile(question)) {
    if (out !== undefined || resume) throw usage("--out and --resume are for a file of questions", question);
    await runOne(given, open, asking);
    return;
  }
  if (resume && out === undefined) throw usage("--resume needs --out");
  if (out !== undefined) {
    if (question !== "-" && isSameFile(out, question)) throw usage("The questions would be overwritten", out);
    if (!resume && existsSync(out))
      throw usage("--out names a file that is there already; --resume goes on with it", out);
    assertWritable(out);
  }
  const rows = await rowsOf(question, asking.fields ?? ["question"]);
  await using asked = await open();
  const places = asking.places(given.atOnce, asked);
  const request = requestOf(asked.identity, {
    ...asking.options,
    router: sha256Of(JSON.stringify(artefact)),
  });
  using file = out === undefined ? null : AnswerFile.open(out, { resume, request, rows, samples: 1 });
  const missing = rows.filter((row) => !file?.has(row, 0));
  const order = new InOrder<Kept>((row) => (file ? file.add(row) : printEvent(row)));
  const progress = startProgress({ label: "answering", unit: "questions" });
  const failures: { row: Row; error: unknown }[] = [];
  const said = new Set<string>();
  let [next, done, tokens] = [0, 0, 0];
  const stopWatching = onInterrupt(() => {
    progress.end();
    order.flush();
    file?.[Symbol.dispose]();
    process.stderr.write(
      `Interrupted: ${formatCount(done)} of ${formatPlural(missing.length, "question")} done.${out === undefined ? "" : ` Go on with the same command and --resume.`}\n`,
    );
  });
  const work = async () => {
    while (next < missing.length) {
      const place = next++;
      const row = missing[place]!;
      const head = { prompt: row.index, id: row.id, sample: 0, promptSha256: row.sha256, request };
      try {
        const { text, details, warnings, tokens: written } = await asking.ask(asked, row.question);
        tokens += written;
        for (const warning of warnings) said.add(warning);
        const kept = {
          ...head,
          type: "answer" as const,
          question: row.question,
          text,
          ...(places > 1 ? withoutTimes(details) : details),
          warnings,
        };
        order.add(place, kept);
      } catch (error) {
        failures.push({ row, error });
        const hopeless = failures.length >= HOPELESS && failures.length > done;
        if (hopeless || !isAboutQuestion(error)) {
          next = missing.length;
          throw error;
        }
        const failure = { ...head, ...errorEvent(error), type: "error" as const, question: row.question };
        order.add(place, failure);
      }
      done++;
      if (!given.quiet) progress.update({ done, total: missing.length });
    }
  };
  try {
    const ends = await Promise.allSettled(Array.from({ length: places }, work));
    const broken = ends.find((end) => end.status === "rejected");
    if (broken) throw stopped(broken.reason, out, done, missing.length);
    file?.finish();
  } finally {
    order.flush();
    stopWatching();
    progress.end();
  }
  for (const warning of said) process.stderr.write(`note: ${visible(warning)}\n`);
  if (!given.quiet)
    process.stderr.write(
      `${formatPlural(done - failures.length, "answer")}, ${formatPlural(tokens, "token")}${out === undefined ? "" : `, in ${visible(out)}`}\n`,
    );
  if (failures.length > 0) throw failed(failures, done, out);
}

async function runOne<Asked extends AskedModels>(
  { question, json }: RunGiven,
  open: () => Promise<Asked>,
  { ask }: Asking<Asked>,
): Promise<void> {
  if (question.trim() === "") throw usage("There is no question");
  await using asked = await open();
  const { text, reason, tokens, warnings, details } = await ask(asked, question);
  if (json) {
    printDocument({ schema: "surprisal.route-run/1", question, text, ...details, warnings });
    return;
  }
  process.stdout.write(`${shownLines(text.trim())}\n`);
  process.stderr.write(`${visible(reason)} · ${formatPlural(tokens, "token")}\n`);
  for (const warning of warnings) process.stderr.write(`note: ${visible(warning)}\n`);
}

async function rowsOf(file: string, fields: readonly string[]): Promise<Row[]> {
  const name = file === "-" ? "standard input" : file;
  const bytes = await readGiven(file, {
    wayOutWhenMissing: "Check the name; a question may not end like a file's name.",
  });
  const rows = questionRows(bytes, name, formOf(fields), fields).map(({ row: { id }, question, where }) => ({
    question,
    id: typeof id === "string" || typeof id === "number" ? id : null,
    where,
  }));
  return rows.map((row, index) => ({
    ...row,
    index,
    sha256: createHash("sha256").update(row.question).digest("hex"),
  }));
}

/** Where several are asked at once, the times are those of a busy model: `ms` is null then. */
const withoutTimes = (details: object): object =>
  JSON.parse(JSON.stringify(details), (key, value: unknown) => (key === "ms" ? null : value));

/** What another question may not have. */
const isAboutQuestion = (error: unknown): boolean =>
  SurprisalError.isInstance(error) &&
  [
    ...["CONTEXT_EXCEEDED", "EMPTY_INPUT", "MODEL_FAILED", "TOO_MANY_SEQUENCES"],
    ...["WIRE_MALFORMED", "SERVER_ERROR", "STREAM_CUT", "ANSWER_TOO_LONG"],
  ].includes(error.code);

function failed(
  failures: readonly { row: Row; error: unknown }[],
  done: number,
  out: string | undefined,
): SurprisalError {
  return someFailed({
    failures: failures
      .toSorted((a, b) => a.row.index - b.row.index)
      .map(({ row, error }) => ({ error, where: row.where })),
    ...{ done, noun: "question", wayOut: "Mend the question.", next: triesAgain(out) },
  });
}
