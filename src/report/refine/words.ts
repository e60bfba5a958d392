/** What the measures of a refinement mean, and its numbers as people read them: the same words on the page and in the terminal. */
import type {
  BaselineTotal,
  DatasetReport,
  MeasureScope,
  RefinedSample,
  RefineReport,
  UnrefinedSample,
} from "../../refine/index.ts";
import { formatNumber, formatProbability } from "../../text/index.ts";

/** What each measure looks at: of one chain, of the questions behind demonstrations. */
const MEASURED: Readonly<Record<"ft" | "fs", Readonly<Record<MeasureScope, string>>>> = {
  ft: {
    answer: "the answer",
    chain: "the steps that are left and the answer",
    rest: "what stands behind the step",
  },
  fs: {
    answer: "the questions' answers",
    chain: "the questions' steps and answers",
    rest: "what stands behind the step",
  },
};

/** What the perplexity of a round is of. */
export const perplexityOf = (measure: MeasureScope, mode: "ft" | "fs"): string =>
  MEASURED[mode][measure === "answer" ? "answer" : "chain"];

/** What the bars show. */
export function importanceWords({ measure, mode }: Pick<RefineReport, "measure" | "mode">): string[] {
  return [
    `Importance: how much worse the model predicts ${MEASURED[mode][measure]} once this step alone is gone, as change of the mean -ln p per token, nats. Above 0 the chain needs the step (+0.05 is about 5% more perplexity), at 0 nothing changes, below 0 the rest is easier without it.`,
    ...(measure === "chain"
      ? ["A step's own tokens go with it, which shifts this mean whether or not the step was needed."]
      : []),
  ];
}

/** Nats with their sign, three decimals: +0.123, −0.020, 0.000. Missing: "–". */
export function signedNats(value: number | null): string {
  if (value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "+∞" : "−∞";
  if (Math.abs(value) >= 1000) return `${value > 0 ? "+" : "−"}${formatNumber(Math.abs(value))}`;
  const text = Math.abs(value).toFixed(3);
  return Number(text) === 0 ? "0.000" : `${value > 0 ? "+" : "−"}${text}`;
}

/** A ratio of perplexities, three decimals: 1.024. Missing: "–"; infinite: "∞". */
export function ratioText(ratio: number | null): string {
  if (ratio === null || !Number.isFinite(ratio) || ratio >= 1000 || (ratio > 0 && ratio < 0.001))
    return formatNumber(ratio);
  return ratio.toFixed(3);
}

/** Perplexity after by perplexity before, of what `measure` looks at. `null`: both are infinite. */
export function ratioOf(
  { before, after, rounds }: Pick<RefinedSample, "before" | "after" | "rounds">,
  measure: MeasureScope,
): number | null {
  if (rounds.length > 0) return rounds.at(-1)!.ratio;
  const [a, b] =
    measure === "answer"
      ? [before.answerPerplexity, after.answerPerplexity]
      : [before.chainPerplexity, after.chainPerplexity];
  return a === b ? (Number.isFinite(a) ? 1 : null) : b / a;
}

/** Heading of the ratios of rounds: those of "rest" are not of the perplexity that stands beside them. */
export const ratioHeading = (measure: MeasureScope): string =>
  measure === "rest" ? "times, of what stands behind" : "times the full chain's";

/** Share of the tokens that went, 0 ... 1; `null` of no tokens. Below 0 where they became more. */
export const savedShare = ({
  before,
  after,
}: {
  before: number | null;
  after: number | null;
}): number | null => (before === null || after === null || before === 0 ? null : 1 - after / before);

/** "31% fewer", "2% more", "as many". */
export function savedText(tokens: { before: number | null; after: number | null }): string {
  const share = savedShare(tokens);
  if (share === null) return "–";
  return share === 0 ? "as many" : `${formatProbability(Math.abs(share))} ${share > 0 ? "fewer" : "more"}`;
}

/** What the difference to a baseline says: "+0.123 ± 0.010" nats. */
export function worseText(worse: BaselineTotal["chainWorse"]): string {
  if (worse === null) return "–";
  const error = worse.standardError === null ? "" : ` ± ${worse.standardError.toFixed(3)}`;
  return `${signedNats(worse.mean)}${error}`;
}

/** What a code of a sample that was not refined means. */
export const REASONS: Readonly<Record<string, string>> = {
  EMPTY_INPUT: "no reasoning steps",
  NOTHING_TO_SCORE: "no answer",
  CONTEXT_EXCEEDED: "longer than the model's context",
  ANSWER_DOES_NOT_FOLLOW: "the answer does not follow from the steps",
  CORPUS_MALFORMED: "not read as question, reasoning and answer",
  INVALID_ARGUMENT: "texts that cannot be scored",
};

/** What became of a sample that was not refined. */
export const fateOf = (
  { outcome, where }: UnrefinedSample,
  { notWritten = [] }: Pick<DatasetReport, "notWritten">,
): string => {
  if (notWritten.some((one) => one.where === where)) return "not written: the format has no place for it";
  return outcome === "kept" ? "written as it was" : "left out";
};
