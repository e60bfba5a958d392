/** What a meter says, as JSON that can travel beside an answer. */
import type { PartReading, PolicyEvent, Spike, TokenPart, WindowReading } from "../../core/index.ts";
import type { AnswerMeter, MeteredEnd } from "./answer-meter.ts";
import type { AnswerFormat } from "./format.ts";

/** As plain JSON: what AI SDK metadata may hold. */
type Plain<Type> = { -readonly [Field in keyof Type]: Type[Field] };

type SpikeSummary = Plain<
  Omit<Spike, "surprisal" | "zScore"> & { surprisal: number | null; zScore: number | null }
>;

/** What is said of one part of an answer: as of all of it. */
type PartSummary = {
  /** Tokens of the part, as they came. */
  tokens: number;
  /** Those that carry a number. */
  scored: number;
  perplexity: number | null;
  bits: number | null;
  bitsPerByte: number | null;
};

/** Plain JSON: `null` = not known, or infinite (a token of probability 0; `warnings` says so). */
export type SurprisalSummary = {
  /** exp of the mean -ln p of the scored tokens of all parts, >= 1. */
  perplexity: number | null;
  /** Σ -log2 p of the scored tokens, bits. */
  bits: number | null;
  /** bits per UTF-8 byte of the scored tokens. */
  bitsPerByte: number | null;
  /** Perplexity of the worst window (32 tokens, unless the meter's options say otherwise). */
  highestWindow: Plain<Omit<WindowReading, "perplexity"> & { perplexity: number | null }> | null;
  /** The latest spikes, and how many there were; surprisal and z-score are `null` where infinite. */
  spikes: { count: number; recent: SpikeSummary[] };
  /** The answer, what was thought before it, and calls of tools, each for itself; `null` = there was none. */
  parts: Record<TokenPart, PartSummary | null>;
  stoppedBy: Plain<PolicyEvent> | null;
  alarms: Plain<PolicyEvent>[];
  /** Where the numbers come from. */
  source: { provider: string; modelId: string; format: AnswerFormat | null };
} & Plain<Omit<MeteredEnd, "warnings"> & { warnings: string[] }>;

/** Ends the meter, if it has not. */
export function summaryOf(
  meter: AnswerMeter,
  { provider, modelId }: { provider: string; modelId: string },
): SurprisalSummary {
  const end = meter.finish();
  const { perplexity, bits, bitsPerByte, highestWindow, spikes, parts } = meter.reading;
  const infinite = perplexity === Infinity;
  return {
    perplexity: finite(perplexity),
    bits: finite(bits),
    bitsPerByte: finite(bitsPerByte),
    highestWindow: highestWindow && { ...highestWindow, perplexity: finite(highestWindow.perplexity) },
    spikes: { count: spikes.count, recent: spikes.recent.map(summaryOfSpike) },
    parts: {
      answer: summaryOfPart(parts.answer),
      reasoning: summaryOfPart(parts.reasoning),
      "tool-call": summaryOfPart(parts["tool-call"]),
    },
    stoppedBy: meter.stoppedBy && { ...meter.stoppedBy },
    alarms: meter.alarms.map((alarm) => ({ ...alarm })),
    ...end,
    warnings: infinite
      ? [...end.warnings, "A token had probability 0, so the perplexity is infinite."]
      : [...end.warnings],
    source: { provider, modelId, format: meter.format },
  };
}

const finite = (value: number | null): number | null => (Number.isFinite(value) ? value : null);

const summaryOfPart = (part: PartReading | null): PartSummary | null =>
  part && {
    tokens: part.tokens,
    scored: part.scored,
    perplexity: finite(part.perplexity),
    bits: finite(part.bits),
    bitsPerByte: finite(part.bitsPerByte),
  };

const summaryOfSpike = (spike: Spike): SpikeSummary => ({
  ...spike,
  surprisal: finite(spike.surprisal),
  zScore: finite(spike.zScore),
});
