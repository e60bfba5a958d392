/** Names beside points, so that none lies on another. */

/** Height of a line of text, about the width of a letter, and half the size of a point, pixels. */
const [LINE, LETTER, POINT] = [14, 6.8, 7];
/** Where a label may stand above (-) or below its point, the best place first. */
const OFFSETS = [-12, 16, -12 - LINE, 16 + LINE, -12 - 2 * LINE, 16 + 2 * LINE];

/** For each label how far from its point it stands, so that none lies on another, or on a point, where there is room. */
export function labelsApart(places: readonly { name: string; x: number; y: number }[]): number[] {
  const points = places.map(({ x, y }) => ({
    left: x - POINT,
    right: x + POINT,
    y,
    least: POINT + LINE / 2,
  }));
  const labels: typeof points = [];
  return places.map(({ name, x, y }, i) => {
    const half = (name.length * LETTER) / 2;
    const isFree = (dy: number) =>
      [...points.filter((_, other) => other !== i), ...labels].every(
        (other) =>
          other.right < x - half || other.left > x + half || Math.abs(other.y - y - dy) >= other.least,
      );
    const dy = OFFSETS.find(isFree) ?? OFFSETS[0]!;
    labels.push({ left: x - half, right: x + half, y: y + dy, least: LINE });
    return dy;
  });
}
