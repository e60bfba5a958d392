/** Scales of confidence, and how texts name them. */
import type { Prepared } from "./prepared.ts";

/** A scale: its smallest and its largest number. */
export interface ConfidenceScale {
  min: number;
  max: number;
}

/** Scales as texts name them: not confidences themselves. */
const NAMED_SCALE =
  /(?:\bscale\s(?:of|from)\s|\bfrom\s|\bbetween\s|\brange\s(?:of|from)\s|从|在)?\b(0|0\.0|1)\s?%?\s?(?:to|and|-|–|~|到|至)\s?(1|1\.0|5|7|10|100)\b\s?%?(?:\s?(?:之间|分))?|满分(?:为|是)?\s?(5|10|100)\s?分?/gi;
/** The scales that a text names, in order. */
export function scalesIn({ text }: Prepared): { start: number; end: number; scale: ConfidenceScale }[] {
  return [...text.matchAll(NAMED_SCALE)].map((match) => {
    const [all, min, max, full] = match;
    const scale = full === undefined ? { min: Number(min), max: Number(max) } : { min: 0, max: Number(full) };
    return { start: match.index, end: match.index + all.length, scale };
  });
}
