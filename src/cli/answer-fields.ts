/** Which fields of a row are the score and the label, and what they say. */
import { invalidArgument } from "../core/index.ts";
import { FORMS } from "./answer-rows.ts";

/** Names that a person gives, where they are other than the usual ones. */
export interface FieldNames {
  score?: string | undefined;
  label?: string | undefined;
  group?: string | undefined;
}

/** Names as they are in a file. */
export interface Fields {
  form: "a score" | "options";
  /** Field of the score, or of the options. */
  given: string;
  /** A person said so: what else a line has does not matter. */
  isNamed: boolean;
  /** Field of the label; `null`: there is none. */
  label: string | null;
  group: string;
}

/** A row as numbers. */
export interface ReadAnswer {
  /** The score, or ln p of the options; `null` = missing. */
  given: number | number[] | null;
  label: number | boolean | null;
}

type Row = Readonly<Record<string, unknown>>;

const OPTIONS = ["probabilities", "logprobs"];
const SCORES = ["score", ...OPTIONS];
/** Other names of a score, such as other tools and people use. */
const OTHER_SCORES = ["confidence", "probability", "prob", "p", "conf", "p_true", "y_prob", "y_score"];
/** Names of what came of it, the most telling first. */
const LABELS = {
  "a score": ["correct", "is_correct", "right", "label", "y_true", "y", "target"],
  options: ["label", "answer", "gold", "target", "correct"],
};
const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  right: true,
  correct: true,
  "1": true,
  false: false,
  no: false,
  wrong: false,
  incorrect: false,
  "0": false,
};

const listed = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
const has = (row: Row, name: string): boolean => Object.hasOwn(row, name) && row[name] !== undefined;

/**
 * The fields of a file, by its first rows.
 * @param place of the first row.
 * @throws SurprisalError INVALID_ARGUMENT naming what was found.
 */
export function fieldsOf(rows: readonly Row[], names: FieldNames, place: string): Fields {
  const found = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  for (const name of [names.score, names.label, names.group])
    if (name !== undefined && !found.includes(name))
      throw invalidArgument(
        `There is no field "${name}"`,
        place,
        `The fields are ${listed(found)}: name one of them.`,
      );
  const given = names.score ?? scoreField(rows, found, place);
  const isOptions = OPTIONS.includes(given);
  const form = isOptions ? "options" : "a score";
  const label = names.label ?? LABELS[form].find((name) => name !== given && found.includes(name)) ?? null;
  return { form, given, isNamed: names.score !== undefined, label, group: names.group ?? "group" };
}

function scoreField(rows: readonly Row[], found: readonly string[], place: string): string {
  for (const candidates of [SCORES, OTHER_SCORES]) {
    const row = rows.find((each) => candidates.some((name) => has(each, name)));
    if (row === undefined) continue;
    const there = candidates.filter((name) => has(row, name));
    if (there.length === 1) return there[0]!;
    throw invalidArgument(
      `The line has ${there.join(" and ")}`,
      place,
      "Name the one that is meant: --score-field NAME.",
    );
  }
  throw invalidArgument(
    `The line has no score${found.length > 0 ? `; its fields are ${listed(found)}` : ""}`,
    place,
    `Name the field that is the probability of being right: --score-field NAME. ${FORMS}`,
  );
}

/**
 * What one row says.
 * @throws SurprisalError INVALID_ARGUMENT
 */
export function readAnswer(row: Row, fields: Fields, where: string): ReadAnswer {
  const { form, given, isNamed, label } = fields;
  checkExtras(row, where);
  if (!isNamed) checkForm(row, fields, where);
  const says = label === null ? null : (row[label] ?? null);
  if (form === "a score")
    return { given: scoreOf(row[given] ?? null, where), label: rightOf(says, label, where) };
  const options = OPTIONS.find((name) => has(row, name)) ?? given; // probabilities here, logprobs there
  return optionsOf(row[options] ?? null, options === "logprobs", says, where);
}

/** Throws where a line has its score under another name than the first, or two. */
function checkForm(row: Row, { form, given }: Fields, where: string): void {
  const others = has(row, given) ? SCORES : [...SCORES, ...OTHER_SCORES];
  const other = others.find((name) => name !== given && has(row, name));
  if (other === undefined) return;
  if (has(row, given))
    throw invalidArgument(
      `The line has ${given} and ${other}`,
      where,
      "Name the one that is meant: --score-field NAME.",
    );
  if (form === "options" && OPTIONS.includes(other)) return;
  throw invalidArgument(
    `The line has ${inWords(other)}, and the first has ${inWords(given)}`,
    where,
    "Give one form in a file.",
  );
}

function inWords(field: string): string {
  if (OPTIONS.includes(field)) return "options";
  return field === "score" ? "a score" : `a score called "${field}"`;
}

/** A number, also one written as a text; NaN: it is none. */
export function numberOf(value: unknown): number {
  if (typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value))
    return Number(value);
  return typeof value === "number" ? value : Number.NaN;
}

function checkExtras({ kind, perplexity = null }: Row, where: string): void {
  if (kind !== undefined && typeof kind !== "string")
    throw invalidArgument("The kind is not a text", where, FORMS);
  if (perplexity !== null && !(numberOf(perplexity) >= 1))
    throw invalidArgument(
      `${String(perplexity)} is no perplexity`,
      where,
      "Give a number of at least 1, or null.",
    );
}

function scoreOf(value: unknown, where: string): number | null {
  if (value === null) return null;
  const score = numberOf(value);
  if (score >= 0 && score <= 1) return score;
  throw invalidArgument(
    `${JSON.stringify(value)} is no probability`,
    where,
    Number.isNaN(score)
      ? "Give a number from 0 to 1, or null."
      : "Give a number from 0 to 1, or null: a per cent over 100. A perplexity or a score of another scale has no calibration error; in the library, measureRanking says how well it orders, and fitPlatt makes a probability of it.",
  );
}

function rightOf(value: unknown, field: string | null, where: string): boolean | null {
  if (value === null) return null;
  if (typeof value === "boolean") return value;
  const word = typeof value === "number" ? String(value) : value;
  const said = typeof word === "string" ? word.trim().toLowerCase() : "";
  const right = Object.hasOwn(WORDS, said) ? WORDS[said] : undefined;
  if (right !== undefined) return right;
  throw invalidArgument(
    `${JSON.stringify(value)} says neither right nor wrong`,
    where,
    `Give "${field}" as true or false, 1 or 0, or null where it is not known; another field is named by --label-field NAME.`,
  );
}

/** Options in a list, labelled by number; or by name, in an object, labelled by name. */
function optionsOf(options: unknown, areLogs: boolean, label: unknown, where: string): ReadAnswer {
  if (options === null) return { given: null, label: null };
  if (typeof options !== "object")
    throw invalidArgument(
      `${areLogs ? "logprobs" : "probabilities"} is neither a list nor an object`,
      where,
      FORMS,
    );
  const names = Array.isArray(options) ? null : Object.keys(options);
  const values: unknown[] = Array.isArray(options) ? options : Object.values(options);
  if (values.length === 0) throw invalidArgument("The question has no options", where, FORMS);
  const numbers = values.map((value, k) => {
    const given = value === "-Infinity" ? -Infinity : value;
    const fits = areLogs ? (x: number) => x < Infinity : (x: number) => x >= 0 && x <= 1;
    if (typeof given === "number" && fits(given)) return areLogs ? given : Math.log(given);
    throw invalidArgument(
      `Option ${names?.[k] ?? k} has ${JSON.stringify(value)}, which is no ${areLogs ? "log-probability" : "probability"}`,
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
