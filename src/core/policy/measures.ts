/** What of a reading a policy can compare. */
import type { MeterReading } from "../meter/index.ts";
import type { EntropyInterval } from "../token.ts";

/** perplexity, window and average are perplexities; confidence and entropy are in nats; spike is a z-score. */
export type PolicyMeasure =
  | "perplexity"
  | "window"
  | "average"
  | "confidence"
  | "entropy"
  | "spike"
  | "tokens"
  | "bits";

interface MeasureDescription {
  /** For explanations. */
  name: string;
  unit: "" | " nats";
  read: (reading: MeterReading) => number | EntropyInterval | null;
}

export const MEASURES: Readonly<Record<PolicyMeasure, MeasureDescription>> = {
  perplexity: { name: "perplexity", unit: "", read: ({ perplexity }) => perplexity },
  window: { name: "window perplexity", unit: "", read: ({ window }) => window?.perplexity ?? null },
  average: { name: "average perplexity", unit: "", read: ({ average }) => average?.perplexity ?? null },
  confidence: { name: "group confidence", unit: " nats", read: ({ confidence }) => confidence.group },
  entropy: { name: "window entropy", unit: " nats", read: ({ entropy }) => entropy.window },
  spike: { name: "spike", unit: "", read: ({ last }) => last?.zScore ?? null },
  tokens: { name: "tokens", unit: "", read: ({ tokens }) => tokens },
  bits: { name: "bits", unit: "", read: ({ bits }) => bits },
};
