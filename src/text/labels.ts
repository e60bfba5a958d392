/** Names beside each other where there is little room: what tells them apart stays, what they share gives way. */
import { clusters, displayWidth } from "./visible.ts";

/** Where a name may be cut: not within a word or a number. */
const SEPARATOR = /^[\s\-_./:()]$/u;
/** Shared characters at one end that are worth an ellipsis. */
const LEAST_SHARED = 3;

/**
 * Shown names without the beginning and the end that all share, cut at separators: "SmolLM2-135M-Instruct Q8_0" and
 * "SmolLM2-135M-Instruct Q4_0" become "…Q8_0" and "…Q4_0". Names that are all short enough stay as they are, and so do those
 * that would become alike.
 * @param fits whether a name has room.
 * @returns as many as there are names, in their order.
 */
export function distinctLabels(names: readonly string[], fits: (name: string) => boolean): string[] {
  const distinct = [...new Set(names)];
  if (distinct.length < 2 || names.every(fits)) return [...names];
  const parts = distinct.map((name) => [...clusters(name)]);
  const start = sharedStart(parts);
  const rest = parts.map((name) => name.slice(start).reverse());
  const end = sharedStart(rest);
  const short = new Map(
    distinct.map((name, i) => {
      const middle = rest[i]!.slice(end).reverse().join("");
      return [name, `${start > 0 ? "…" : ""}${middle}${end > 0 ? "…" : ""}`];
    }),
  );
  return names.map((name) => short.get(name)!);
}

/** How many first characters all have in common, up to a separator; 0 where that is too few to leave out. */
function sharedStart(names: readonly (readonly string[])[]): number {
  const [first = []] = names;
  const shortest = Math.min(...names.map(({ length }) => length));
  let shared = 0;
  // Of a name that another one begins with, something has to stay.
  while (shared < shortest - 1 && names.every((name) => name[shared] === first[shared])) shared++;
  while (shared > 0 && !isCut(names, shared)) shared--;
  return shared >= LEAST_SHARED ? shared : 0;
}

/** Whether all may be cut behind so many characters: there is a separator, which is no decimal point of one of them. */
function isCut(names: readonly (readonly string[])[], at: number): boolean {
  const isDigit = (character: string | undefined) => /^\d$/.test(character ?? "");
  return (
    SEPARATOR.test(names[0]![at - 1]!) &&
    !names.some((name) => name[at - 1] === "." && isDigit(name[at - 2]) && isDigit(name[at]))
  );
}

/** A shown name that fits into `columns`, cut in the middle: names of models differ at both ends. */
export function shortenMiddle(shown: string, columns: number): string {
  if (displayWidth(shown) <= columns) return shown;
  const parts = [...clusters(shown)];
  for (let kept = parts.length - 1; kept > 1; kept--) {
    const head = Math.ceil(kept / 2);
    const shorter = `${parts.slice(0, head).join("")}…${parts.slice(parts.length - kept + head).join("")}`;
    if (displayWidth(shorter) <= columns) return shorter;
  }
  return columns < 1 ? "" : "…";
}
