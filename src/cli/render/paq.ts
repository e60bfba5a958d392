/** What a router of bits is worth, in a terminal: the table of ways, and what it says in sentences. */
import type { PaqEvaluation, PaqMethod } from "../../route/index.ts";
import {
  displayWidth,
  formatBytes,
  formatCount,
  formatNumber,
  formatPlural,
  formatProbability,
  visible,
  wrapWords,
} from "../../text/index.ts";
import { table } from "./run.ts";

/** Per cent with a sign; what is impossible is infinite. */
const change = (share: number): string =>
  Number.isFinite(share)
    ? `${share > 0 ? "+" : share < 0 ? "−" : ""}${formatNumber(Math.abs(100 * share), 3)}`
    : "∞";
const percent = (share: number): string => (100 * share).toFixed(1);

/** Columns of the table. */
export const PAQ_COLUMNS: readonly (readonly [heading: string, cell: (method: PaqMethod) => string])[] = [
  ["way", ({ name }) => visible(name)],
  ["perplexity", ({ perplexity }) => formatNumber(perplexity.value, 4)],
  [
    "above the top, %",
    ({ increase: { value, low, high } }) =>
      value === 0 && low === 0 && high === 0 ? "0" : `${change(value)} (${change(low)}…${change(high)})`,
  ],
  ["enough, %", ({ adequate }) => percent(adequate.value)],
  ["bits", ({ bits }) => bits.toFixed(1)],
  ["ms", ({ ms }) => (ms === null ? "" : formatNumber(ms.value, 3))],
  ["memory", ({ memoryBytes }) => (memoryBytes === null ? "" : formatBytes(memoryBytes))],
  [
    "router less it, %",
    ({ difference }) =>
      difference === null
        ? ""
        : `${change(difference.perplexity.value)} (${change(difference.perplexity.low)}…${change(difference.perplexity.high)})`,
  ],
  [
    "ms",
    ({ difference }) =>
      difference?.ms ? `${difference.ms.value > 0 ? "+" : ""}${formatNumber(difference.ms.value, 3)}` : "",
  ],
];
/** Never left out. */
const LEAST = 4;

/** What stands under the table, a sentence each. */
export function paqSentencesOf(evaluation: PaqEvaluation): string[] {
  const { n, tau, levels, methods, labels, under, over, withinTau, randomPValue, routerMs, atOnce } =
    evaluation;
  const of = (name: string) => methods.find((method) => method.name === name)!;
  const [router, random, length] = [of("router"), of("random"), of("length")];
  const top = of(`always ${levels.at(-1)}`);
  const countOf = (name: string) => Object.values(labels[name]!).reduce((sum, count) => sum + count, 0);
  const saved = router.ms && top.ms ? top.ms.value - router.ms.value : null;
  const surely = router.ms && top.difference?.ms ? top.difference.ms.high < 0 : false;
  return [
    `Labels: ${levels.map((name) => `${name} ${formatProbability(countOf(name) / n)}`).join(", ")}. The router: ${levels.map((name) => `${name} ${formatProbability(router.shares[name]!)}`).join(", ")}.`,
    `Of ${formatPlural(n, "prompt")}, ${formatCount(under)} went to a level that is not enough, and ${formatCount(over)} to a higher one than needed.`,
    `Mean perplexity is ${change(router.increase.value)} % above always ${levels.at(-1)}: ${withinTau.value ? "within" : "not within"} tau = ${tau}${withinTau.value && !withinTau.surely ? ", though its interval is not" : ""}.`,
    ...(saved === null
      ? (atOnce ?? 1) > 1
        ? [`Times are not shown: ${atOnce} prompts were run at once, so they are those of a busy model.`]
        : ["Times are not known."]
      : [
          `Time per prompt: ${formatNumber(router.ms!.value, 3)} ms, ${formatNumber(routerMs ?? 0, 2)} ms of it the router's own; always ${levels.at(-1)}: ${formatNumber(top.ms!.value, 3)} ms. ${saved > 0 ? `It is faster${surely ? "" : ", within the error"}.` : "It is not faster."}`,
        ]),
    ...(randomPValue === null
      ? [
          levels.some((name) => router.shares[name] === 1)
            ? "It sends all prompts to one level: there is nothing to compare with random choice."
            : `No shuffle of the choices is another one: no two groups are of one size and go other ways. Random: ${change(random.increase.value)} %, by length alone: ${change(length.increase.value)} %.`,
        ]
      : [
          `The same choices shuffled among the prompts are as good with p = ${smallNumber(randomPValue.perplexity)} by perplexity and ${smallNumber(randomPValue.adequate)} by the share that is enough; random: ${change(random.increase.value)} %, by length alone: ${change(length.increase.value)} %.`,
        ]),
    ...evaluation.warnings.map(visible),
    `Intervals of ${Math.round(100 * evaluation.intervals.level)} % by the bootstrap over groups, in pairs, ${formatCount(evaluation.intervals.resamples)} resamples.`,
  ];
}

const smallNumber = (value: number): string => (value >= 0.001 ? value.toFixed(3) : value.toExponential(1));

/**
 * The table with its sentences.
 * @param stream where it is shown: where a terminal has no room the last columns are left out, and sentences are broken.
 */
export function renderPaq(
  evaluation: PaqEvaluation,
  first: readonly string[],
  stream: { isTTY?: boolean | undefined; columns?: number | undefined },
): string {
  const width = stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY;
  const { methods } = evaluation;
  let columns = PAQ_COLUMNS.filter(([, cell]) => methods.some((method) => cell(method) !== ""));
  let lines = table(methods, columns, 1);
  while (columns.length > LEAST && lines.some((line) => displayWidth(line) > width)) {
    columns = columns.slice(0, -1);
    lines = table(methods, columns, 1);
  }
  const wrapped = (all: readonly string[]) =>
    all.flatMap((each) => (width === Number.POSITIVE_INFINITY ? [each] : wrapWords(each, width)));
  return [...wrapped(first), "", ...lines, "", ...wrapped(paqSentencesOf(evaluation)), ""].join("\n");
}
