/** Labelled answers for `surprisal calibrate`, in columns: of a file's rows, or of the questions of a run. */
import { statSync } from "node:fs";
import type { CalibrationIdentity, LabelledAnswers } from "../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { answerRows as answersOfRun, readRun } from "../evaluate/index.ts";
import { kernelsOf } from "../models/kernels.ts";
import { type FieldNames, type Fields, fieldsOf, numberOf, readAnswer } from "./answer-fields.ts";
import { type AnswerRow, type AnswerRows, answerRows, FORMS } from "./answer-rows.ts";
import { usage } from "./errors.ts";
import { readGiven } from "./input.ts";

/** What was read. */
export interface AnswerFile {
  answers: LabelledAnswers;
  /** The rows as they stand, for those who write them again; `null`: they are a run's. */
  rows: AnswerRows | null;
  /** Where answer i stands, for errors. */
  placeOf: (i: number) => string;
  /** Of each answer; `null`: none has one. */
  perplexities: readonly (number | null)[] | null;
  /** What the source says of itself. */
  identity: Partial<CalibrationIdentity>;
}

/** How answers are read. */
export interface ReadAnswersOptions {
  /** Which of a run's models, where it has several. */
  of?: string | undefined;
  maxMib?: number | undefined;
  /** Fields that are called otherwise. */
  names?: FieldNames | undefined;
  /** A file without a field for labels is refused. */
  needsLabels: boolean;
}

/** Rows by which the fields are known. */
const FIRST_ROWS = 1000;

/**
 * Reads a file, "-", or a run's folder.
 * @throws SurprisalError INVALID_ARGUMENT naming the line, EMPTY_INPUT, USAGE, and what reading throws.
 */
export async function readAnswers(
  source: string,
  { of: model, maxMib, names = {}, needsLabels }: ReadAnswersOptions,
): Promise<AnswerFile> {
  if (source !== "-" && isFolder(source)) return runAnswers(source, model);
  const rows = answerRows(await readGiven(source, { maxMib }), source);
  const first: AnswerRow[] = [];
  for (const row of rows.rows()) if (first.push(row) === FIRST_ROWS) break;
  const fields = fieldsOf(
    first.map(({ row }) => row),
    names,
    rows.place(first[0]?.line ?? 1),
  );
  if (needsLabels && fields.label === null)
    throw invalidArgument(
      "The lines do not say whether an answer was right",
      rows.place(first[0]!.line),
      `The fields are ${Object.keys(first[0]!.row).join(", ")}: name the one that says it, --label-field NAME.`,
    );
  return { ...columnsOf(rows, fields), rows, identity: {} };
}

function columnsOf(
  rows: AnswerRows,
  fields: Fields,
): Pick<AnswerFile, "answers" | "placeOf" | "perplexities"> {
  const given: (number | number[] | null)[] = [];
  const labels: (number | boolean | null)[] = [];
  const lines: number[] = [];
  const [groups, kinds] = [new Together<string | number>("group"), new Together<string>("kind")];
  const perplexities: (number | null)[] = [];
  let hasPerplexity = false;
  for (const { row, line } of rows.rows()) {
    const where = rows.place(line);
    const answer = readAnswer(row, fields, where);
    given.push(answer.given);
    labels.push(answer.label);
    groups.add(groupOf(row[fields.group], where), where);
    kinds.add(row.kind as string | undefined, where); // readAnswer has checked it
    const { perplexity = null } = row;
    hasPerplexity ||= perplexity !== null;
    perplexities.push(perplexity === null ? null : numberOf(perplexity));
    lines.push(line);
  }
  const more = {
    ...(groups.values.length > 0 && { groups: groups.values }),
    ...(kinds.values.length > 0 && { kinds: kinds.values }),
  };
  const answers: LabelledAnswers =
    fields.form === "a score"
      ? { scores: given as (number | null)[], correct: labels, ...more }
      : { logprobs: given as (number[] | null)[], labels: labels as (number | null)[], ...more };
  return {
    answers,
    placeOf: (i) => rows.place(lines[i]!),
    perplexities: hasPerplexity ? perplexities : null,
  };
}

function groupOf(value: unknown, where: string): string | number | undefined {
  if (value === undefined || typeof value === "string" || typeof value === "number") return value;
  throw invalidArgument("The group is neither a text nor a number", where, FORMS);
}

/** A column that all rows have, or none. */
class Together<T> {
  readonly values: T[] = [];
  readonly #name: string;
  #rows = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(value: T | undefined, where: string): void {
    const had = this.values.length;
    if (value !== undefined) this.values.push(value);
    if (this.values.length > 0 && this.values.length <= this.#rows)
      throw invalidArgument(
        `Some lines have a ${this.#name}, and ${had > 0 ? "this has none" : "those before have none"}`,
        where,
        "Give one in all lines, or in none.",
      );
    this.#rows++;
  }
}

/** What `work` gives; an error about one of the answers names its line. */
export function atLine<Result>({ placeOf }: AnswerFile, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    const [, number] =
      /^(?:logprobs|labels|scores|correct|probabilities)\[(\d+)\]/.exec(error.where ?? "") ?? [];
    throw number === undefined ? error : error.at(placeOf(Number(number)));
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // reading it says why
  }
}

/** The answers of one model to a run's questions: options by ln p, grouped by question, of the kind of their task. */
function runAnswers(folder: string, wanted: string | undefined): AnswerFile {
  const run = readRun(folder);
  const all = answersOfRun(folder, run).filter(
    ({ logprobs, label }) => logprobs.length > 1 || label !== null,
  );
  const models = [...new Set(all.map(({ model }) => model))];
  const model = wanted === undefined ? models[0] : models.find((name) => name === wanted);
  if (all.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The run has no answers to questions with choices",
      where: folder,
      wayOut: "Evaluate a task with choices: surprisal eval --task FILE.",
    });
  if (model === undefined || (wanted === undefined && models.length > 1))
    throw usage(`The run has answers of ${models.join(", ")}: --of MODEL says whose`);
  const rows = all.filter((row) => row.model === model);
  const found =
    run.models.find((each) => [each.reference, each.identity.name].includes(String(model))) ?? run.models[0];
  return {
    answers: {
      logprobs: rows.map(({ logprobs }) =>
        logprobs.length > 0 && logprobs.every((p) => p !== null) && logprobs.some((p) => p !== -Infinity)
          ? (logprobs as number[])
          : null,
      ),
      labels: rows.map(({ label }) => (label !== null && label >= 0 ? label : null)),
      groups: rows.map(({ questionSha256, task, item }) => questionSha256 ?? `${task} ${item}`),
      kinds: rows.map(({ task }) => task ?? ""),
    },
    rows: null,
    placeOf: (i) => rows[i]!.place,
    perplexities: null,
    identity: {
      model: found ? { name: found.identity.name, sha256: found.identity.sha256 } : null,
      recipe: "sum",
      kernels: found ? kernelsOf(found.settings) : null,
    },
  };
}
