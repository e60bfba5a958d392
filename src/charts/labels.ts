/** Names of points in a picture, apart from each other. Internal to this room. */

/** Height of a line of text, about the width of a letter, and half the size of a point, pixels. */
const [LINE, LETTER, POINT] = [14, 6.8, 7];
/** Where a label may stand above (-) or below its point, the best place first. */
const OFFSETS = [-12, 16, -12 - LINE, 16 + LINE, -12 - 2 * LINE, 16 + 2 * LINE];

/** A point of a picture, pixels. */
interface Place {
  x: number;
  y: number;
}

/**
 * For each label how far from its point it stands, so that none lies on another, or on a point, where there is room.
 * @param unnamed points without a label.
 */
export function labelsApart(
  places: readonly (Place & { name: string })[],
  unnamed: readonly Place[] = [],
): number[] {
  const points = [...places, ...unnamed].map(({ x, y }) => ({
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
