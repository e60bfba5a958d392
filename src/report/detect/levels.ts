/** From lift to colour: three shades each way. The colours are ColorBrewer's "BrBG", which colour blindness leaves apart. */
import { formatBits } from "../../text/index.ts";
import type { ShownDocument, SpanLift } from "./view.ts";

/** Against, nothing, for. */
export const LIFT_LEVELS = ["-3", "-2", "-1", "0", "1", "2", "3"] as const;
export type LiftLevel = (typeof LIFT_LEVELS)[number];

/** Bits at which shades 1, 2 and 3 begin. */
const BEGINS = [0.5, 2, 5] as const;

/** @param lift nats; `null`: there is no number. */
export function liftLevel(lift: number | null): LiftLevel | null {
  if (lift === null || Number.isNaN(lift)) return null;
  const size = BEGINS.filter((bits) => Math.abs(lift) / Math.LN2 >= bits).length;
  return LIFT_LEVELS[3 + (lift < 0 ? -size : size)]!;
}

/** "−5 and less", "0.5–2". */
export function liftLevelLabel(level: LiftLevel): string {
  const size = Math.abs(Number(level));
  const sign = level.startsWith("-") ? "−" : "+";
  if (size === 0) return "about 0";
  return size === 3
    ? `${sign}5 and ${sign === "−" ? "less" : "more"}`
    : `${sign}${BEGINS[size - 1]}–${BEGINS[size]}`;
}

/** A change of nats as bits with its sign: "+6.1", "−0.3". */
export function signedBits(nats: number): string {
  const bits = nats / Math.LN2;
  const shown = formatBits(Math.abs(bits));
  return /^[0.]+$/.test(shown) ? shown : `${bits < 0 ? "−" : "+"}${shown}`;
}

const COLOURS = {
  for: ["#c7eae5", "#5ab4ac", "#01665e"],
  against: ["#f6e8c3", "#d8b365", "#8c510a"],
} as const;

/** Background of a shade other than "0": strong ones are far from the page. */
export function liftColour(level: LiftLevel, page: "light" | "dark"): string {
  const size = Math.abs(Number(level));
  return COLOURS[level.startsWith("-") ? "against" : "for"][page === "light" ? size - 1 : 3 - size]!;
}

/** "all", "62%" of a document. */
export function readShare(read: number | null): string {
  if (read === null) return "not by a model";
  return read === 1 ? "all" : `${Math.min(99, Math.round(100 * read))}%`;
}

/** "lift +2.2 bits, of that guide.md +1.1, notes.txt −0.4"; "" where it is not known. Names are as they are. */
export function liftText({ lift, byDocument }: SpanLift, documents: readonly ShownDocument[]): string {
  if (lift === null) return "";
  const own = byDocument
    .flatMap((value, k) => (value === null ? [] : [{ value, name: documents[k]?.name ?? "" }]))
    .filter(({ value }) => /[1-9]/.test(signedBits(value)))
    .toSorted((a, b) => b.value - a.value)
    .slice(0, MOST_NAMED)
    .map(({ value, name }) => `${name} ${signedBits(value)}`);
  return `lift ${signedBits(lift)} bits${own.length > 0 ? `, of that ${own.join(", ")}` : ""}`;
}

/** Documents that are named beside one span. */
const MOST_NAMED = 3;
