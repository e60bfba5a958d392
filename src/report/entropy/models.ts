/** What models say of prompts and texts, in words and tables: next tokens, convergence, cross-entropy, contexts. */
import type {
  ContextWorth,
  Convergence,
  CrossEntropyReport,
  NextToken,
  NextTokens,
} from "../../entropy/index.ts";
import { formatCount, formatNumber, formatProbability, visible, visibleToken } from "../../text/index.ts";
import { bitsText, choicesText, type EntropyShown, intervalText, levelText } from "./shown.ts";

/** Prompts beside each other. */
export interface NextView {
  kind: "next";
  model: string;
  prompts: readonly NextTokens[];
}

/** A text from several starting points. */
export interface ConvergeView {
  kind: "converge";
  name: string;
  model: string;
  convergence: Convergence;
}

/** A text behind contexts of several lengths. */
export interface ContextView {
  kind: "context";
  name: string;
  model: string;
  worth: ContextWorth;
}

/** A pair of models. */
export interface CrossView {
  kind: "cross";
  name: string;
  /** Names of p and q. */
  p: string;
  q: string;
  cross: CrossEntropyReport;
}

/** A token as it is shown; a piece of a character with what it becomes. */
export function nextTokenText({ bytes, completed }: Pick<NextToken, "bytes" | "completed">): string {
  const shown = visibleToken(bytes);
  return completed === null ? shown : `${shown} → ${visible(completed).replaceAll(" ", "␣")}`;
}

/** "0.81 bits, 1.8 choices", or bounds. */
export function nextEntropyText({ entropy, choices, bounds }: NextTokens): string {
  if (entropy !== null && choices !== null)
    return `${bitsText(entropy, 3)} bits, ${formatNumber(choices, 3)} choices`;
  return bounds.high === null
    ? `at least ${bitsText(bounds.low, 3)} bits`
    : `${bitsText(bounds.low, 3)} to ${bitsText(bounds.high, 3)} bits`;
}

export function showNext({ model, prompts }: NextView): EntropyShown {
  return {
    title: "What comes next",
    lead: `${model}: entropy of the next token, and 2 to that power: the effective number of choices.`,
    parts: [
      {
        heading: "Prompts",
        text: [...new Set(prompts.flatMap(({ notes }) => notes))],
        table: {
          columns: ["prompt", "bits", "choices", "first", "probability", "listed"],
          rows: prompts.map((next) => [
            next.read,
            next.entropy === null ? nextEntropyText(next) : bitsText(next.entropy, 3),
            next.choices === null ? "–" : formatNumber(next.choices, 3),
            next.top[0] ? nextTokenText(next.top[0]) : "–",
            formatProbability(next.top[0]?.probability),
            formatProbability(next.topMass),
          ]),
        },
      },
      ...prompts.map((next) => ({
        heading: next.read === "" ? "(nothing)" : next.read,
        text: [nextEntropyText(next)],
        table: {
          columns: ["token", "probability", "bits"],
          rows: next.top.map((token) => [
            nextTokenText(token),
            formatProbability(token.probability),
            bitsText(-token.logprob, 3),
          ]),
        },
      })),
    ],
  };
}

function limitWords({ limit: { course, window, law } }: Convergence): string {
  if (course === "full-window") return `the mean behind a full window of ${formatCount(window)} tokens`;
  return law
    ? `mean surprisal falls as h + c/t^${formatNumber(law.exponent, 3)} with the place t in the stretch`
    : "place in the stretch makes no difference that shows: a constant";
}

export function showConvergence({ name, model, convergence }: ConvergeView): EntropyShown {
  const { points, starts, length, limit, spreadSlope, rate, notes } = convergence;
  const at = (share: number) => points.find(({ tokens }) => tokens >= share * length) ?? points.at(-1)!;
  const shown = [...new Set([0.001, 0.01, 0.03, 0.1, 0.25, 0.5, 1].map(at))];
  const { interval } = limit;
  return {
    title: `Convergence on ${name}`,
    lead: `${model}: ${formatCount(starts.length)} stretches of ${formatCount(length)} tokens, each read with nothing before it.`,
    parts: [
      {
        heading: "In short",
        text: [
          `After ${formatCount(points.at(-1)!.tokens)} tokens the running perplexity is ${choicesText(rate)} (${bitsText(rate)} bits per token).`,
          `Limit: 2^${bitsText(limit.rate)} = ${choicesText(limit.rate)}${interval ? `, ${levelText(interval.level)} between ${choicesText(interval.low)} and ${choicesText(interval.high)} (bootstrap over the stretches)` : ""}; ${limitWords(convergence)}.`,
          ...(spreadSlope === null
            ? []
            : [
                `The spread shrinks as N^${formatNumber(spreadSlope, 2)}; of independent tokens it would be N^-0.5.`,
              ]),
          "The limit is the cross-entropy rate of the text under this model: no less than the entropy rate of its source.",
          ...notes,
        ],
      },
      {
        heading: "Running perplexity",
        text: [],
        table: {
          columns: ["tokens N", "mean", "least", "most", "spread, bits"],
          rows: shown.map(({ tokens, mean, rates, spread }) => [
            formatCount(tokens),
            choicesText(mean),
            choicesText(Math.min(...rates)),
            choicesText(Math.max(...rates)),
            bitsText(spread, 3),
          ]),
        },
      },
    ],
  };
}

