/** What of a sentence is prose: code, addresses, identifiers and quotes are set apart. Every step is linear. */
import type { Sentence } from "../sentences.ts";
import type { Prepared } from "./rule.ts";

/** An object in the place of a character: no letter, no digit, no space. */
const HIDDEN = "\ufffc";

/** Web addresses, addresses of mail, DOIs, arXiv and other identifiers: their digits and capitals are no prose. */
const IDENTIFIERS =
  /(?:https?|ftp):?\/{1,2}[^\s\u3000-\u303f\uff00-\uffef<>"\u201c\u201d`]+|(?<![\p{L}\p{N}@.])www\.[^\s\u3000-\u303f\uff00-\uffef<>"\u201c\u201d`]+|(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]{1,64}@[\p{L}\p{N}.-]{1,253}|\b(?:doi|arXiv):\s?[^\s\u3000-\u303f\uff00-\uffef<>"]+|(?<![\d.])10\.\d{4,9}\/[^\s\u3000-\u303f\uff00-\uffef<>"]+|\bIS[BS]N(?:-1[03])?[:\uff1a\s]{0,3}(?:(?:number|no\.?|code|is|was|\u4e3a|\u662f|\u53f7|\u7f16\u53f7)[:\uff1a\s]{0,3}){0,3}[\dXx][\dXx \u2010-\u2013-]{6,20}/giu;
const IDENTIFIER_SIGN = /[@/]|www\.|doi:|arxiv:|ISBN|ISSN/i;
const IBAN_SIGN = /[A-Z]{2}\d{2}/;
const ORCID_SIGN = /\d-\d{4}-\d/;
const IBAN = /(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,8}(?: ?[A-Z0-9]{1,4})?(?![A-Za-z0-9])/g;
const ORCID = /(?<![\d-])\d{4}-\d{4}-\d{4}-\d{3}[\dXx](?![\d-])/g;
const INLINE_CODE = /(`{1,3})[^`\n]+\1/g;

/** Quotes that are longer hold whole passages, which an answer makes its own. */
const LONGEST_QUOTE = 400;
const QUOTES = new Map([
  ["\u201c", "\u201d"],
  ["\u300c", "\u300d"],
  ["\u300e", "\u300f"],
  ["\u00ab", "\u00bb"],
]);

/** A sentence with its readable forms. */
export function prepared(sentence: Sentence): Prepared {
  const { text, isCode } = sentence;
  if (isCode) {
    const nothing = HIDDEN.repeat(text.length);
    return { ...sentence, prose: nothing, own: nothing, open: nothing };
  }
  const open = hide(text, /`/, INLINE_CODE);
  const prose = hide(hide(hide(open, IDENTIFIER_SIGN, IDENTIFIERS), IBAN_SIGN, IBAN), ORCID_SIGN, ORCID);
  return { ...sentence, open, prose, own: withoutQuotes(prose) };
}

const hide = (text: string, sign: RegExp, pattern: RegExp): string =>
  sign.test(text) ? text.replace(pattern, (match) => HIDDEN.repeat(match.length)) : text;

function withoutQuotes(text: string): string {
  if (!/["\u201c\u300c\u300e\u00ab]/.test(text)) return text;
  const parts: string[] = [];
  let kept = 0;
  let opened = -1;
  let closing = "";
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (opened >= 0 && i - opened > LONGEST_QUOTE) opened = -1;
    if (opened >= 0 && character === closing) {
      parts.push(text.slice(kept, opened), HIDDEN.repeat(i + 1 - opened));
      kept = i + 1;
      opened = -1;
    } else if (
      opened < 0 &&
      !(character === '"' && /\d/.test(text[i - 1] ?? "")) &&
      (character === '"' || QUOTES.has(character))
    ) {
      opened = i;
      closing = QUOTES.get(character) ?? '"';
    }
  }
  // A quote that goes on behind the sentence.
  if (opened >= 0) return parts.join("") + text.slice(kept, opened) + HIDDEN.repeat(text.length - opened);
  return parts.length === 0 ? text : parts.join("") + text.slice(kept);
}
