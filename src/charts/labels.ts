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
 * @param lowest no label stands lower than this, pixels: there the axis begins.
 */
export function labelsApart(
  places: readonly (Place & { name: string })[],
  unnamed: readonly Place[] = [],
  lowest: number = Number.POSITIVE_INFINITY,
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
      y + dy <= lowest &&
      [...points.filter((_, other) => other !== i), ...labels].every(
        (other) =>
          other.right < x - half || other.left > x + half || Math.abs(other.y - y - dy) >= other.least,
      );
    const dy = OFFSETS.find(isFree) ?? OFFSETS[0]!;
    labels.push({ left: x - half, right: x + half, y: y + dy, least: LINE });
    return dy;
  });
}

/**
 * Points that lie on each other as one, with all their names: no label could say which of them it belongs to.
 * @returns where the first of each stands, with their names in the order of the points.
 */
export function joinedNames<Each extends Place & { name: string }>(places: readonly Each[]): Each[] {
  const groups: Each[][] = [];
  for (const place of places) {
    const touching = groups.filter((group) =>
      group.some(({ x, y }) => Math.abs(x - place.x) < POINT && Math.abs(y - place.y) < POINT),
    );
    const joined = [...touching.flat(), place];
    for (const group of touching) groups.splice(groups.indexOf(group), 1);
    groups.push(joined);
  }
  return groups.map((group) => ({
    ...group[0]!,
    name: places.flatMap((place) => (group.includes(place) ? place.name : [])).join(", "),
  }));
}

/** How far a label has to move to the side to begin no further left than `left`, pixels. */
export const movedIn = ({ name, x }: Place & { name: string }, left: number): number =>
  Math.max(0, left - (x - (name.length * LETTER) / 2));
