/** Numbers that carry check digits: ISBN, ISSN, ORCID, IBAN, payment cards, Chinese resident identity numbers. */
import { type Found, quote, type SentenceRule } from "./rule.ts";

const DASH = "[ \\u2010-\\u2013-]";
const ISBN = new RegExp(
  `\\bISBN(?:-1[03]|\\s?\\(1[03]\\))?[:：\\s]{0,3}(?:(?:number|no\\.?|code|is|was|为|是|号|编号)[:：\\s]{0,3}){0,3}(\\d(?:${DASH}?\\d){6,16}(?:${DASH}?[Xx])?)|(?<![\\d.-])(97[89]-\\d{1,5}-\\d{1,7}-\\d{1,7}-\\d)(?![\\d-])`,
  "giu",
);
const ISSN =
  /\b(?:[ep]-?)?ISSN(?:-?L)?(?:\s?\([\p{L}\s]{1,12}\))?[:：\s]{0,3}(?:(?:number|no\.?|is|was|为|是|号)[:：\s]{0,3}){0,3}(\d{4}[\u2010-\u2013-]?\d{3}[\dXx])(?![\d-])/giu;
const ORCID = /(ORCID[^\d\n]{0,40})?(?<![\d-])(\d{4}-\d{4}-\d{4}-\d{3}[\dXx])(?![\d-])/gi;
const IBAN =
  /(IBAN[^A-Z0-9\n]{0,12})?(?<![A-Za-z0-9])([A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,8}(?: ?[A-Z0-9]{1,3})?)(?![A-Za-z0-9])/g;
const CARD =
  /(?:(?:credit|debit|bank|payment|test|charge) card|card number|Visa|Mastercard|American Express|Amex|信用卡|银行卡|卡号)[^\d\n]{0,24}(\d(?:[ -]?\d){12,18})(?![\d-])|(?<![\d-])((?:4\d{3}|5[1-5]\d\d)([ -])\d{4}\3\d{4}\3\d{4})(?![\d-])(?=[^\d\n]{0,24}(?:card|Visa|Mastercard|信用卡|银行卡))/giu;
const RESIDENT_ID = /身份证[^\d\n]{0,12}(\d{17}[\dXx])(?!\d)/gu;

