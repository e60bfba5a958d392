/** One list of score requests for all questions: the model's prefix tree runs what they share once. */
import { abortError, SurprisalError } from "../core/index.ts";
import type { LanguageModel, ScoredText, ScoreRequest } from "../models/index.ts";
import { formatCount, formatPlural } from "../text/index.ts";
import { LETTERS, messageOf, type Prompter } from "./prompt.ts";
import type { PreparedQuestion } from "./question.ts";
import { ordersOf, type ResolvedRule } from "./rule.ts";

/** What one request is about. */
interface Place {
  question: number;
  /** Number of the order that options are listed in. */
  order: number;
  option: number;
  /** Whether the state is in the prompt. */
  withState: boolean;
}

/** Requests with what they are about. */
export interface DecisionRequests {
  requests: ScoreRequest[];
  places: Place[];
  /** [questions] orders that were asked. */
  orders: number[];
}

/** An option as the model scored it in one order. */
export interface OptionReading {
  /** ln p of its tokens, nats; `null`: the source gave no number. */
  logprob: number | null;
  /** The same without the state; `null`: not asked, or no number. */
  without: number | null;
  tokens: number;
}

/** No tokenizer here has a token of so many characters: a text of more than so many for each that the model can read does not fit. */
const LONGEST_TOKEN = 512;

/** What does not fit by far is refused before it is tokenized, which takes minutes for 100 MB. */
function checkLength(
  model: LanguageModel,
  state: string,
  { name, instructions, options }: PreparedQuestion,
): void {
  const most = model.trainedContext;
  const longest = Math.max(...options.map(({ text }) => text.length));
  const characters = state.length + instructions.length + longest;
  if (most === null || characters <= most * LONGEST_TOKEN) return;
  throw new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `State, question and option are ${formatCount(characters)} characters, more than the ${formatPlural(most, "token")} that this model was trained for can be`,
    where: `question ${JSON.stringify(name)}`,
    wayOut: "Shorten the text, or take a model with a longer context.",
  });
}

/**
 * Requests in the options' canonical order.
 * @throws SurprisalError CONTEXT_EXCEEDED, naming question and option; ABORTED.
 */
export async function requestsOf(
  model: LanguageModel,
  prompter: Prompter,
  state: string,
  questions: readonly PreparedQuestion[],
  rule: ResolvedRule,
  signal?: AbortSignal | undefined,
): Promise<DecisionRequests> {
  const made: DecisionRequests = { requests: [], places: [], orders: [] };
  for (const [q, question] of questions.entries()) {
    checkLength(model, state, question);
    const orders = ordersOf(question, rule);
    made.orders.push(orders.length);
    for (const [order, shown] of orders.entries()) {
      const listed = shown.map((option) => question.options[option]!);
      if (signal?.aborted) throw abortError("Deciding", signal);
      for (const withState of rule.rule === "pmi" ? [true, false] : [true]) {
        const given = withState ? state : null;
        const context = await prompter.tokensOf(messageOf(given, question, rule.listing, listed), given);
        for (const option of question.canonical) {
          const isLabel = rule.rule === "label";
          const said = isLabel ? LETTERS[shown.indexOf(option)]! : question.options[option]!.text;
          const continuation = await prompter.answerTokens(said, !isLabel);
          checkFits(model, context.length + continuation.length - 1, question, option);
          made.requests.push({ context, continuation });
          made.places.push({ question: q, order, option, withState });
        }
      }
    }
  }
  return made;
}

function checkFits(
  model: LanguageModel,
  tokens: number,
  { name, options }: PreparedQuestion,
  option: number,
): void {
  const most = model.trainedContext;
  if (most === null || tokens <= most) return;
  throw new SurprisalError({
    code: "CONTEXT_EXCEEDED",
    what: `State, question and option are ${formatCount(tokens)} tokens, more than the ${formatCount(most)} this model was trained for`,
    where: `question ${JSON.stringify(name)}, option ${JSON.stringify(options[option]!.text.slice(0, 40))}`,
    wayOut: `Shorten the state or the option by ${formatPlural(tokens - most, "token")}, or take a model with a longer context.`,
  });
}

/** Readings by question, order and option, and tokens run. */
export interface Readings {
  /** [questions][orders][options] */
  options: OptionReading[][][];
  /** [questions] tokens run that no earlier request had run. */
  tokensRun: number[];
  /** Tokens of all requests, each by itself. */
  tokensAlone: number;
}

/** Puts the answers to the requests where they belong. */
export async function readAnswers(
  questions: readonly PreparedQuestion[],
  { requests, places, orders }: DecisionRequests,
  answers: AsyncIterable<ScoredText>,
): Promise<Readings> {
  const options = questions.map(({ options }, q) =>
    Array.from({ length: orders[q]! }, () =>
      options.map((): OptionReading => ({ logprob: null, without: null, tokens: 0 })),
    ),
  );
  const tokensRun = questions.map(() => 0);
  for await (const { index, logprob, tokens, tokensRun: run } of answers) {
    const { question, order, option, withState } = places[index]!;
    const reading = options[question]![order]![option]!;
    reading[withState ? "logprob" : "without"] = logprob;
    reading.tokens = tokens.ids.length;
    tokensRun[question]! += run;
  }
  const tokensAlone = requests.reduce(
    (sum, { context, continuation }) => sum + context.length + continuation.length - 1,
    0,
  );
  return { options, tokensRun, tokensAlone };
}
