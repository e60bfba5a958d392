/**
 * Labels read from the most probable first tokens of an answer: of servers that score no texts. What a server does not list is
 * missing, and said as an interval.
 */
import { SurprisalError, type TokenRecord } from "../core/index.ts";
import type { LanguageModel, Prompt } from "../models/index.ts";
import { LETTERS, messageOf, plainText } from "./prompt.ts";
import type { PreparedQuestion } from "./question.ts";
import type { OptionReading } from "./requests.ts";
import { ordersOf, type ResolvedRule } from "./rule.ts";

/** Most alternatives that are asked for: what OpenAI gives. */
const MOST = 20;

/** A probability that is known to lie in an interval. */
export interface ProbabilityInterval {
  low: number;
  high: number;
}

/** What is known of a question's labels in one order. */
interface TopReading {
  /** [options] ln p of listed labels; -Infinity of the others; `null`: the server gave no numbers. */
  options: OptionReading[];
  /** [options] share among the labels; `null`: nothing is known. */
  intervals: (ProbabilityInterval | null)[];
  /** Probability of all tokens that the server did not list; `null`: it gave no numbers. */
  missingMass: number | null;
}

/** Readings of all questions. */
export interface TopReadings {
  /** [questions][orders] */
  readings: TopReading[][];
  form: "chat" | "plain";
  notes: string[];
}

export interface TopOptions {
  chat?: boolean | undefined;
  system?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** Whether a model can be asked so. */
export const givesTopLabels = ({ capabilities }: LanguageModel): boolean =>
  capabilities.generate && capabilities.alternatives > 0;

/**
 * Asks for one token at each place, question by question.
 * @throws SurprisalError as `generate`; INVALID_ARGUMENT for more options than letters.
 */
export async function readTopLabels(
  model: LanguageModel,
  state: string,
  questions: readonly PreparedQuestion[],
  rule: ResolvedRule,
  { chat = model.capabilities.chat, system, signal }: TopOptions,
): Promise<TopReadings> {
  const alternatives = Math.min(MOST, model.capabilities.alternatives);
  const readings: TopReading[][] = [];
  for (const question of questions) {
    const own: TopReading[] = [];
    for (const shown of ordersOf(question, rule)) {
      const options = shown.map((i) => question.options[i]!);
      const message = messageOf(state, question, "letters", options);
      const prompt: Prompt = chat
        ? [
            ...(system === undefined ? [] : [{ role: "system", content: system }]),
            { role: "user", content: message },
          ]
        : plainText(message);
      const first = await firstToken(model, prompt, alternatives, signal);
      own.push(readingOf(first, shown));
    }
    readings.push(own);
  }
  return {
    readings,
    form: chat ? "chat" : "plain",
    notes: [
      `${model.identity.name} is read at the first token of its answer, of which the server lists the ${alternatives} most probable.`,
    ],
  };
}

async function firstToken(
  model: LanguageModel,
  prompt: Prompt,
  alternatives: number,
  signal: AbortSignal | undefined,
): Promise<TokenRecord | null> {
  for await (const record of model.generate(prompt, { maxTokens: 1, alternatives, signal })) {
    if (record.part === "reasoning")
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: `${model.identity.name} begins its answer with a thought, and no label can be read there`,
        where: model.identity.source,
        wayOut: "Turn its reasoning off, or take a model without.",
      });
    return record;
  }
  return null;
}

/** @param shown numbers of the options in the order of their letters. */
export function readingOf(record: TokenRecord | null, shown: readonly number[]): TopReading {
  const listed = new Map<string, number>();
  for (const { text, logprob } of record ? [record, ...(record.alternatives ?? [])] : [])
    if (logprob !== null) listed.set(text, Math.exp(logprob));
  const count = shown.length;
  if (listed.size === 0)
    return {
      options: Array.from({ length: count }, () => ({ logprob: null, without: null, tokens: 1 })),
      intervals: Array.from({ length: count }, () => null),
      missingMass: null,
    };
  const seen = new Float64Array(count);
  let total = 0;
  for (const [text, p] of listed) {
    total += p;
    const place = LETTERS.indexOf(text.trim());
    if (text.trim().length === 1 && place >= 0 && place < count) seen[shown[place]!]! += p; // "A" and " A" are one label
  }
  const missing = Math.max(0, 1 - total);
  const sum = seen.reduce((all, p) => all + p, 0);
  return {
    options: Array.from(seen, (p) => ({ logprob: Math.log(p), without: null, tokens: 1 })),
    // What is missing may be any label's, in another spelling of it too: all its own, or all the others'.
    intervals: Array.from(seen, (p) =>
      sum === 0 ? null : { low: p / (sum + missing), high: (p + missing) / (sum + missing) },
    ),
    missingMass: missing,
  };
}

/** Over several orders: the mean of both ends. @param readings [orders] */
export function meanInterval(readings: readonly TopReading[], option: number): ProbabilityInterval | null {
  let [low, high] = [0, 0];
  for (const { intervals } of readings) {
    const interval = intervals[option] ?? null;
    if (interval === null) return null;
    low += interval.low / readings.length;
    high += interval.high / readings.length;
  }
  return { low, high };
}
