/** Conditions of `surprisal check` as people write them: "perplexity < 30", "accuracy >= 40 %", 'contains "Paris"'. */
import { invalidArgument } from "../../core/index.ts";
import { nearestNames } from "../../text/index.ts";
import { MEASURE_NAMES, type MeasureKey, measureNamed } from "./measures.ts";

export type Relation = "<" | "<=" | ">" | ">=";

/** A measure against a number. */
export interface BoundCondition {
  kind: "bound";
  measure: MeasureKey;
  relation: Relation;
  bound: number;
}

/** A measure against what it was. */
export interface ChangeCondition {
  kind: "change";
  measure: MeasureKey;
  /** The side that is bounded. */
  side: "above" | "below";
  /** >= 0: a share of the baseline's value where `relative`, else in the measure's unit. */
  most: number;
  relative: boolean;
  /** A run's folder, or a baseline file; `null`: the configuration's baseline. */
  base: string | null;
}

/** What the written answer says. */
export interface TextCondition {
  kind: "text";
  test: "contains" | "matches" | "equals" | "starts-with";
  value: string;
  flags: string;
  ignoreCase: boolean;
  not: boolean;
}

/** ln p of one continuation of the prompt against that of another. */
interface LikelierCondition {
  kind: "likelier";
  first: string;
  second: string;
  /** Bits by which it has to be. */
  by: number;
}

/** Surprisal of a given continuation of the prompt, bits. */
interface SurprisalCondition {
  kind: "surprisal";
  of: string;
  relation: Relation;
  bound: number;
}

export type Condition =
  | BoundCondition
  | ChangeCondition
  | TextCondition
  | LikelierCondition
  | SurprisalCondition;

const WAY_OUT =
  'Write such as "perplexity < 30", "accuracy >= 0.4", "bits per byte not more than 2 % above the last run", \'contains "Paris"\', \'"Paris" is likelier than "London"\' (docs/checking.md).';

const NUMBER = String.raw`(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)`;
const QUOTED = String.raw`("(?:[^"\\]|\\.)*"|'[^']*')`;

const RELATIONS: Readonly<Record<string, Relation>> = {
  "<": "<",
  "<=": "<=",
  ">": ">",
  ">=": ">=",
  "≤": "<=",
  "≥": ">=",
  below: "<",
  under: "<",
  above: ">",
  over: ">",
  "at most": "<=",
  "at least": ">=",
  "not above": "<=",
  "not below": ">=",
};
const RELATION = `(<=|>=|≤|≥|<|>|${Object.keys(RELATIONS)
  .filter((word) => /[a-z]/.test(word))
  .sort((a, b) => b.length - a.length)
  .join("|")})`;

const BOUND = new RegExp(`^(.+?)\\s*(?:\\bis\\s+)?${RELATION}\\s*${NUMBER}\\s*(%|bits|nats)?$`, "iu");
const CHANGE = new RegExp(
  `^(.+?)\\s+(?:is\\s+)?(?:not|no|at)\\s+(?:more|most)(?:\\s+than)?\\s+${NUMBER}\\s*(%|points?|bits)?\\s*(above|below)\\s+(.+)$`,
  "iu",
);
const TEXT = new RegExp(`^(not\\s+)?(contains|equals|starts with)\\s+${QUOTED}(\\s+ignoring case)?$`, "iu");
const MATCHES = /^(not\s+)?matches\s+\/(.+)\/([dgimsuvy]*)$/iu;
const LIKELIER = new RegExp(
  `^${QUOTED}\\s+(?:is\\s+)?(?:more likely|likelier)\\s+than\\s+${QUOTED}(?:\\s+by\\s+${NUMBER}\\s*bits)?$`,
  "iu",
);
const SURPRISAL = new RegExp(
  `^surprisal\\s+of\\s+${QUOTED}\\s*(?:is\\s+)?${RELATION}\\s*${NUMBER}(?:\\s*bits)?$`,
  "iu",
);

/** @throws SurprisalError INVALID_ARGUMENT */
export function parseCondition(written: string): Condition {
  const text = written.trim().replace(/\s+/gu, (space) => (space.includes("\n") ? " " : space));
  return (
    textCondition(text) ??
    likelierCondition(text) ??
    surprisalCondition(text) ??
    changeCondition(text) ??
    boundCondition(text)
  );
}

