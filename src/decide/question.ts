/** Typed questions: what may be asked, checked, and their options in an order that does not depend on how they were given. */
import { checkWellFormed, invalidArgument, SurprisalError } from "../core/index.ts";
import { formatPlural } from "../text/index.ts";

/** Fields of a question beside those that all have; of an option; of a level; of a predicate's words. */
const FIELDS = {
  all: ["type", "instructions", "name"],
  predicate: ["words"],
  choice: ["choices"],
  score: ["levels"],
  option: ["value", "text", "description"],
  level: ["label", "description"],
  words: ["yes", "no"],
} as const;

/** An option with what stands beside it. */
export interface ChoiceOption {
  /** What the answer says when this is chosen. */
  value: string | boolean;
  /** What the model would say: the text that is scored. Default: the value; of true and false "Yes" and "No". */
  text?: string | undefined;
  /** Shown after the text where options are listed in the prompt, and nowhere else. */
  description?: string | undefined;
}

/** A level of a scale. */
export interface ScoreLevel {
  /** Its name: the text that is scored. */
  label: string;
  /** Shown after the label where options are listed in the prompt, and nowhere else. */
  description?: string | undefined;
}

interface Asked {
  /** What is asked of the state, such as "Is the parcel damaged?". */
  instructions: string;
  /** Default: q1, q2 ... in the order of the questions. No two alike. */
  name?: string | undefined;
}

/** Whether something holds. */
export interface PredicateQuestion extends Asked {
  type: "predicate";
  /** What the model would say. Default "Yes" and "No". */
  words?: { yes: string; no: string } | undefined;
}

/** Which of 2 to 255 options. */
export interface ChoiceQuestion extends Asked {
  type: "choice";
  /** Texts, or options with more beside them. */
  choices: readonly (string | ChoiceOption)[];
}

/** Where on a scale of 2 to 10 levels, from the lowest to the highest. */
export interface ScoreQuestion extends Asked {
  type: "score";
  levels: readonly (string | ScoreLevel)[];
}

/** A question of one of three types, as in the decision APIs. */
export type Question = PredicateQuestion | ChoiceQuestion | ScoreQuestion;

/** Most options of a choice, and most levels of a score. */
const MOST_CHOICES = 255;
const MOST_LEVELS = 10;

/** An option, ready to be scored. */
export interface PreparedOption {
  value: string | boolean;
  text: string;
  description: string | null;
}

/** A question, checked. */
export interface PreparedQuestion {
  name: string;
  type: Question["type"];
  instructions: string;
  /** As they were given. */
  options: readonly PreparedOption[];
  /** Numbers of the options by code units of their text: what is scored and added up in this order is the same however they were given. */
  canonical: readonly number[];
  /** Numbers of the options as they are listed in a prompt before any shift: levels as they follow one another, others canonical. */
  listing: readonly number[];
}

const SOME = 'Give at least one question, such as { type: "predicate", instructions: "Is it damaged?" }.';

/**
 * Checks questions.
 * @throws SurprisalError EMPTY_INPUT, INVALID_ARGUMENT, naming the question.
 */
export function prepareQuestions(questions: readonly Question[]): PreparedQuestion[] {
  if (!Array.isArray(questions)) throw invalidArgument("The questions are no list", "questions", SOME);
  if (questions.length === 0) throw empty("There are no questions", "questions", SOME);
  const prepared = questions.map((question, i) => prepare(question, `q${i + 1}`, `questions[${i}]`));
  const seen = new Set<string>();
  for (const [i, { name }] of prepared.entries()) {
    if (seen.has(name))
      throw invalidArgument(
        `Two questions have the name ${JSON.stringify(name)}`,
        `questions[${i}]`,
        "Give each a name of its own.",
      );
    seen.add(name);
  }
  return prepared;
}

/** @throws SurprisalError as `prepareQuestions`: for whoever wants to know before a model is loaded. */
export function checkQuestions(questions: readonly Question[]): void {
  prepareQuestions(questions);
}

function prepare(question: Question, standardName: string, where: string): PreparedQuestion {
  if (typeof question !== "object" || question === null)
    throw invalidArgument("This is no question", where, SOME);
  const { type, instructions, name = standardName } = question;
  checkType(type, where);
  checkFields(question, [...FIELDS.all, ...FIELDS[type]], `a ${type}`, where);
  if (instructions === undefined)
    throw invalidArgument("The question has no instructions", where, "Say what is asked.");
  requireText(instructions, `${where}.instructions`, "Say what is asked.");
  requireText(name, `${where}.name`, "Give a name, or none.");
  const options = optionsOf(question, where).map((option, i) =>
    checkedOption(option, `${where}, option ${i + 1}`),
  );
  checkOptions(type, options, where);
  const canonical = options.map((_, i) => i).sort((a, b) => (options[a]!.text < options[b]!.text ? -1 : 1));
  const listing = type === "score" ? options.map((_, i) => i) : canonical;
  return { name, type, instructions: instructions.trim(), options, canonical, listing };
}