/** [country] characters of an IBAN: SWIFT's IBAN registry, release 98. */
const IBAN_LENGTHS: Readonly<Record<string, number>> = Object.fromEntries(
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** Sum of digits × weights. */
const weighted = (digits: string, weight: (i: number) => number): number =>
  [...digits].reduce((sum, digit, i) => sum + weight(i) * (/x/i.test(digit) ? 10 : Number(digit)), 0);

/** ISO 2108 before 2007: weights 10 ... 1, divisible by 11. */
export const isIsbn10 = (digits: string): boolean =>
  /^\d{9}[\dXx]$/.test(digits) && weighted(digits, (i) => 10 - i) % 11 === 0;
/** ISO 2108: an EAN-13 that begins with 978 or 979. */
export const isIsbn13 = (digits: string): boolean =>
  /^97[89]\d{10}$/.test(digits) && weighted(digits, (i) => (i % 2 === 0 ? 1 : 3)) % 10 === 0;
/** ISO 3297: weights 8 ... 1, divisible by 11. */
export const isIssn = (digits: string): boolean =>
  /^\d{7}[\dXx]$/.test(digits) && weighted(digits, (i) => 8 - i) % 11 === 0;

/** ISO/IEC 7064 MOD 11-2, as in ORCID and in GB 11643: the check character of the digits before it. */
export function mod112(digits: string): string {
  const total = [...digits].reduce((sum, digit) => ((sum + Number(digit)) * 2) % 11, 0);
  const check = (12 - total) % 11;
  return check === 10 ? "X" : String(check);
}

/** ISO/IEC 7064 MOD 97-10, as in ISO 13616. */
export function isIban(compact: string): boolean {
  let rest = 0;
  for (const character of compact.slice(4) + compact.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}

/** ISO/IEC 7812: Luhn. */
export const isLuhn = (digits: string): boolean =>
  [...digits].reverse().reduce((sum, digit, i) => {
    const value = i % 2 === 0 ? Number(digit) : 2 * Number(digit);
    return sum + (value > 9 ? value - 9 : value);
  }, 0) %
    10 ===
  0;

/** What a check digit ought to be, so that people can see whether it was mistyped. */
function expectedLast(isValid: (digits: string) => boolean, digits: string): string | null {
  return [..."0123456789X"].find((last) => isValid(digits.slice(0, -1) + last)) ?? null;
}

export const checkDigits: SentenceRule = ({ open }) => {
  if (!/\d/.test(open)) return [];
  return [
    ...isbns(open),
    ...issns(open),
    ...orcids(open),
    ...ibans(open),
    ...cards(open),
    ...residents(open),
  ];
};

/** The first 13 or 10 of the digits that end where a group ends. */
function isbnPart(written: string): string | null {
  let count = 0;
  let ten: string | null = null;
  for (let i = 0; i < written.length; i++) {
    if (!/[\dXx]/.test(written[i]!)) continue;
    count++;
    const isEnd = i + 1 === written.length || !/[\dXx]/.test(written[i + 1]!);
    if (count === 13 && isEnd) return written.slice(0, i + 1);
    if (count === 10 && isEnd) ten = written.slice(0, i + 1);
  }
  return ten;
}

function isbns(text: string): Found[] {
  if (!/isbn|97[89]-/i.test(text)) return [];
  return [...text.matchAll(ISBN)].flatMap((match): Found[] => {
    const written = match[1] ?? match[2]!;
    const start = match.index + match[0].length - written.length;
    const part = isbnPart(written);
    if (part === null) {
      const count = written.replace(/[^\dXx]/g, "").length;
      const because = `${quote(written)} has ${count} digits, where an ISBN has 10 or 13.`;
      return [{ kind: "identifier-malformed", start, end: start + written.length, strength: 0.8, because }];
    }
    const digits = part.replace(/[^\dXx]/g, "");
    const isValid = digits.length === 10 ? isIsbn10 : isIsbn13;
    if (isValid(digits)) return [];
    const expected = expectedLast(isValid, digits);
    const because =
      expected === null
        ? `${quote(part)} is no ISBN: one of 13 digits begins with 978 or 979.`
        : `The check digit of ISBN ${part} should be ${expected}.`;
    return [
      {
        kind: "isbn-check-digit",
        start,
        end: start + part.length,
        strength: 1,
        because,
        details: { expected },
      },
    ];
  });
}

function issns(text: string): Found[] {
  if (!/issn/i.test(text)) return [];
  return [...text.matchAll(ISSN)].flatMap((match): Found[] => {
    const written = match[1]!;
    const digits = written.replace(/[^\dXx]/g, "");
    if (isIssn(digits)) return [];
    const end = match.index + match[0].length;
    const expected = expectedLast(isIssn, digits);
    const because = `The check digit of ISSN ${written} should be ${expected}.`;
    return [
      {
        kind: "issn-check-digit",
        start: end - written.length,
        end,
        strength: 1,
        because,
        details: { expected },
      },
    ];
  });
}

function orcids(text: string): Found[] {
  if (!/\d-\d{4}-\d/.test(text)) return [];
  return [...text.matchAll(ORCID)].flatMap((match): Found[] => {
    const written = match[2]!;
    const named =
      match[1] !== undefined || /orcid\.org\/$/i.test(text.slice(Math.max(0, match.index - 10), match.index));
    // Blocks that ISNI reserved for ORCID; other numbers of this form are cards and serial numbers.
    if (!named && !/^000(?:0-000[1-3]|9-00)/.test(written)) return [];
    const digits = written.replaceAll("-", "");
    const expected = mod112(digits.slice(0, -1));
    if (digits.slice(-1).toUpperCase() === expected) return [];
    const end = match.index + match[0].length;
    const because = `The check digit of ORCID iD ${written} should be ${expected}.`;
    return [
      {
        kind: "orcid-check-digit",
        start: end - written.length,
        end,
        strength: 1,
        because,
        details: { expected },
      },
    ];
  });
}

function ibans(text: string): Found[] {
  if (!/[A-Z]{2}\d{2}/.test(text)) return [];
  return [...text.matchAll(IBAN)].flatMap((match): Found[] => {
    const whole = match[2]!;
    const start = match.index + match[0].length - whole.length;
    const length = IBAN_LENGTHS[whole.slice(0, 2)];
    if (length === undefined) return [];
    const written = firstCharacters(whole, length);
    if (written === null) {
      if (match[1] === undefined) return [];
      const count = whole.replaceAll(" ", "").length;
      const because = `${quote(whole)} has ${count} characters, where an IBAN of ${whole.slice(0, 2)} has ${length}.`;
      return [{ kind: "identifier-malformed", start, end: start + whole.length, strength: 0.8, because }];
    }
    if (isIban(written.replaceAll(" ", ""))) return [];
    const because = `The check digits of IBAN ${written} are wrong.`;
    return [{ kind: "iban-check-digits", start, end: start + written.length, strength: 0.9, because }];
  });
}

/** The first `count` characters, spaces not counted, if a group ends there. */
function firstCharacters(text: string, count: number): string | null {
  let seen = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== " ") seen++;
    if (seen === count) return i + 1 === text.length || text[i + 1] === " " ? text.slice(0, i + 1) : null;
  }
  return null;
}

function cards(text: string): Found[] {
  if (!/\d[ -]?\d{4,}|\d{3} \d/.test(text)) return [];
  return [...text.matchAll(CARD)].flatMap((match): Found[] => {
    const written = match[1] ?? match[2]!;
    if (isLuhn(written.replace(/\D/g, ""))) return [];
    const end = match.index + match[0].length;
    const because = `The digits of ${quote(written)} do not pass the check (Luhn) that card numbers pass.`;
    return [{ kind: "card-check-digit", start: end - written.length, end, strength: 0.9, because }];
  });
}

function residents(text: string): Found[] {
  if (!text.includes("身份证")) return [];
  return [...text.matchAll(RESIDENT_ID)].flatMap((match): Found[] => {
    const written = match[1]!;
    const expected = mod112(written.slice(0, -1));
    if (written.slice(-1).toUpperCase() === expected) return [];
    const end = match.index + match[0].length;
    const because = `The check digit of the identity number ${written} should be ${expected}.`;
    return [
      {
        kind: "resident-id-check-digit",
        start: end - written.length,
        end,
        strength: 1,
        because,
        details: { expected },
      },
    ];
  });
}