function textCondition(text: string): TextCondition | null {
  const said = TEXT.exec(text);
  if (said) {
    const [, not, word, value, ignore] = said;
    return {
      kind: "text",
      test:
        word!.toLowerCase() === "starts with"
          ? "starts-with"
          : word!.toLowerCase() === "equals"
            ? "equals"
            : "contains",
      value: unquoted(value!),
      flags: "",
      ignoreCase: ignore !== undefined,
      not: not !== undefined,
    };
  }
  const matched = MATCHES.exec(text);
  if (!matched) return null;
  const [, not, pattern, flags] = matched;
  return matching(pattern!, flags!, not !== undefined);
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no regular expression. */
export function matching(pattern: string, flags: string, not: boolean): TextCondition {
  try {
    new RegExp(pattern, flags);
  } catch (cause) {
    throw invalidArgument(
      `/${pattern}/${flags} is no regular expression: ${cause instanceof Error ? cause.message : cause}`,
      undefined,
      "Write one as in JavaScript: matches /colou?r/i.",
      cause,
    );
  }
  return { kind: "text", test: "matches", value: pattern, flags, ignoreCase: false, not };
}

function likelierCondition(text: string): LikelierCondition | null {
  const said = LIKELIER.exec(text);
  if (!said) return null;
  const [first, second] = [unquoted(said[1]!), unquoted(said[2]!)];
  for (const one of [first, second]) notEmpty(one, text);
  if (first === second) throw invalidArgument(`"${first}" is compared with itself`, undefined, WAY_OUT);
  return { kind: "likelier", first, second, by: Number(said[3] ?? 0) };
}

function surprisalCondition(text: string): SurprisalCondition | null {
  const said = SURPRISAL.exec(text);
  if (!said) return null;
  const of = unquoted(said[1]!);
  notEmpty(of, text);
  return { kind: "surprisal", of, relation: relationOf(said[2]!), bound: Number(said[3]) };
}

function changeCondition(text: string): ChangeCondition | null {
  const said = CHANGE.exec(text);
  if (!said) return null;
  const [, name, number, unit, side, base] = said;
  const measure = known(name!);
  const points = /^points?$/iu.test(unit ?? "");
  const { unit: own } = measureNamed(measure)!;
  if (points && own !== "share")
    throw invalidArgument(
      `"points" are of shares, and ${name} is none`,
      undefined,
      "Give a number, or a share in %.",
    );
  if (unit?.toLowerCase() === "bits" && own !== "bits")
    throw invalidArgument(`${name} is not measured in bits`, undefined, WAY_OUT);
  return {
    kind: "change",
    measure,
    side: side!.toLowerCase() === "above" ? "above" : "below",
    most: Number(number) / (unit === "%" || points ? 100 : 1),
    relative: unit === "%",
    base: /^the\s+(last\s+run|baseline)$/iu.test(base!)
      ? null
      : /^["']/.test(base!)
        ? unquoted(base!)
        : base!,
  };
}

function boundCondition(text: string): BoundCondition {
  const said = BOUND.exec(text);
  if (!said) {
    const [first = ""] = text.split(/[<>≤≥=]/u);
    const near = nearestMeasure(first.trim());
    throw invalidArgument(
      `"${text}" is no condition${near && first.trim() !== near ? `; "${near}" is a measure` : ""}`,
      undefined,
      /[^<>]==?[^<>]/u.test(text)
        ? `Equality of measured numbers is chance: use <, <=, > or >=. ${WAY_OUT}`
        : WAY_OUT,
    );
  }
  const [, name, relation, number, unit] = said;
  const measure = known(name!);
  const { unit: own } = measureNamed(measure)!;
  if (unit === "%" && own !== "share")
    throw invalidArgument(`${name} is no share, so it has no per cent`, undefined, WAY_OUT);
  if (unit !== undefined && unit !== "%" && unit.toLowerCase() !== own)
    throw invalidArgument(`${name} is not measured in ${unit}`, undefined, WAY_OUT);
  const bound = Number(number) / (unit === "%" ? 100 : 1);
  if (own === "share" && bound > 1)
    throw invalidArgument(
      `${name} is a share, 0 ... 1: ${number} cannot be reached`,
      undefined,
      `Write ${number} % or ${Number(number) / 100}.`,
    );
  return { kind: "bound", measure, relation: relationOf(relation!), bound };
}

const relationOf = (word: string): Relation => RELATIONS[word.toLowerCase().replace(/\s+/gu, " ")]!;

/** @throws SurprisalError INVALID_ARGUMENT naming the nearest measure. */
function known(name: string): MeasureKey {
  const found = measureNamed(name);
  if (found) return found.key;
  const near = nearestMeasure(name);
  throw invalidArgument(
    `There is no measure "${name}"${near ? `; did you mean "${near}"?` : ""}`,
    undefined,
    `Measures: ${MEASURE_NAMES.join(", ")}.`,
  );
}

const nearestMeasure = (name: string): string | undefined => nearestNames(name, MEASURE_NAMES)[0];

function notEmpty(value: string, text: string): void {
  if (value === "") throw invalidArgument(`There is nothing in the quotes of ${text}`, undefined, WAY_OUT);
}

/** "..." with \n, \t, \" and \\ as in JSON; '...' as it is. @throws SurprisalError INVALID_ARGUMENT */
function unquoted(quoted: string): string {
  if (quoted.startsWith("'")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch (cause) {
    throw invalidArgument(
      `${quoted} is no text in quotes`,
      undefined,
      'Inside "..." write \\" and \\\\; or use single quotes.',
      cause,
    );
  }
}
