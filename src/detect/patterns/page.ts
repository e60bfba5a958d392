/** Which page a web address is of. */

/** Without the marks of the sentence behind it; a bracket belongs to an address that opens it. */
export function trimmed(text: string): string {
  let end = text.length;
  let surplus = 0;
  for (const character of text) surplus += character === ")" ? 1 : character === "(" ? -1 : 0;
  for (; end > 0; end--) {
    const last = text[end - 1]!;
    if (last === ")" && surplus-- > 0) continue;
    if (!/[.,;:!?'*_\]}\u2019\u2026]/.test(last)) break;
  }
  return text.slice(0, end);
}

/** Host and path, without "www.", question, the mark of a place in a page, and a slash at the end. */
export const pageOf = (address: string): string => {
  const [host = "", ...path] = trimmed(address)
    .replace(/[?#].*$/, "")
    .split("/");
  return [host.toLowerCase().replace(/^www\./, ""), ...path].join("/").replace(/\/+$/, "");
};

const DEEPEST = 20;

/** A page and those above it, without the host's own: "a.org/b/c", "a.org/b". */
export function pathsTo(page: string): string[] {
  const parts = page.split("/").slice(0, DEEPEST);
  return parts.slice(1).map((_, i) => parts.slice(0, i + 2).join("/"));
}
