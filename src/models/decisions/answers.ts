/**
 * What decision servers answer, in both wire forms (request.ts).
 *
 * Of the numbers nothing is asked but that they are probabilities: such servers round, so sums are 0.99, and the choice is not
 * always the largest (88 of 11,916 answers of one were not). But an answer that is not to this question, or speaks of options
 * that it does not have, is refused: whatever it says would be put beside the wrong option.
 */
import { complaintIn, field, malformed, readFields, serverError } from "../remote/index.ts";
import type { DecisionForm, WireQuestion } from "./request.ts";

const { array, boolean, count, fallback, nullish, number, object, record, refine, string, union, unknown } =
  field;

/** An answer as it came. `null` = the server does not say. */
export interface WireAnswer {
  /** The server declined. */
  refused: boolean;
  /** [options] as they came: they need not sum to 1. */
  probabilities: (number | null)[];
  /** Number of the option that the server chose; of predicates and scores there is none. */
  choice: number | null;
  /** Of a score: its expected level. */
  score: number | null;
  /** The server's own figure of its confidence, 0 ... 1, whatever it makes it of. */
  confidence: number | null;
}

/** What came for all questions. */
export interface WireAnswers {
  /** In the order of the questions. */
  answers: WireAnswer[];
  /** Tokens as the server counts them; `null`: it does not say. */
  usage: { inputTokens: number | null; outputTokens: number | null };
}

const share = refine(number, (p) => p >= 0 && p <= 1);
const value = union(string, boolean, number);

const common = {
  type: nullish(string),
  score: nullish(number),
  confidence: nullish(share),
};
const listed = object({
  ...common,
  name: nullish(string),
  probability: nullish(share),
  choice: nullish(union(string, boolean)),
  probabilities: nullish(array(object({ value, label: nullish(string), probability: share }))),
});
const named = object({
  ...common,
  noul: nullish(share),
  choice: nullish(string),
  probabilities: nullish(union(record(share), array(share))),
});
const decisionsBody = object({ answers: array(listed) });
const systemOneBody = object({ answers: record(named) });
const anyBody = object({ answers: unknown, usage: unknown });
const tokens = object({
  input_tokens: fallback(nullish(count), null),
  output_tokens: fallback(nullish(count), null),
});

/**
 * Answers in the order of the questions.
 * @throws SurprisalError WIRE_MALFORMED for an answer that is missing, too many, or to another question or of another type; for
 *   options that are twice there or that there are not; for a choice that is no option, and numbers that are no probabilities.
 *   SERVER_ERROR where the server reports an error in the place of answers.
 */
export function wireAnswers(
  form: DecisionForm,
  json: unknown,
  questions: readonly WireQuestion[],
  where: string,
): WireAnswers {
  const body = readFields(anyBody, json, where);
  const complaint = body.answers === undefined || body.answers === null ? complaintIn(json) : null;
  if (complaint) throw serverError(complaint, where);
  const answers =
    form === "decisions" ? ofDecisions(json, questions, where) : ofSystemOne(json, questions, where);
  const { input_tokens, output_tokens } = fallback(tokens, { input_tokens: null, output_tokens: null })(
    body.usage,
  );
  return { answers, usage: { inputTokens: input_tokens ?? null, outputTokens: output_tokens ?? null } };
}

function ofDecisions(json: unknown, questions: readonly WireQuestion[], where: string): WireAnswer[] {
  const { answers } = readFields(decisionsBody, json, where);
  if (answers.length > questions.length)
    throw malformed(`There are ${answers.length} answers to ${questions.length} questions`, where);
  return questions.map((question, q) => {
    const at = placeOf(question, where);
    const answer = answers[q];
    if (answer === undefined) throw malformed("The answer is missing", at);
    const { name, probabilities } = answer;
    if (typeof name === "string" && name !== question.name)
      throw malformed(`In its place is the answer to ${JSON.stringify(name)}`, at);
    const numbers = placed(question, probabilities ?? [], at, ({ value, label }) => {
      if (question.type !== "score")
        return question.options.findIndex((option) => String(option.value) === String(value));
      const level = typeof value === "number" ? question.options[value] : undefined;
      return level === undefined || (typeof label === "string" && label !== level.value) ? -1 : Number(value);
    });
    return answerOf(question, { ...answer, numbers }, at);
  });
}

