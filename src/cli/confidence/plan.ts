/** What a whole file will cost, said before it is begun. */
import type { LanguageModel } from "../../models/index.ts";
import { formatCount, formatPlural } from "../../text/index.ts";
import { type ConfidenceMethod, priceOfMethod } from "../../uncertainty/index.ts";
import type { ItemRow } from "./given.ts";
import type { Setup } from "./measure.ts";
import { textOfQuestion } from "./question.ts";

/** What will be done at most; `null`: not known beforehand. */
export interface Plan {
  answers: number;
  /** Answers to write, and to score behind their question: a call each. */
  written: number;
  scored: number;
  /** Samples to draw. */
  samples: number;
  /** Calls that ask about the answers. */
  asked: number;
  calls: number;
  tokensWritten: number | null;
  /** Tokens of the prompts of those calls that ask, without what a cache saves. */
  tokensRead: number | null;
  /** Ordered pairs of texts that a judge is asked about, and texts that are embedded. */
  pairsJudged: number | null;
  textsEmbedded: number;
}

/** Lines whose prompts are counted; of more, these stand for all. */
const MOST_COUNTED = 100;
/** Stands for an answer that is not written yet. */
const SOME_ANSWER = "?";

/** @param rows those that are not done yet. */
export async function planOf(rows: readonly ItemRow[], setup: Setup): Promise<Plan> {
  const { model, methods, maxTokens } = setup;
  const items = rows.flatMap(({ item }) => (item instanceof Error ? [] : [item]));
  const written = items.filter(({ answer }) => answer === null).length;
  const wantsNumbers = methods.some(
    ({ family, needs }) =>
      family !== "asking" &&
      needs.some((need) => need === "logprobs" || need === "distribution" || need === "alternatives"),
  );
  const scored =
    model !== null && wantsNumbers && model.capabilities.score
      ? items.filter(
          ({ question, answer, records }) => question !== null && answer !== null && records === null,
        ).length
      : 0;
  const drawing = model === null ? [] : items.filter(({ question }) => question !== null);
  const samples = drawing.length * setup.samples;
  const asking = methods.filter((method) => method.family === "asking");
  const asks = model === null ? null : await priceOfAsking(drawing, asking, setup, model);
  const prices = await Promise.all(
    items.map(async (item) => {
      const n = item.samples.length + (item.question !== null && model !== null ? setup.samples : 0);
      return toolsOf(methods, n, setup);
    }),
  );
  const pairs = prices.map((price) => price.pairsJudged);
  return {
    ...{ answers: items.length, written, scored, samples, asked: asks?.calls ?? 0 },
    calls: written + scored + samples + (asks?.calls ?? 0),
    tokensWritten: (written + samples) * maxTokens + (asks?.tokensWritten ?? 0),
    tokensRead: asks === null ? 0 : asks.tokensRead,
    pairsJudged:
      setup.judgesClaims || pairs.some((each) => each === null)
        ? null
        : pairs.reduce<number>((sum, each) => sum + each!, 0),
    textsEmbedded: prices.reduce((sum, price) => sum + price.textsEmbedded, 0),
  };
}

async function priceOfAsking(
  items: readonly Extract<ItemRow["item"], { answer: string | null }>[],
  asking: readonly Extract<ConfidenceMethod, { family: "asking" }>[],
  { maxTokens }: Setup,
  model: LanguageModel,
): Promise<{ calls: number; tokensWritten: number | null; tokensRead: number | null }> {
  const counted = items.slice(0, MOST_COUNTED);
  const times = items.length / Math.max(1, counted.length);
  let [calls, written, read]: [number, number | null, number | null] = [0, 0, 0];
  for (const { question, answer, samples } of counted)
    for (const { asking: method } of asking) {
      const price = await method.price(
        {
          question: textOfQuestion(question!) || SOME_ANSWER,
          answer: answer?.trim() ? answer : SOME_ANSWER,
          samples: samples.map(({ text }) => text),
        },
        model,
      );
      calls += price.calls;
      written = written === null || price.tokensWritten === null ? null : written + price.tokensWritten;
      const own =
        price.tokensRead === null ? null : price.tokensRead + (answer === null ? maxTokens : 0) * price.calls;
      read = read === null || own === null ? null : read + own;
    }
  const scaled = (value: number | null) => (value === null ? null : Math.round(value * times));
  return { calls: scaled(calls)!, tokensWritten: scaled(written), tokensRead: scaled(read) };
}

/** What judge and encoder are asked about one answer: methods share what was asked. */
async function toolsOf(
  methods: readonly ConfidenceMethod[],
  samples: number,
  { judge, embed }: Setup,
): Promise<{ pairsJudged: number | null; textsEmbedded: number }> {
  const prices = await Promise.all(methods.map((method) => priceOfMethod(method, samples)));
  const pairs = judge === null || samples === 0 ? [] : prices.map((price) => price.pairsJudged);
  const texts = embed === undefined || samples === 0 ? [] : prices.map((price) => price.textsEmbedded ?? 0);
  return {
    // Those that compare samples share their pairs; those that begin at the answer ask about others.
    pairsJudged: pairs.some((each) => each === null)
      ? null
      : Math.max(0, ...pairs.map((each) => each!)) + (pairs.some((each) => each! > 0) ? samples : 0),
    textsEmbedded: Math.max(0, ...texts),
  };
}

/** A line for people: "3 answers to write, 15 samples, 9 calls about them · at most 4,608 tokens written, 2,211 read". */
export function planText(plan: Plan): string {
  const { answers, written, scored, samples, asked, tokensWritten, tokensRead, pairsJudged, textsEmbedded } =
    plan;
  const parts = [
    ...(written > 0 ? [`${formatPlural(written, "answer")} to write`] : []),
    ...(scored > 0 ? [`${formatPlural(scored, "answer")} to score`] : []),
    ...(samples > 0 ? [`${formatPlural(samples, "sample")} to draw`] : []),
    ...(asked > 0 ? [`${formatPlural(asked, "call")} that ask`] : []),
    ...(textsEmbedded > 0 ? [`${formatPlural(textsEmbedded, "text")} to embed`] : []),
    ...(pairsJudged === null
      ? ["pairs to judge by what the answers say"]
      : pairsJudged > 0
        ? [`${formatPlural(pairsJudged, "pair")} to judge`]
        : []),
  ];
  if (parts.length === 0)
    return `price: nothing is run; ${formatPlural(answers, "answer")} as the lines have them`;
  const most = [
    ...(tokensWritten === null
      ? []
      : tokensWritten > 0
        ? [`at most ${formatPlural(tokensWritten, "token")} written`]
        : []),
    ...(asked > 0
      ? [
          tokensRead === null
            ? "tokens read by calls that ask: not known"
            : `${formatCount(tokensRead)} read by calls that ask`,
        ]
      : []),
  ];
  return [`price: ${parts.join(", ")}`, ...most].join(" · ");
}
