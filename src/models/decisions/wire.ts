/**
 * The two wire forms of decision servers: OpenAI's `POST /v1/decisions` (openai-node 91e2cfd, src/resources/decisions.ts) and TypeSafe's
 * `POST /v1/systemone`.
 *
 * Nothing is asked of the numbers but that they are probabilities: such servers round, so sums are 0.99, and the choice is not
 * always the largest.
 */
import { field, malformed, readFields } from "../remote/index.ts";

const { array, boolean, nullish, number, object, optional, record, refine, string, union, unknown } = field;

/** How a server is asked. */
export type DecisionForm = "decisions" | "systemone";

/** A question as it is sent. */
export interface WireQuestion {
  name: string;
  type: "predicate" | "choice" | "score";
  instructions: string;
  /** Of a predicate true and false; of a score the levels. */
  options: readonly { value: string | boolean; description: string | null }[];
}

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
}

/** What is sent. */
export function wireRequest(
  form: DecisionForm,
  model: string,
  state: string,
  questions: readonly WireQuestion[],
): object {
  return form === "decisions"
    ? { model, input: state, questions: questions.map(ofDecisions) }
    : {
        model,
        state,
        questions: Object.fromEntries(questions.map((each) => [each.name, ofSystemOne(each)])),
      };
}

function ofDecisions({ name, type, instructions, options }: WireQuestion): object {
  const described = (description: string | null) => (description === null ? {} : { description });
  switch (type) {
    case "predicate":
      return { type, name, instructions };
    case "choice": {
      const choices = options.map(({ value, description }) => ({ value, ...described(description) }));
      return { type, name, instructions, choices };
    }
    case "score": {
      const levels = options.map(({ value, description }) => ({
        label: String(value),
        ...described(description),
      }));
      return { type, name, instructions, levels };
    }
  }
}

function ofSystemOne({ type, instructions, options }: WireQuestion): object {
  if (type === "predicate") return { type: "noul", instructions };
  const criteria =
    type === "score"
      ? options.map(({ value, description }) =>
          description === null ? String(value) : `${value}: ${description}`,
        )
      : Object.fromEntries(options.map(({ value, description }) => [String(value), description]));
  return { type, instructions, criteria };
}

const share = refine(number, (p) => p >= 0 && p <= 1);
const value = union(string, boolean);

const listed = object({
  type: string,
  probability: optional(share),
  choice: optional(value),
  score: optional(number),
  probabilities: optional(array(object({ value: union(string, boolean, number), probability: share }))),
});
const named = object({
  noul: optional(share),
  choice: optional(string),
  score: optional(number),
  probabilities: nullish(record(share)),
});
const decisionsBody = object({ answers: array(listed) });
const systemOneBody = object({ answers: record(named) });
const anyBody = object({ answers: unknown });

/**
 * Answers in the order of the questions.
 * @throws SurprisalError WIRE_MALFORMED for an answer that is missing, a choice that is no option, and numbers that are no probabilities.
 */
export function wireAnswers(
  form: DecisionForm,
  json: unknown,
  questions: readonly WireQuestion[],
  where: string,
): WireAnswer[] {
  readFields(anyBody, json, where);
  if (form === "systemone") {
    const { answers } = readFields(systemOneBody, json, where);
    return questions.map((question) => {
      const answer = Object.hasOwn(answers, question.name) ? answers[question.name] : undefined;
      if (answer === undefined) throw missing(question, where);
      const { probabilities } = answer;
      const numbers = question.options.map((option, i) =>
        keyed(probabilities, [String(option.value), String(i)]),
      );
      return answerOf(question, { ...answer, probability: answer.noul, numbers }, where);
    });
  }
  const { answers } = readFields(decisionsBody, json, where);
  return questions.map((question, q) => {
    const answer = answers[q];
    if (answer === undefined) throw missing(question, where);
    if (answer.type === "refusal") {
      const none = question.options.map(() => null);
      return { refused: true, probabilities: none, choice: null, score: null };
    }
    const numbers = question.options.map((option, i) => {
      const wanted = question.type === "score" ? i : option.value;
      return answer.probabilities?.find(({ value }) => value === wanted)?.probability ?? null;
    });
    return answerOf(question, { ...answer, numbers }, where);
  });
}

interface Parts {
  probability?: number | undefined;
  choice?: string | boolean | undefined;
  score?: number | undefined;
  numbers: (number | null)[];
}

function answerOf(question: WireQuestion, parts: Parts, where: string): WireAnswer {
  const { type, options, name } = question;
  const { probability, choice, score, numbers } = parts;
  if (type === "predicate") {
    if (probability === undefined) throw missing(question, where);
    return { refused: false, probabilities: [probability, 1 - probability], choice: null, score: null };
  }
  if (type === "score") {
    if (score === undefined) throw missing(question, where);
    return { refused: false, probabilities: numbers, choice: null, score };
  }
  const chosen = options.findIndex(({ value }) => value === choice || String(value) === choice);
  if (chosen < 0)
    throw malformed(
      `The choice ${JSON.stringify(choice ?? null)} is none of the options`,
      `${where}, answer ${JSON.stringify(name)}`,
    );
  return { refused: false, probabilities: numbers, choice: chosen, score: null };
}

const keyed = (values: Record<string, number> | null | undefined, keys: readonly string[]): number | null => {
  const found = keys.find((key) => values && Object.hasOwn(values, key));
  return found === undefined ? null : values![found]!;
};

const missing = ({ name }: WireQuestion, where: string) =>
  malformed("The answer is missing", `${where}, answer ${JSON.stringify(name)}`);
