/** What screen and page show of an entropy: sentences and tables. Bits, where a person reads. */
import type { ChartTable } from "../../charts/server.ts";
import { formatNumber } from "../../text/index.ts";

/** A part with its heading. */
export interface EntropyPart {
  heading: string;
  /** Sentences. */
  text: readonly string[];
  table?: ChartTable | undefined;
}

/** All parts, under a title. */
export interface EntropyShown {
  title: string;
  lead: string;
  parts: readonly EntropyPart[];
}

/** Nats as bits. */
export const toBits = (nats: number): number => nats / Math.LN2;

/** Nats as bits, for people: 1.234. Missing: "–". */
export const bitsText = (nats: number | null | undefined, digits = 4): string =>
  formatNumber(nats === null || nats === undefined ? nats : toBits(nats), digits);

/** An interval in bits; without one "–". */
export const intervalText = (interval: { low: number; high: number } | null | undefined): string =>
  interval ? `${bitsText(interval.low)} to ${bitsText(interval.high)}` : "–";

/** Nats as the perplexity, 2^H of H bits. */
export const choicesText = (nats: number | null): string =>
  nats === null ? "–" : formatNumber(Math.exp(nats), 4);

/** "95%". */
export const levelText = (level: number): string => `${Number((100 * level).toFixed(2))}%`;
