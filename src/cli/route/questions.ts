/** Questions with known answers: of a file, or of a set that is built in; and how an answer to them is read and judged. */
import { type AnswerKind, isRight, readAnswer } from "../../answers/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import {
  isCorrect,
  MIXED_WORDING,
  mixedArithmetic,
  type Problem,
  parseOutput,
  problems,
} from "../../problems/index.ts";
import {
  type CarInstructions,
  type Rewording,
  reworded,
  type ThinkingPlacesOptions,
} from "../../route/index.ts";
import { usage } from "../errors.ts";
import { readGiven } from "../input.ts";
import { questionRows } from "./question-rows.ts";

/** Ways of reading an answer: those of `surprisal/answers`, and the line behind "Answer:", as of the lab model. */
export const READINGS = ["number", "letter", "yes-no", "text", "line"] as const;
/** One of READINGS. */
export type Reading = (typeof READINGS)[number];

/** Sets that are built in. */
export const PROBLEM_SETS = ["lab", "mixed"] as const;

/** A question with what it is judged by. */
export interface AskedQuestion {
  id: string;
  question: string;
  group?: string | undefined;
  kind?: string | undefined;
  rewordingOf?: string | undefined;
  /** Whether a text gives the right answer; no answer is a wrong one. */
  isRight(text: string): boolean;
}

/** Questions, and how they are asked and read. */
export interface QuestionSet {
  questions: AskedQuestion[];
  reading: Reading;
  /** Of a built-in set: how it is asked unless something else is said. */
  wording: CarInstructions | null;
  /** Of a built-in set: where its thinking may be ended, and how. */
  thinking: ThinkingPlacesOptions | null;
}

/** What is given of questions. */
export interface QuestionsGiven {
  questions: string | undefined;
  problems: (typeof PROBLEM_SETS)[number] | undefined;
  count: number | undefined;
  seed: number;
  answer: Reading | undefined;
  reword: readonly Rewording[];
  maxMib: number | undefined;
}

const FORM =
  'Lines look like {"question": "What is 2 + 3?", "answer": "5"}, with "id", "group" and "kind" if they have some.';

/** The instruction of the lab model's training: docs of surprisal/problems. */
const LAB_WORDING: CarInstructions = {
  short: "Answer directly.",
  long: "Think step by step.",
  form: "text",
};
/** A step a line, and the answer behind "Answer:". */
const LAB_THINKING: ThinkingPlacesOptions = {
  at: ["\n"],
  close: "Answer:",
  call: "Answer:",
  trial: { skipFirst: 0, stop: ["\n"] },
};
/** All in one line: "3 * 15 = 45, 12 + 45 = 57". */
const MIXED_THINKING: ThinkingPlacesOptions = {
  at: [","],
  close: " the answer is",
  call: " the answer is",
  trial: { skipFirst: 0, stop: ["\n", ".", ","] },
};
const STANDARD_COUNT = 400;

/** @throws SurprisalError USAGE, EMPTY_INPUT, INVALID_ARGUMENT naming the line */
export async function readQuestionSet(given: QuestionsGiven): Promise<QuestionSet> {
  const { questions: file, problems: set, count, reword } = given;
  if ((file === undefined) === (set === undefined))
    throw usage(
      file === undefined
        ? "There are no questions: name a file of them, or --problems lab or mixed"
        : "Give a file of questions or --problems, not both",
    );
  if (set === undefined && count !== undefined) throw usage("--count is of --problems");
  if (set !== undefined && given.answer !== undefined)
    throw usage("--problems are judged in their own way: leave out --answer");
  const found =
    set === "lab" ? labSet(given) : set === "mixed" ? mixedSet(given) : await questionsOf(file!, given);
  const others = reword.flatMap((how) =>
    found.questions.map((each) => ({
      ...each,
      id: `${each.id} ${how}`,
      question: reworded(each.question, how),
      rewordingOf: each.id,
    })),
  );
  return { ...found, questions: [...found.questions, ...others] };
}

