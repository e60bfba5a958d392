/** Made-up answers for the tests of this room. */
import { seededRandom, type TokenRecord } from "../src/core/index.ts";
import type { Examination, Finding, Signal } from "../src/detect/index.ts";

/** Standard normal numbers, the same of a seed everywhere. Source: Box & Muller 1958. */
export function normals(seed: number): () => number {
  const random = seededRandom(seed);
  return () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

export const examination = (
  signal: Signal,
  suspicion: number | null,
  { features = {}, findings = [] }: Partial<Pick<Examination, "features" | "findings">> = {},
): Examination => ({
  signal,
  suspicion,
  unit: "nats",
  findings,
  features,
  price: { tokensRun: 0, tokensWritten: 0, ms: 0 },
});

export const finding = (
  start: number,
  end: number,
  { signal = "anomaly", kind = "spike", strength = 0.5, because = "It is there." }: Partial<Finding> = {},
): Finding => ({ start, end, signal, kind, strength, because });

export const token = (logprob: number | null, more: Partial<TokenRecord> = {}): TokenRecord => ({
  text: "a",
  logprob,
  ...more,
});
