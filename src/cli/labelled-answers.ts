/** Labelled answers for `surprisal calibrate`: lines of JSON, or the questions of a run. */
import { statSync } from "node:fs";
import type { CalibrationIdentity, LabelledAnswers } from "../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../core/index.ts";
import { answerRows, readRun } from "../evaluate/index.ts";
import { kernelsOf } from "../models/kernels.ts";
import { decodeText } from "../text/index.ts";
import { usage } from "./errors.ts";
import { readGiven } from "./input.ts";

/** What was read. */
export interface AnswerFile {
  answers: LabelledAnswers;
  /** The rows as they stand, for those who write them again; `null`: they are a run's. */
  rows: readonly Record<string, unknown>[] | null;
  /** Where each answer stands, for errors. */
  places: readonly string[];
  /** Of each answer; `null`: none has one. */
  perplexities: readonly (number | null)[] | null;
  /** What the source says of itself. */
  identity: Partial<CalibrationIdentity>;
}

const FORMS =
  'Each line is {"score", "correct"}, {"probabilities", "label"} or {"logprobs", "label"}, with "group", "kind" and "perplexity" if you have them.';

/**
 * Reads a file, "-", or a run's folder.
 * @param of which of a run's models, where it has several.
 * @throws SurprisalError INVALID_ARGUMENT naming the line, EMPTY_INPUT, USAGE, and what reading throws.
 */
export async function readAnswers(
  source: string,
  { of: model, maxMib }: { of?: string | undefined; maxMib?: number | undefined } = {},
): Promise<AnswerFile> {
  if (source !== "-" && isFolder(source)) return runAnswers(source, model);
  const { text } = decodeText(await readGiven(source, { maxMib }), source);
  const rows = text
    .split("\n")
    .map((line, i) => ({ line, where: `${source}:${i + 1}` }))
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, where }) => readRow(line, where));
  const [first] = rows;
  if (first === undefined)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no answers",
      where: source,
      wayOut: FORMS,
    });
  const other = rows.find(({ form }) => form !== first.form);
  if (other)
    throw invalidArgument(
      `The line has ${other.form}, and the first has ${first.form}`,
      other.where,
      "Give one form in a file.",
    );
  const column = <T>(name: "group" | "kind" | "perplexity", otherwise: T | null): T[] | undefined => {
    if (rows.every((row) => row.row[name] === undefined)) return undefined;
    return rows.map(({ row, where }, i) => {
      const value = row[name];
      if (value !== undefined) return value as T;
      if (otherwise !== null) return otherwise;
      throw invalidArgument(
        `Some lines have a ${name}, and this has none`,
        where,
        `Give one in all lines, or in none (line ${i + 1}).`,
      );
    });
  };
  const groups = column<string | number>("group", null);
  const kinds = column<string>("kind", null);
  const perplexities = rows.some(({ row }) => typeof row.perplexity === "number")
    ? rows.map(({ row }) => (typeof row.perplexity === "number" ? row.perplexity : null))
    : null;
  const more = { ...(groups && { groups }), ...(kinds && { kinds }) };
  const answers: LabelledAnswers =
    first.form === "a score"
      ? {
          scores: rows.map(({ given }) => given as number | null),
          correct: rows.map(({ label }) => label),
          ...more,
        }
      : {
          logprobs: rows.map(({ given }) => given as number[] | null),
          labels: rows.map(({ label }) => label as number | null),
          ...more,
        };
  return {
    answers,
    rows: rows.map(({ row }) => row),
    places: rows.map(({ where }) => where),
    perplexities,
    identity: {},
  };
}

/** What `work` gives; an error about one of the answers names its line. */
export function atLine<Result>({ places }: AnswerFile, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    const [, number] =
      /^(?:logprobs|labels|scores|correct|probabilities)\[(\d+)\]/.exec(error.where ?? "") ?? [];
    const place = number === undefined ? undefined : places[Number(number)];
    throw place === undefined ? error : error.at(place);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // reading it says why
  }
}

interface ReadRow {
  where: string;
  row: Record<string, unknown>;
  form: "a score" | "options";
  /** The score, or ln p of the options. */
  given: number | number[] | null;
  label: number | boolean | null;
}

