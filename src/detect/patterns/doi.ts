/** DOIs: their form, and prefixes that nobody was given. Nothing is looked up. */
import { type Found, quote, type SentenceRule } from "./rule.ts";

/**
 * What says that it is a DOI, and what follows. A number such as 10.5/7 alone is none.
 * Source of the form: Crossref, "DOIs and matching regular expressions": `10.\d{4,9}/[-._;()/:A-Z0-9]+` has 74.4 of 74.9 million.
 */
const LABELLED =
  /(?:\bdoi:\s?|\bdoi\s|(?:https?:\/\/)?(?:dx\.)?doi\.org\/)([^\s\u3000-\u303f\uff00-\uffef<>"\u201c\u201d]{1,400})/giu;
const FORM = /^10\.\d{4,9}(?:\.\d+)*\/\S+$/;
const TRAILING = /[.,;:!?'"\])}*_]+$/;

export const dois: SentenceRule = ({ open }) => {
  if (!/doi/i.test(open)) return [];
  return [...open.matchAll(LABELLED)].flatMap((match): Found[] => {
    const [whole, written] = [match[0], match[1]!];
    const doi = trimmed(written);
    if (
      !/^\d/.test(doi) &&
      !/^10/.test(doi) &&
      !/doi[.:]/i.test(whole.slice(0, whole.length - written.length))
    )
      return [];
    if (doi === "" || !/\d/.test(doi)) return [];
    const start = match.index + whole.length - written.length;
    const at = { start, end: start + doi.length };
    if (!FORM.test(doi))
      return [
        {
          kind: "doi-malformed",
          ...at,
          strength: 0.9,
          because: `${quote(doi)} is no DOI: ${whatIsWrong(doi)}.`,
        },
      ];
    const because = implausible(doi);
    return because === null ? [] : [{ kind: "doi-implausible", ...at, strength: 0.7, because }];
  });
};

/** A bracket at the end belongs to a DOI that opens it. */
function trimmed(written: string): string {
  const doi = written.replace(TRAILING, "");
  const closed = written.slice(doi.length, doi.length + 1);
  return closed === ")" && doi.split("(").length > doi.split(")").length ? `${doi})` : doi;
}

function whatIsWrong(doi: string): string {
  if (!doi.startsWith("10.")) return "it does not begin with 10.";
  if (!doi.includes("/")) return "no slash parts prefix and suffix";
  if (!/^10\.\d{4,9}(?:\.\d+)*\//.test(doi)) return "its prefix is no 10. with four to nine digits";
  return "there is nothing behind the slash";
}

function implausible(doi: string): string | null {
  const prefix = /^10\.(\d+)/.exec(doi)![1]!;
  if (prefix === "5555")
    return `${quote(doi)} has the prefix 10.5555, which stands for no publisher: it is for examples.`;
  if (prefix.startsWith("0") || prefix.length > 5)
    return `${quote(doi)} has the prefix 10.${prefix}; those that were given to registrants have four or five digits and no leading zero.`;
  if (/(?:^|[^a-z])x{3,}(?:[^a-z]|$)/i.test(doi)) return `${quote(doi)} holds a placeholder.`;
  return null;
}
