/** A question, reasoning and answer in fields of a line, under their own names or the usual ones. */
import { SurprisalError } from "../../core/index.ts";
import { malformed, NO_FINAL, solutionParts } from "./final.ts";
import type { Line, ReadSampleOptions } from "./layouts.ts";
import type { ReasoningPlace, ReasoningSample } from "./sample.ts";
import type { JsonPath } from "./splice.ts";

/** Usual names. */
const PROMPTS = ["question", "problem", "prompt", "query", "instruction"];
const REASONINGS = [
  ...["reasoning", "reasoning_content", "rationale", "cot", "chain_of_thought", "steps", "reasoning_steps"],
  ...["thinking", "thought", "think"],
];
/** Of the answer beside a reasoning: the first list before the second. */
const ANSWERS = [
  ["answer", "final_answer", "final"],
  ["response", "output", "completion", "target", "expected_answer", "solution"],
];
/** Texts that may hold reasoning and answer. */
const SOLUTIONS = ["solution", "answer", "response", "output", "completion", "generation"];

const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(", ");
const isThere = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);

/** A field, and the way to it. */
interface Found {
  name: string;
  path: JsonPath;
  value: unknown;
}

/** @throws {SurprisalError} CORPUS_MALFORMED, EMPTY_INPUT */
export function readFields(line: Line, where: string, options: ReadSampleOptions): ReasoningSample {
  const asked = promptText(
    options.promptField === undefined
      ? onlyOne(line, PROMPTS, "the question", "--prompt-field", where)
      : named(line, options.promptField, where),
    line,
    where,
  );
  const reasoning =
    options.reasoningField === undefined
      ? onlyOne(line, REASONINGS, "the reasoning", "--reasoning-field", where)
      : named(line, options.reasoningField, where);
  const answer =
    options.answerField === undefined
      ? answerBeside(line, reasoning, where)
      : named(line, options.answerField, where);
  const empty = REASONINGS.find(
    (name) => line[name] === "" || (Array.isArray(line[name]) && line[name].length === 0),
  );
  const isAlone = reasoning === null && options.answerAlone === true && answer !== null;
  if (isAlone && (empty !== undefined || typeof answer.value !== "string"))
    return { asked, isPlain: false, ...alone(answer, options, where) };
  if (reasoning === null && empty !== undefined) throw noSteps(empty, where);
  if (reasoning === null) {
    const { parts, error } = attempt(() => inOneField(line, options, answer, where));
    if (parts !== null) return { asked, isPlain: false, ...parts };
    if (isAlone && error?.what.startsWith(NO_FINAL_IN))
      return { asked, isPlain: false, ...alone(answer, options, where) };
    throw error;
  }
  return { asked, isPlain: false, ...withAnswer(line, reasoning, answer, options, where) };
}

/** A field under a name that a person gave; a.b is b within a, unless there is a field of that whole name. */
function named(line: Line, name: string, where: string): Found {
  if (Object.hasOwn(line, name)) return { name, path: [name], value: line[name] };
  const path = name.split(".");
  let value: unknown = line;
  for (const key of path) {
    const isIn = typeof value === "object" && value !== null && Object.hasOwn(value, key);
    value = isIn ? (value as Line)[key] : undefined;
  }
  if (value !== undefined) return { name, path, value };
  throw malformed(
    `There is no field "${name}"`,
    where,
    `The fields are ${quoted(Object.keys(line))}: name one of them.`,
  );
}

/** @returns `null`: none of them is there. */
function onlyOne(
  line: Line,
  names: readonly string[],
  what: string,
  option: string,
  where: string,
): Found | null {
  const there = names.filter((name) => isThere(line[name]));
  if (there.length > 1)
    throw malformed(
      `It is not clear which field is ${what}: ${quoted(there)}`,
      where,
      `Name it: ${option} NAME.`,
    );
  const [name] = there;
  return name === undefined ? null : { name, path: [name], value: line[name] };
}