function readRow(line: string, where: string): ReadRow {
  let row: Record<string, unknown>;
  try {
    row = { ...JSON.parse(line) };
  } catch (cause) {
    throw invalidArgument("The line is not JSON", where, FORMS, cause);
  }
  checkExtras(row, where);
  const names = ["score", "probabilities", "logprobs"].filter((name) => row[name] !== undefined);
  if (names.length !== 1)
    throw invalidArgument(
      `The line has ${names.length === 0 ? "no score" : names.join(" and ")}`,
      where,
      FORMS,
    );
  if (names[0] === "score") return { where, row, form: "a score", ...scoreOf(row, where) };
  return { where, row, form: "options", ...optionsOf(row, names[0] as "probabilities" | "logprobs", where) };
}

function checkExtras({ group, kind, perplexity }: Record<string, unknown>, where: string): void {
  if (group !== undefined && typeof group !== "string" && typeof group !== "number")
    throw invalidArgument("The group is neither a text nor a number", where, FORMS);
  if (kind !== undefined && typeof kind !== "string")
    throw invalidArgument("The kind is not a text", where, FORMS);
  if (perplexity !== undefined && perplexity !== null && !(typeof perplexity === "number" && perplexity >= 1))
    throw invalidArgument(
      `${String(perplexity)} is no perplexity`,
      where,
      "Give a number of at least 1, or null.",
    );
}

function scoreOf(
  { score, correct = null }: Record<string, unknown>,
  where: string,
): Pick<ReadRow, "given" | "label"> {
  if (score !== null && !(typeof score === "number" && score >= 0 && score <= 1))
    throw invalidArgument(
      `${JSON.stringify(score)} is no probability`,
      where,
      "Give a number from 0 to 1, or null.",
    );
  if (correct !== null && typeof correct !== "boolean" && correct !== 0 && correct !== 1)
    throw invalidArgument(
      `${JSON.stringify(correct)} says neither right nor wrong`,
      where,
      'Give "correct" as true or false, or null where it is not known.',
    );
  return { given: score, label: correct };
}

/** Options in a list, labelled by number; or by name, in an object, labelled by name. */
function optionsOf(
  row: Record<string, unknown>,
  name: "probabilities" | "logprobs",
  where: string,
): Pick<ReadRow, "given" | "label"> {
  const options = row[name];
  const { label = null } = row;
  if (options === null) return { given: null, label: null };
  if (typeof options !== "object")
    throw invalidArgument(`${name} is neither a list nor an object`, where, FORMS);
  const names = Array.isArray(options) ? null : Object.keys(options);
  const values: unknown[] = Array.isArray(options) ? options : Object.values(options as object);
  if (values.length === 0) throw invalidArgument("The question has no options", where, FORMS);
  const numbers = values.map((value, k) => {
    const given = value === "-Infinity" ? -Infinity : value;
    const fits = name === "logprobs" ? (x: number) => x < Infinity : (x: number) => x >= 0 && x <= 1;
    if (typeof given === "number" && fits(given)) return name === "logprobs" ? given : Math.log(given);
    throw invalidArgument(
      `Option ${names?.[k] ?? k} has ${JSON.stringify(value)}, which is no ${name === "logprobs" ? "log-probability" : "probability"}`,
      where,
      FORMS,
    );
  });
  const number = typeof label === "string" && names !== null ? names.indexOf(label) : label;
  const isOption =
    typeof number === "number" && Number.isInteger(number) && number >= 0 && number < values.length;
  if (label !== null && !isOption)
    throw invalidArgument(
      `${JSON.stringify(label)} is none of the ${values.length} options`,
      where,
      names ? `Give one of ${names.join(", ")}.` : `Give a number from 0 to ${values.length - 1}.`,
    );
  return { given: numbers, label: label === null ? null : (number as number) };
}

/** The answers of one model to a run's questions: options by ln p, grouped by question, of the kind of their task. */
function runAnswers(folder: string, wanted: string | undefined): AnswerFile {
  const run = readRun(folder);
  const all = answerRows(folder, run).filter(({ logprobs, label }) => logprobs.length > 1 || label !== null);
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
    places: rows.map(({ place }) => place),
    perplexities: null,
    identity: {
      model: found ? { name: found.identity.name, sha256: found.identity.sha256 } : null,
      recipe: "sum",
      kernels: found ? kernelsOf(found.settings) : null,
    },
  };
}
