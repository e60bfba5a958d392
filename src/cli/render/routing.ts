/** What a router is worth, in a terminal: the table of ways, and what it says in sentences. */
import type {
  DeepConfEvaluation,
  ExitEvaluation,
  Interval,
  RouterEvaluation,
  SplitsEvaluation,
} from "../../route/index.ts";
import {
  displayWidth,
  formatCount,
  formatNumber,
  formatPlural,
  formatProbability,
  visible,
  wrapWords,
} from "../../text/index.ts";
import { table } from "./run.ts";

/** One way of answering, as both kinds of evaluation have it. */
export interface Way {
  name: string;
  accuracy: Interval;
  tokens: Interval;
  difference: { accuracy: Interval; tokens: Interval } | null;
}

/** Per cent with a digit behind the point. */
const percent = (share: number): string => (100 * share).toFixed(1);
const signed = (value: number, digits: number): string => {
  const text = value.toFixed(digits);
  return Number(text) > 0 ? `+${text}` : Number(text) === 0 ? text.replace("-", "") : text;
};

/** Columns of the table: which way, how often it is right, what it costs, and how the router compares. */
export const WAY_COLUMNS: readonly (readonly [heading: string, cell: (way: Way) => string])[] = [
  ["way", ({ name }) => visible(name)],
  [
    "right, %",
    ({ accuracy: { value, low, high } }) => `${percent(value)} (${percent(low)}–${percent(high)})`,
  ],
  ["tokens", ({ tokens }) => formatNumber(tokens.value, 3)],
  [
    "router less it",
    ({ difference }) =>
      difference === null
        ? ""
        : `${signed(100 * difference.accuracy.value, 1)} (${signed(100 * difference.accuracy.low, 1)}…${signed(100 * difference.accuracy.high, 1)})`,
  ],
  ["tokens", ({ difference }) => (difference === null ? "" : signed(difference.tokens.value, 1))],
];

/** What stands under the table, a sentence each. */
export function routerSentences(evaluation: RouterEvaluation, splits: SplitsEvaluation | null): string[] {
  const { classes, kept, saving, randomPValue, flips, intervals, methods } = evaluation;
  const known = methods.find(({ name }) => name === "router")!.ms;
  const long = methods.find(({ name }) => name === `always ${evaluation.paths.at(-1)}`)!.ms;
  return [
    ...(classes
      ? [
          `Kept right ${formatCount(classes.keptRight)}, kept wrong ${formatCount(classes.keptWrong)}, long needed ${formatCount(classes.longNeeded)}, long wasted ${formatCount(classes.longWasted)}, hopeless ${formatCount(classes.hopeless)}.`,
        ]
      : [
          `Answers given by ${Object.entries(evaluation.shares)
            .map(([name, share]) => `${visible(name)} ${formatProbability(share)}`)
            .join(", ")}.`,
        ]),
    ...(kept && kept.of > 0
      ? [
          `Of ${formatPlural(kept.of, "short answer")} kept, ${formatCount(kept.wrong)} ${kept.wrong === 1 ? "is" : "are"} wrong: ${percent(kept.wrong / kept.of)} %.`,
        ]
      : []),
    `Tokens saved: ${percent(saving.ofLong)} % of always ${visible(evaluation.paths.at(-1)!)}${saving.ofOracle === null ? "" : `, ${percent(saving.ofOracle)} % of what the oracle saves`}${saving.ofOracleAfterTrying === null ? "" : `, ${percent(saving.ofOracleAfterTrying)} % of what an oracle saves that has looked`}.`,
    ...(known && long
      ? [
          `Time per question: ${known.value.toFixed(0)} ms; always ${visible(evaluation.paths.at(-1)!)}: ${long.value.toFixed(0)} ms.`,
        ]
      : []),
    ...((evaluation.atOnce ?? 1) > 1
      ? [
          `Times are not shown: ${evaluation.atOnce} questions were asked at once, so they are those of a busy model; --at-once 1 has true ones.`,
        ]
      : []),
    ...(randomPValue === null
      ? []
      : [`Random routing at the same rate is right as often with p = ${smallNumber(randomPValue)} (exact).`]),
    ...(flips
      ? [
          `${percent(flips.rate)} % of ${formatPlural(flips.pairs, "decision")} flip in other words (${percent(flips.low)}–${percent(flips.high)}): robustness ${percent(1 - flips.rate)} %.`,
        ]
      : []),
    ...(splits ? splitSentences(splits) : []),
    intervalSentence(intervals),
  ];
}