function promptText(found: Found | null, line: Line, where: string): string {
  if (found === null)
    throw malformed(
      `The line has no question that is known by its name; its fields are ${quoted(Object.keys(line))}`,
      where,
      "Name it: --prompt-field NAME, and --reasoning-field and --answer-field where they have other names too.",
    );
  if (typeof found.value === "string" && found.value.trim() !== "") return found.value;
  throw malformed(
    typeof found.value === "string"
      ? `The question ("${found.name}") is empty`
      : `"${found.name}" is no text`,
    where,
    "Give the question as a text.",
  );
}

function answerBeside(line: Line, reasoning: Found | null, where: string): Found | null {
  for (const names of ANSWERS) {
    const there = names.filter((name) => name !== reasoning?.name && isThere(line[name]));
    const values = new Set(there.map((name) => String(line[name])));
    if (reasoning !== null && values.size > 1)
      throw malformed(
        `It is not clear which field is the answer: ${quoted(there)}`,
        where,
        "Name it: --answer-field NAME.",
      );
    const [name] = there;
    if (name !== undefined) return { name, path: [name], value: line[name] };
  }
  return null;
}

type Parts = Omit<ReasoningSample, "asked" | "isPlain">;

/** Reasoning and answer in one text, or the reasoning in "solution" and the answer beside it. */
function inOneField(line: Line, options: ReadSampleOptions, answer: Found | null, where: string): Parts {
  const isAnswerNamed = options.answerField !== undefined;
  const there = isAnswerNamed ? [answer!.name] : SOLUTIONS.filter((name) => typeof line[name] === "string");
  const read = there.map((name) => ({
    name,
    ...attempt(() => solutionParts(String(valueIn(line, name, answer)), where, options.final)),
  }));
  const whole = read.filter(({ parts }) => parts !== null);
  if (whole.length > 1)
    throw malformed(
      `It is not clear which field holds the reasoning: ${quoted(whole.map(({ name }) => name))}`,
      where,
      "Name it: --reasoning-field NAME; where the answer is in the same field, --answer-field NAME alone.",
    );
  const [only] = whole;
  if (only) {
    const path = isAnswerNamed ? answer!.path : [only.name];
    return {
      ...only.parts!,
      layout: `${only.name}, answer ${only.parts!.found}`,
      place: { path, kind: "whole" },
    };
  }
  if (!isAnswerNamed && isThere(line.solution) && answer !== null && answer.name !== "solution")
    return withAnswer(
      line,
      { name: "solution", path: ["solution"], value: line.solution },
      answer,
      options,
      where,
    );
  const [first] = read;
  if (first?.error?.what === NO_FINAL)
    throw malformed(
      `${NO_FINAL_IN} "${first.name}", and the line has no reasoning in a field that is known by its name`,
      where,
      `Name the field of the reasoning: --reasoning-field NAME. ${first.error.wayOut ?? ""}`.trim(),
    );
  throw (
    first?.error ??
    malformed(
      `The line has no reasoning that is known by its name; its fields are ${quoted(Object.keys(line))}`,
      where,
      "Name it: --reasoning-field NAME, and --prompt-field and --answer-field where they have other names too.",
    )
  );
}

const valueIn = (line: Line, name: string, answer: Found | null): unknown =>
  answer?.name === name ? answer.value : line[name];

const NO_FINAL_IN = "No final answer is found in";

/** A question and its answer, which nothing leads to. */
function alone(answer: Found, { frame }: ReadSampleOptions, where: string): Parts {
  return {
    ...{ head: "", reasoning: "", frame: frame ?? "Answer: ", answer: answerText(answer, where), tail: "" },
    ...{ found: `in "${answer.name}"`, layout: `${answer.name} alone` },
    place: { path: answer.path, kind: "whole" },
  };
}

