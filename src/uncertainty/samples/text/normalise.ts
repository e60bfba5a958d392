/** Answers made comparable, letter for letter. */

const OPENING = `"'\u2018\u201C\u00AB\u300C\u300E([{`;
const CLOSING = `"'\u2019\u201D\u00BB\u300D\u300F)]}`;
const TERMINAL = /[\s.!?,;:\u3002\uFF01\uFF1F\uFF0C\uFF1B\uFF1A\u2026]/u;

/**
 * The text in Unicode form NFKC and lower case, white space as single spaces and none at the ends, without the marks that end
 * a sentence and without quotes or brackets around the whole. Signs, digits and units stay: "-5" is not "5". Empty for a
 * text of white space.
 */
export function normalisedText(text: string): string {
  let plain = text.normalize("NFKC").toLowerCase().replace(/\s+/gu, " ").trim();
  for (let before = ""; before !== plain; ) {
    before = plain;
    let end = plain.length;
    while (end > 0 && TERMINAL.test(plain.charAt(end - 1))) end--;
    if (end > 0) plain = plain.slice(0, end);
    const pair = OPENING.indexOf(plain.charAt(0));
    const inside = plain.slice(1, -1);
    if (plain.length > 2 && pair >= 0 && plain.endsWith(CLOSING.charAt(pair)) && !closes(inside, pair))
      plain = inside.trim();
  }
  return plain;
}

/** "(a) and (b)" is not bracketed as a whole. */
const closes = (inside: string, pair: number): boolean => inside.includes(CLOSING.charAt(pair));