export function showContext({ name, model, worth }: ContextView): EntropyShown {
  const { points, places, enough, tolerance, certain, notes } = worth;
  const last = points.at(-1)!;
  const level = last.rate.interval?.level ?? 0.95;
  const atEnough = points.find(({ context }) => context === enough)!;
  return {
    title: `What a context is worth: ${name}`,
    lead: `${model}: ${formatCount(places)} tokens of the text, each behind up to ${formatCount(last.context)} others; the same ones at every length.`,
    parts: [
      {
        heading: "In short",
        text: [
          `${formatCount(last.context)} tokens of context save ${bitsText(last.saved.value, 3)} bits per token: from ${bitsText(points[0]!.rate.value)} to ${bitsText(last.rate.value)}.`,
          enough === last.context
            ? `No shorter context is within ${formatProbability(tolerance)} of the longest: a longer one may save more.`
            : `A window of ${formatCount(enough)} tokens is within ${formatProbability(tolerance)} of the longest (it costs ${bitsText(Math.abs(atEnough.excess.value), 2)} bits ${atEnough.excess.value < 0 ? "less" : "more"}${atEnough.excess.interval ? `; its excess is ${intervalText(atEnough.excess.interval)}` : ""})${certain ? "" : ", though its interval reaches further: more places (--places) would say"}.`,
          ...notes,
        ],
      },
      {
        heading: "By length",
        text: [
          `Bits per token; what is saved is the mutual information of a token and its context, as this model knows it. Intervals of ${levelText(level)}: block bootstrap over the places, in pairs.`,
        ],
        table: {
          columns: [
            "context",
            "bits",
            "saved",
            "interval",
            "beside the shorter",
            "interval of that",
            "perplexity",
          ],
          rows: points.map(({ context, rate, saved, step }) => [
            formatCount(context),
            bitsText(rate.value),
            bitsText(saved.value, 3),
            intervalText(saved.interval),
            step ? bitsText(step.value, 3) : "–",
            step ? intervalText(step.interval) : "–",
            choicesText(rate.value),
          ]),
        },
      },
    ],
  };
}

export function showCross({ name, p, q, cross }: CrossView): EntropyShown {
  const { entropyP, entropyQ, divergence, reverseDivergence, crossEntropy, textP, textQ } = cross;
  const level = entropyP.interval?.level ?? 0.95;
  const rows = [
    ["H(p)", entropyP, `entropy of p, ${p}`],
    ["KL(p‖q)", divergence, "what q adds to it"],
    ["H(p, q)", crossEntropy, "cross-entropy: -Σ p log q"],
    ["H(q)", entropyQ, `entropy of q, ${q}`],
    ["KL(q‖p)", reverseDivergence, "the other way round"],
    ["text under p", textP, `perplexity ${choicesText(textP.value)}`],
    ["text under q", textQ, `perplexity ${choicesText(textQ.value)}`],
  ] as const;
  return {
    title: `Cross-entropy on ${name}`,
    lead: `p is ${p}, q is ${q}; ${formatCount(cross.places)} places, ${formatCount(cross.vocabulary)} tokens in each distribution.`,
    parts: [
      {
        heading: "In short",
        text: [
          `${bitsText(entropyP.value, 5)} + ${bitsText(divergence.value, 5)} = ${bitsText(crossEntropy.value, 5)} bits: H(p) + KL(p‖q) = H(p, q), each summed by itself; in no place do they differ by more than ${formatNumber(cross.largestResidual / Math.LN2, 2)} bits.`,
          ...cross.notes,
        ],
      },
      {
        heading: "Bits per token",
        text: [`Intervals of ${levelText(level)}: block bootstrap over neighbouring places.`],
        table: {
          columns: ["", "bits", "interval", "what it is"],
          rows: rows.map(([what, mean, words]) => [
            what,
            bitsText(mean.value, 5),
            intervalText(mean.interval),
            words,
          ]),
        },
      },
    ],
  };
}