function splitSentences({ splits, failed, methods, aboveRandom }: SplitsEvaluation): string[] {
  const fitted = splits - failed.length;
  if (fitted === 0) return [`On none of ${splits} other splits a router could be fitted: ${failed[0]}`];
  const router = methods.find(({ name }) => name === "router")!;
  const long = methods.filter(({ name }) => name.startsWith("always ")).at(-1)!;
  const { accuracy, tokens } = long.difference!;
  return [
    `Fitted anew on ${fitted} splits: right ${percent(router.accuracy.value)} % (${percent(router.accuracy.low)}–${percent(router.accuracy.high)}); less ${long.name} ${signed(100 * accuracy.value, 1)} points (${signed(100 * accuracy.low, 1)} to ${signed(100 * accuracy.high, 1)}) and ${signed(tokens.value, 1)} tokens (${signed(tokens.low, 1)} to ${signed(tokens.high, 1)}); above random routing on ${percent(aboveRandom)} % of them.`,
  ];
}

/** The same of DeepConf. */
export function deepConfSentences(evaluation: DeepConfEvaluation): string[] {
  const { saving, stopped, agreed, warnings, intervals } = evaluation;
  return [
    `Online saves ${percent(saving)} % of the full vote's tokens; ${percent(stopped)} % of the traces begun were ended below the bar; on ${percent(agreed)} % of the questions the votes agreed before the budget was spent.`,
    ...warnings.map(visible),
    intervalSentence(intervals),
  ];
}

/** The same of an early exit. */
export function exitSentences(evaluation: ExitEvaluation): string[] {
  const { saving, ended, lost, won, probeTokens, missing, warnings, intervals } = evaluation;
  return [
    `Ended ${formatCount(ended.count)} of ${formatPlural(ended.of, "thinking")} with a place for it${ended.tokens === null ? "" : `, after ${formatNumber(ended.tokens, 3)} tokens on average`}: ${formatPlural(lost, "right answer")} lost, ${formatCount(won)} won.`,
    `Tokens saved: ${percent(saving.ofWhole)} % of never ending it${saving.ofOracle === null ? "" : `, ${percent(saving.ofOracle)} % of what the oracle saves`}${probeTokens > 0 ? `; ${formatNumber(probeTokens, 3)} per question are written to ask the model` : ""}.`,
    ...(missing > 0 ? [`${formatCount(missing)} numbers were not known, which is no reason to end.`] : []),
    ...warnings.map(visible),
    intervalSentence(intervals),
  ];
}

const intervalSentence = ({ level, resamples }: { level: number; resamples: number }): string =>
  `Intervals of ${Math.round(100 * level)} % by the bootstrap over groups, in pairs, ${formatCount(resamples)} resamples.`;

const smallNumber = (value: number): string => (value >= 0.001 ? value.toFixed(3) : value.toExponential(1));

/** How many questions were judged. */
export function judgedSentence({
  n,
  groups,
  leftOut,
}: Pick<RouterEvaluation, "n" | "groups" | "leftOut">): string {
  return `${formatPlural(n, "question")}${groups < n ? ` in ${formatPlural(groups, "group")}` : ""}${leftOut > 0 ? `; left out: ${formatCount(leftOut)} without all answers and labels` : ""}`;
}

/**
 * The table with its sentences.
 * @param stream where it is shown: where a terminal has no room the last columns are left out, and sentences are broken.
 */
export function renderRouting(
  {
    first,
    ways,
    sentences,
  }: { first: readonly string[]; ways: readonly Way[]; sentences: readonly string[] },
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  let columns = [...WAY_COLUMNS];
  let lines = table(ways, columns, 1);
  while (columns.length > 3 && lines.some((line) => displayWidth(line) > width)) {
    columns = columns.slice(0, -1);
    lines = table(ways, columns, 1);
  }
  const wrapped = (all: readonly string[]) =>
    all.flatMap((each) => (width === Number.POSITIVE_INFINITY ? [each] : wrapWords(each, width)));
  return [...wrapped(first), "", ...lines, "", ...wrapped(sentences), ""].join("\n");
}