/** The reasoning in a field of its own. Where its text ends with the answer, that counts: it is no step. */
function withAnswer(
  line: Line,
  reasoning: Found,
  answer: Found | null,
  options: ReadSampleOptions,
  where: string,
): Parts {
  const steps = stepsOf(reasoning, where);
  const said = answer === null ? null : answerText(answer, where);
  if (typeof steps.reasoning === "string") {
    const { parts, error } = attempt(() => solutionParts(steps.reasoning as string, where, options.final));
    if (parts !== null && (said === null || plain(parts.answer) === plain(said)))
      return {
        ...parts,
        layout: `${reasoning.name}, answer ${parts.found}`,
        place: { path: reasoning.path, kind: "whole" },
      };
    const nothing = [...ANSWERS.flat()].find((name) => line[name] === null || line[name] === "");
    if (said === null && error?.what === NO_FINAL && nothing !== undefined) throw noAnswer(nothing, where);
    if (said === null) throw error;
  }
  if (said === null)
    throw malformed(
      `The line has steps ("${reasoning.name}") and no answer that is known by its name`,
      where,
      "Name it: --answer-field NAME.",
    );
  const text = steps.reasoning;
  const newline = typeof text === "string" && !/\s$/.test(text) ? "\n" : "";
  return {
    ...{ head: "", reasoning: text, frame: newline + (options.frame ?? "Answer: "), answer: said, tail: "" },
    ...{ found: `in "${answer!.name}"`, layout: `${reasoning.name} and ${answer!.name}`, place: steps.place },
  };
}

/** Without what only dresses an answer. */
const plain = (answer: string): string => answer.replaceAll(/[\s$,*.]/g, "").toLowerCase();

function answerText({ name, value }: Found, where: string): string {
  if (["number", "boolean"].includes(typeof value)) return String(value);
  if (typeof value !== "string")
    throw malformed(`"${name}" is no text`, where, "Give the answer as a text or a number.");
  if (value.trim() !== "") return value.trim();
  throw noAnswer(name, where);
}

const noAnswer = (name: string, where: string): SurprisalError =>
  new SurprisalError({
    code: "NOTHING_TO_SCORE",
    what: `The answer ("${name}") is empty`,
    where,
    wayOut: "Give the final answer: steps are judged by what they do for it.",
  });

function stepsOf(
  { name, path, value }: Found,
  where: string,
): Pick<ReasoningSample, "reasoning"> & { place: ReasoningPlace } {
  if (typeof value === "string") {
    if (value.trim() === "") throw noSteps(name, where);
    return { reasoning: value, place: { path, kind: "own" } };
  }
  if (!Array.isArray(value)) throw malformed(`"${name}" is neither a text nor a list of steps`, where, STEPS);
  const list: readonly unknown[] = value;
  if (list.length === 0) throw noSteps(name, where);
  const key = ["text", "step", "content"].find((each) =>
    list.every(
      (item) => typeof item === "object" && item !== null && typeof (item as Line)[each] === "string",
    ),
  );
  const texts = list.map((item) => (key === undefined ? item : (item as Line)[key]));
  if (!texts.every((text) => typeof text === "string"))
    throw malformed(`A step of "${name}" is no text`, where, STEPS);
  return { reasoning: texts, place: { path, kind: "list", list, key } };
}

const STEPS = 'Steps look like ["...", "..."], [{"text": "..."}], or one text.';

const noSteps = (name: string, where: string): SurprisalError =>
  new SurprisalError({
    code: "EMPTY_INPUT",
    what: `There is no reasoning in "${name}"`,
    where,
    wayOut: "Give the reasoning before the answer: there is nothing to prune in an answer alone.",
  });

function attempt<T>(read: () => T): { parts: T | null; error?: SurprisalError } {
  try {
    return { parts: read() };
  } catch (error) {
    if (SurprisalError.isInstance(error)) return { parts: null, error: error as SurprisalError };
    throw error;
  }
}