function labSet({ count = STANDARD_COUNT, seed }: QuestionsGiven): QuestionSet {
  const seen = new Map<string, Problem>();
  for (const problem of problems({ split: "test", seed, count: 50 * count })) {
    if (seen.size === count) break;
    if (!seen.has(problem.question)) seen.set(problem.question, problem);
  }
  const questions = [...seen.values()].map((problem, i) => ({
    id: String(i),
    question: problem.question,
    kind: problem.task,
    isRight: (text: string) => isCorrect(problem, parseOutput(text).answer),
  }));
  if (questions.length < count)
    throw usage(
      `--problems lab has ${questions.length} different questions of this seed: --count ${questions.length}`,
    );
  return { questions, reading: "line", wording: LAB_WORDING, thinking: LAB_THINKING };
}

function mixedSet({ count = STANDARD_COUNT, seed }: QuestionsGiven): QuestionSet {
  const questions = mixedArithmetic({ count, seed }).map(({ kind, question, answer }, i) => ({
    id: String(i),
    question,
    kind,
    isRight: judgeOf("number", answer),
  }));
  return { questions, reading: "number", wording: MIXED_WORDING, thinking: MIXED_THINKING };
}

async function questionsOf(file: string, { answer: asked, maxMib }: QuestionsGiven): Promise<QuestionSet> {
  const name = file === "-" ? "standard input" : file;
  const bytes = await readGiven(file, { maxMib });
  const rows = questionRows(bytes, name, FORM);
  const keys = rows.map(({ row, where }) => keyOf(row.answer, where));
  const reading = asked ?? readingOf(keys);
  const known = new Set<string>();
  const questions = rows.map(({ row, question, where }, i): AskedQuestion => {
    const { group, kind, rewordingOf } = row;
    const id = String(nameOf(row.id, "id", where) ?? i);
    if (known.has(id))
      throw invalidArgument(`The id "${id}" comes twice`, where, "Give each its own, or none.");
    known.add(id);
    const more = { group, kind, rewordingOf };
    const names = Object.entries(more).map(([member, value]) => [member, nameOf(value, member, where)]);
    return {
      id,
      question,
      ...Object.fromEntries(names.filter(([, value]) => value !== undefined)),
      isRight: checked(judgeOf(reading, keys[i]!), where),
    };
  });
  return { questions, reading, wording: null, thinking: null };
}

function keyOf(value: unknown, where: string): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (Number.isFinite(value) || (typeof value === "string" && value.trim() !== "")) return String(value);
  throw invalidArgument("The row has no right answer", where, FORM);
}

function nameOf(value: unknown, member: string, where: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw invalidArgument(`The ${member} is neither a text nor a number`, where, FORM);
}

/** The kind that all right answers can be read as. */
function readingOf(keys: readonly string[]): Reading {
  const all = (pattern: RegExp) => keys.every((key) => pattern.test(key.trim()));
  if (all(/^(?:yes|no)$/i)) return "yes-no";
  if (all(/^\(?[A-J]\)?$/)) return "letter";
  const reads = (key: string) => readAnswer(key, { kind: "number", fallback: "only" }).value !== null;
  return keys.every(reads) ? "number" : "text";
}

function judgeOf(reading: Reading, key: string): (text: string) => boolean {
  if (reading !== "line") return (text) => isRight(text, key, { kind: reading }).right === true;
  return (text) => {
    const { answer } = parseOutput(text);
    return answer !== null && isRight(answer, key, { kind: "text" }).right === true;
  };
}

/** A right answer that cannot be read is an error now, not after the first answer. */
function checked(judge: (text: string) => boolean, where: string): (text: string) => boolean {
  try {
    judge("");
  } catch (error) {
    throw SurprisalError.isInstance(error) ? error.at(where) : error;
  }
  return judge;
}

/** What an answer says, as it stands in its text; `null` = no answer was found. */
export function answerIn(reading: Reading): (text: string) => string | null {
  if (reading === "line") return (text) => parseOutput(text).answer;
  const kind: AnswerKind = reading;
  return (text) => {
    const read = readAnswer(text, { kind });
    return read.value === null ? null : read.text;
  };
}

/** A key by which answers are voted for: the same for the same answer. */
export function voteOf(reading: Reading): (text: string) => string | null {
  const found = answerIn(reading);
  if (reading === "line") return (text) => found(text)?.toLowerCase() ?? null;
  const kind: AnswerKind = reading;
  return (text) => {
    const read = readAnswer(text, { kind });
    return read.value === null ? null : read.key;
  };
}
