/** Citations of what the documents do not have: (Smith et al., 2020), Smith (2020), [7], （王伟等，2019）. */
import { type Context, folded } from "./context.ts";
import { type Found, type Prepared, quote, type RunningRule, type SentenceRule } from "./rule.ts";

const YEAR = "(?:1[89]|20)\\d\\d[a-z]?";
const NAME = "(?:(?:van|von|de|der|den|di|la|le)\\s){0,2}\\p{Lu}[\\p{L}\\p{M}'\u2019-]{1,30}";
const NARRATIVE = new RegExp(
  `(?<![\\p{L}\\p{M}'\u2019-])(${NAME}(?:,\\s${NAME}){0,4}(?:,?\\s(?:and|&)\\s${NAME})?)(,?\\set\\sal\\.?,?|\\sand\\s(?:colleagues|others|coworkers))?\\s[(\\[](${YEAR})[)\\]]`,
  "gu",
);
const BRACKETS = /[(（]([^()（）\n]{3,240})[)）]/gu;
/** "Smith et al., 2020, p. 3", "see Smith & Jones, 2020", "王伟等，2019" */
const INSIDE = new RegExp(
  `^\\s*(?:(?:see|cf\\.|e\\.g\\.|see also|as in|参见|见)[,\\s]{0,2})?((?:${NAME}(?:,\\s${NAME}){0,6}(?:,?\\s(?:and|&)\\s${NAME})?)(?:,?\\set\\sal\\.?)?|\\p{Script=Han}{2,4}(?:[、和与]\\p{Script=Han}{2,4}){0,3}?)[,，\\s]{1,2}(${YEAR})年?(?![\\d-])`,
  "u",
);
const CHINESE = /(\p{Script=Han}{2,12})(等人?)?[（(]((?:19|20)\d\d)年?[）)]/gu;
const MONTHS =
  /^(?:January|February|March|April|May|June|July|August|September|October|November|December|Spring|Summer|Autumn|Fall|Winter)$/;

export const authorYears: SentenceRule = ({ prose }, context) => {
  if (!context || context.documents === 0 || !/(?:1[89]|20)\d\d/.test(prose)) return [];
  const found: Found[] = [];
  const add = (
    start: number,
    end: number,
    names: readonly string[],
    year: string,
    strength: number,
  ): void => {
    if (names.length === 0 || isThere(names, year.slice(0, 4), context)) return;
    const shown = quote(prose.slice(start, end));
    const unknown = names.filter((name) => !isName(name, context));
    const because =
      unknown.length > 0
        ? `The documents do not name ${unknown.join(", ")}, whom ${shown} cites.`
        : `The documents have no work of ${names.join(" and ")} of ${year.slice(0, 4)}, as ${shown} has it.`;
    found.push({ kind: "citation-not-in-documents", start, end, strength, because, details: { year } });
  };
  for (const match of prose.matchAll(BRACKETS)) {
    const end = match.index + match[0].length;
    const parts = match[1]!.split(/[;；]/);
    for (const part of parts) {
      const cited = INSIDE.exec(part);
      if (cited) add(match.index, end, namesIn(cited[1]!), cited[2]!, 0.9);
    }
  }
  for (const match of prose.matchAll(NARRATIVE)) {
    const names = namesIn(match[1]!);
    // Of "Humber Bridge (1981)" the year alone is no citation.
    const isCitation = match[2] !== undefined || /\sand\s|&/.test(match[1]!);
    const start = match.index;
    add(start, start + match[0].length, names, match[3]!, isCitation ? 0.9 : 0.6);
  }
  for (const match of prose.matchAll(CHINESE)) {
    if (match[2] === undefined) continue;
    const name = match[1]!.slice(-3);
    const isKnown = [name, name.slice(-2)].some((each) => isThere([each.slice(-2)], match[3]!, context));
    if (!isKnown)
      add(
        match.index + match[1]!.length - Math.min(3, match[1]!.length),
        match.index + match[0].length,
        [name],
        match[3]!,
        0.8,
      );
  }
  return apart(found);
};

function namesIn(text: string): string[] {
  if (/^\p{Script=Han}/u.test(text)) return text.split(/[、和与]/).map((name) => name.replace(/等人?$/, ""));
  return text
    .replace(/,?\set\sal\.?.*$/u, "")
    .split(/,\s|\s(?:and|&)\s|,?\s&\s/)
    .map((name) => name.trim())
    .filter((name) => /^\p{L}/u.test(name) && !MONTHS.test(name));
}

const keyOf = (name: string): string =>
  /\p{Script=Han}/u.test(name) ? name.slice(0, 2) : folded(name.split(" ").at(-1)!);

const isName = (name: string, context: Context): boolean =>
  /\p{Script=Han}/u.test(name) ? context.hasHan(name) : context.words.has(folded(name.split(" ").at(-1)!));

/** The first author and the year stand together, and the other names are there. */
const isThere = (names: readonly string[], year: string, context: Context): boolean =>
  names.every((name) => isName(name, context)) && context.areTogether([keyOf(names[0]!), year]);

function apart(found: Found[]): Found[] {
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const kept: Found[] = [];
  for (const one of found) if (one.start >= (kept.at(-1)?.end ?? 0)) kept.push(one);
  return kept;
}

const NUMBERED = /\[(\d{1,3}(?:\s?[,，、\u2013-]\s?\d{1,3}){0,12})\]/g;
const REFERENCE = /^\s*(?:[-*]\s)?\[(\d{1,3})\]\s?[^\s\d]/;

/**
 * [7] where there are three documents. An answer may bring its list of references at its end, so this is said at the end; a list
 * of its own, or brackets in the documents, count as well.
 */
export class NumberedCitations implements RunningRule {
  readonly #context: Context | null;
  readonly #cited: { number: number; start: number; end: number }[] = [];
  readonly #listed: Set<number> = new Set();

  constructor(context: Context | null) {
    this.#context = context;
  }

  see({ prose, start }: Prepared): Found[] {
    if (!this.#context || this.#context.documents === 0 || !prose.includes("[")) return [];
    const listed = REFERENCE.exec(prose.slice(0, 40));
    if (listed) this.#listed.add(Number(listed[1]));
    for (const match of prose.matchAll(NUMBERED)) {
      if (listed && match.index < 8) continue;
      // a[3] is an element, and [3](address) a link.
      if (/[\w\])]/.test(prose.charAt(match.index - 1)) || prose[match.index + match[0].length] === "(")
        continue;
      const numbers = match[1]!.split(/[,，、\u2013-]/).map(Number);
      this.#cited.push({
        number: Math.max(...numbers),
        start: start + match.index,
        end: start + match.index + match[0].length,
      });
    }
    return [];
  }

  finish(): Found[] {
    const context = this.#context;
    if (!context) return [];
    return this.#cited.flatMap(({ number, start, end }): Found[] => {
      if (number <= context.documents || this.#listed.has(number) || context.brackets.has(`[${number}]`))
        return [];
      const count = context.documents;
      const because = `[${number}] is cited, and there ${count === 1 ? "is 1 document" : `are ${count} documents`} and no such reference.`;
      return [
        {
          kind: "citation-not-in-documents",
          start,
          end,
          strength: 0.9,
          because,
          details: { documents: count },
        },
      ];
    });
  }
}