function ofSystemOne(json: unknown, questions: readonly WireQuestion[], where: string): WireAnswer[] {
  const { answers } = readFields(systemOneBody, json, where);
  const names = new Set(questions.map(({ name }) => name));
  const other = Object.keys(answers).find((name) => !names.has(name));
  if (other !== undefined)
    throw malformed(`There is an answer to ${JSON.stringify(other)}, which was not asked`, where);
  return questions.map((question) => {
    const at = placeOf(question, where);
    const answer = Object.hasOwn(answers, question.name) ? answers[question.name] : undefined;
    if (answer === undefined) throw malformed("The answer is missing", at);
    const type = answer.type === "noul" ? "predicate" : answer.type;
    const given = Object.entries(answer.probabilities ?? {}).map(([key, probability]) => ({
      key,
      probability,
    }));
    const { options } = question;
    // Levels come by their numbers, and levels may themselves be called "1", "2", "3": numbers first, names where they are none.
    const isNumbered =
      question.type === "score" && given.every(({ key }) => /^\d$/.test(key) && Number(key) < options.length);
    const numbers = placed(question, given, at, ({ key }) =>
      isNumbered ? Number(key) : options.findIndex((option) => String(option.value) === key),
    );
    return answerOf(question, { ...answer, type, probability: answer.noul, numbers }, at);
  });
}

/** [options] probabilities; `null` where none came. @param find number of the option; -1: there is none. */
function placed<Given extends { probability: number }>(
  { options }: WireQuestion,
  given: readonly Given[],
  at: string,
  find: (given: Given) => number,
): (number | null)[] {
  const numbers: (number | null)[] = options.map(() => null);
  for (const each of given) {
    const { probability, ...named } = each;
    const i = find(each);
    if (i < 0) throw malformed(`It has a probability for what is no option: ${JSON.stringify(named)}`, at);
    if (numbers[i] !== null)
      throw malformed(`It has two probabilities for ${JSON.stringify(options[i]!.value)}`, at);
    numbers[i] = probability;
  }
  return numbers;
}

interface Parts {
  type?: string | null | undefined;
  probability?: number | null | undefined;
  choice?: string | boolean | null | undefined;
  score?: number | null | undefined;
  confidence?: number | null | undefined;
  numbers: (number | null)[];
}

function answerOf(question: WireQuestion, parts: Parts, at: string): WireAnswer {
  const { type, options } = question;
  const { probability, choice, score, numbers, confidence = null } = parts;
  const answer = { refused: false, probabilities: numbers, choice: null, score: null, confidence };
  if (parts.type === "refusal")
    return { ...answer, refused: true, probabilities: options.map(() => null), confidence: null };
  if (typeof parts.type === "string" && parts.type !== type)
    throw malformed(`A ${type} is answered as a ${JSON.stringify(parts.type)}`, at);
  if (type === "predicate") {
    if (probability === undefined || probability === null) throw malformed("There is no probability", at);
    return { ...answer, probabilities: [probability, 1 - probability] };
  }
  if (type === "score") {
    if (score === undefined || score === null) throw malformed("There is no score", at);
    if (!(score >= 0 && score <= options.length - 1))
      throw malformed(`The score ${score} is not among the levels 0 to ${options.length - 1}`, at);
    return { ...answer, score };
  }
  const chosen = options.findIndex(({ value }) => String(value) === String(choice));
  if (chosen < 0) throw malformed(`The choice ${JSON.stringify(choice ?? null)} is none of the options`, at);
  return { ...answer, choice: chosen };
}

const placeOf = ({ name }: WireQuestion, where: string): string => `${where}, answer ${JSON.stringify(name)}`;
