/** What a meter says, as JSON that can travel beside an answer. */
import type { PolicyEvent, Spike, WindowReading } from "../../core/index.ts";
import type { AnswerMeter, MeteredEnd } from "./answer-meter.ts";
import type { AnswerFormat } from "./format.ts";

/** As plain JSON: what AI SDK metadata may hold. */
type Plain<Type> = { -readonly [Field in keyof Type]: Type[Field] };

type SpikeSummary = Plain<
  Omit<Spike, "surprisal" | "zScore"> & { surprisal: number | null; zScore: number | null }
>;

/** Plain JSON: `null` = not known, or infinite (a token of probability 0; `warnings` says so). */
export type SurprisalSummary = {
  /** exp of the mean -ln p of the scored tokens, >= 1. */
  perplexity: number | null;
  /** Σ -log2 p of the scored tokens, bits. */
  bits: number | null;
  /** bits per UTF-8 byte of the scored tokens. */
  bitsPerByte: number | null;
  /** Perplexity of the worst window (32 tokens, unless the meter's options say otherwise). */
  highestWindow: Plain<Omit<WindowReading, "perplexity"> & { perplexity: number | null }> | null;
  /** The latest spikes, and how many there were; surprisal and z-score are `null` where infinite. */
  spikes: { count: number; recent: SpikeSummary[] };
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
  const { perplexity, bits, bitsPerByte, highestWindow, spikes } = meter.reading;
  const infinite = perplexity === Infinity;
  return {
    perplexity: finite(perplexity),
    bits: finite(bits),
    bitsPerByte: finite(bitsPerByte),
    highestWindow: highestWindow && { ...highestWindow, perplexity: finite(highestWindow.perplexity) },
    spikes: { count: spikes.count, recent: spikes.recent.map(summaryOfSpike) },
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

const summaryOfSpike = (spike: Spike): SpikeSummary => ({
  ...spike,
  surprisal: finite(spike.surprisal),
  zScore: finite(spike.zScore),
});
