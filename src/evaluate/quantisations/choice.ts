/** Which of a model's quantisations are worth choosing among. */
import { type Resolution, resolutionOf } from "../compare/index.ts";
import type { Quantisations } from "./record.ts";

/**
 * The Pareto front of size and quality: no other file that is not larger is nearer to the source. Quality is the mean KL
 * divergence from the source, which a lucky text does not make better than the source, as it may a perplexity.
 * @param points divergence in nats; `null` = not measured, and never on the front.
 * @returns whether each is on it.
 */
export function paretoFront(points: readonly { bytes: number; divergence: number | null }[]): boolean[] {
  const isBetter = (other: (typeof points)[number], bytes: number, divergence: number) =>
    other.divergence !== null &&
    other.bytes <= bytes &&
    other.divergence <= divergence &&
    (other.bytes < bytes || other.divergence < divergence);
  return points.map(
    ({ bytes, divergence }) =>
      divergence !== null && !points.some((other) => isBetter(other, bytes, divergence)),
  );
}

/** What the text can tell of the source and its quantisations; `null` where nothing is measured. */
export function quantisationResolution({ source, files }: Quantisations): Resolution | null {
  const measured = files.flatMap(({ type, measures }) => (measures === null ? [] : [{ type, measures }]));
  const [first] = measured;
  if (!first) return null;
  return resolutionOf(first.measures.basePerplexity, [
    { name: source.type, blocks: null },
    ...measured.map(({ type, measures }) => ({ name: type, blocks: measures.blocks })),
  ]);
}