function optionsOf(question: Question, where: string): ChoiceOption[] {
  switch (question.type) {
    case "predicate": {
      const { yes, no } = wordsOf(question, where);
      return [
        { value: true, text: yes },
        { value: false, text: no },
      ];
    }
    case "choice":
      return listOf(question.choices, `${where}.choices`).map((each, i) => {
        if (typeof each === "string") return { value: each };
        checkFields(each, FIELDS.option, "an option", `${where}.choices[${i}]`);
        return each;
      });
    case "score":
      return listOf(question.levels, `${where}.levels`).map((each, i) => {
        if (typeof each === "string") return { value: each };
        checkFields(each, FIELDS.level, "a level", `${where}.levels[${i}]`);
        return { value: each.label, description: each.description };
      });
  }
}

function wordsOf({ words }: PredicateQuestion, where: string): { yes: string; no: string } {
  if (words === undefined) return { yes: "Yes", no: "No" };
  checkFields(words, FIELDS.words, "the words", `${where}.words`);
  for (const name of FIELDS.words)
    if (words[name] === undefined)
      throw invalidArgument(`There is no word for ${name}`, `${where}.words`, "Give both, or neither.");
  return words;
}

function checkType(type: unknown, where: string): void {
  if (type !== "predicate" && type !== "choice" && type !== "score")
    throw invalidArgument(
      type === undefined
        ? "The question has no type"
        : `There is no type of question ${JSON.stringify(type)}`,
      where,
      "Give predicate, choice or score.",
    );
}

/** A field that is not known is a slip of the pen, or of another API: what it asks for would not be done. */
function checkFields(given: object, known: readonly string[], what: string, where: string): void {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw invalidArgument(`This is not ${what}`, where, `Give an object with ${known.join(", ")}.`);
  const unknown = Object.entries(given).find(([key, value]) => value !== undefined && !known.includes(key));
  if (unknown !== undefined)
    throw invalidArgument(
      `There is no field ${JSON.stringify(unknown[0])} in ${what}`,
      where,
      `There are ${known.join(", ")}.`,
    );
}

function listOf<T>(list: readonly T[] | undefined, where: string): readonly T[] {
  if (Array.isArray(list)) return list;
  throw invalidArgument(
    list === undefined ? "There are no options" : "The options are no list",
    where,
    'Give at least two, such as ["keep it", "send it back"].',
  );
}

/** White space around an option is no part of an answer, and is taken off. */
function checkedOption(option: ChoiceOption, where: string): PreparedOption {
  const { value, description = null } = option;
  if (typeof value !== "string" && typeof value !== "boolean")
    throw invalidArgument("The option has no value", where, "Give a text, true or false.");
  const words = typeof value === "string" ? value : value ? "Yes" : "No";
  const { text = words } = option;
  requireText(text, where, "Give the words that the model would say.");
  if (description !== null) requireText(description, `${where}, description`, "Give a text, or none.");
  return { value, text: text.trim(), description: description?.trim() ?? null };
}

function checkOptions(type: Question["type"], options: readonly PreparedOption[], where: string): void {
  const [what, most] = type === "score" ? ["level", MOST_LEVELS] : ["option", MOST_CHOICES];
  if (options.length < 2 || options.length > most)
    throw invalidArgument(
      `The question has ${options.length === 0 ? `no ${what}s` : formatPlural(options.length, what)}`,
      where,
      `Give 2 to ${most}.`,
    );
  // One text can be written in several ways in Unicode: "é" as one character or as two. People see no difference.
  const unique = (key: (option: PreparedOption) => string) => {
    const seen = new Map<string, number>();
    for (const [i, option] of options.entries()) {
      const text = key(option).normalize();
      const before = seen.get(text);
      if (before !== undefined)
        throw invalidArgument(
          `Options ${before + 1} and ${i + 1} are the same: ${JSON.stringify(text)}`,
          where,
          key(options[before]!) === key(option)
            ? "Give each option once: a model cannot tell equal texts apart."
            : "Give each option once: these differ only in how their characters are encoded (Unicode normalisation).",
        );
      seen.set(text, i);
    }
  };
  unique(({ text }) => text);
  unique(({ value }) => String(value));
}

function requireText(text: string, where: string, wayOut: string): void {
  if (typeof text !== "string") throw invalidArgument("This is no text", where, wayOut);
  checkWellFormed(text, where);
  if (text.trim() === "") throw empty("The text is empty", where, wayOut);
}

/** @throws SurprisalError EMPTY_INPUT, INVALID_ARGUMENT */
export function checkState(state: string): void {
  requireText(state, "state", "Give what the questions are about.");
}

const empty = (what: string, where: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "EMPTY_INPUT", what, where, wayOut });
