/** Quantile of sorted values by linear interpolation between order statistics (Hyndman & Fan's type 7). Internal to this room. */
export function quantileOf(sorted: Float64Array, fraction: number): number {
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.ceil(position);
  return sorted[below]! + (position - below) * (sorted[above]! - sorted[below]!);
}
