/** Check digits of numbers that their registries publish as examples. */
import { describe, expect, it } from "vitest";
import { isIban, isIsbn10, isIsbn13, isIssn, isLuhn, mod112 } from "./check-digits.ts";
import { detectPatterns } from "./index.ts";

const valid: readonly (readonly [
  name: string,
  check: (digits: string) => boolean,
  numbers: readonly string[],
])[] = [
  // ISO 2108, ISBN users' manual; "Structure and Interpretation", "The C Programming Language", 红楼梦
  ["ISBN-10", isIsbn10, ["0306406152", "0262510871", "0131103628", "080442957X"]],
  ["ISBN-13", isIsbn13, ["9780306406157", "9780262510875", "9787020002207", "9791090636071"]],
  // ISSN manual
  ["ISSN", isIssn, ["03785955", "20493630", "2434561X"]],
  // SWIFT's registry
  [
    "IBAN",
    isIban,
    [
      "GB82WEST12345698765432",
      "DE89370400440532013000",
      "FR1420041010050500013M02606",
      "NO9386011117947",
      "MT84MALT011000012345MTLCAST001S",
    ],
  ],
  // Payment processors' test cards
  ["card", isLuhn, ["4242424242424242", "378282246310005", "6011111111111117"]],
  // ORCID's documentation; GB 11643
  [
    "MOD 11-2",
    (digits) => mod112(digits.slice(0, -1)) === digits.slice(-1),
    ["0000000218250097", "0000000151093700", "000000021694233X", "11010519491231002X"],
  ],
];

describe.each(valid)("%s", (_, check, numbers) => {
  it.each(numbers)("%s", (number) => {
    expect(check(number)).toBe(true);
    // A wrong digit anywhere, and two neighbours exchanged, are found by all but for exchanged 0 and 9 in Luhn, 5 apart in EAN.
    for (let i = number.length - 1; i >= number.length - 6; i--) {
      if (!/\d/.test(number[i]!)) continue;
      const other = number.slice(0, i) + ((Number(number[i]) + 1) % 10) + number.slice(i + 1);
      expect(check(other), other).toBe(false);
    }
  });
});

const kindsOf = async (answer: string) =>
  (await detectPatterns().examine({ answer })).findings.map(({ kind }) => kind);

describe("identifiers in text", () => {
  it.each([
    ["ISBN 978-0-306-40615-7 2019", []],
    ["ISBN 0-306-40615-2, first edition of 1979", []],
    ["ISBN 030640615", ["identifier-malformed"]],
    ["ISBN: 978 0 306 40615 8", ["isbn-check-digit"]],
    ["ISBN-13: 977-0-306-40615-7", ["isbn-check-digit"]],
    ["978-0-306-40615-1", ["isbn-check-digit"]],
    ["call 978-555-0199 today", []],
    ["eISSN: 2049-3631", ["issn-check-digit"]],
    ["the years 2049-3631", []],
    ["https://orcid.org/0000-0002-1694-2331", ["orcid-check-digit"]],
    ["card 4111-1111-1111-1112", []],
    ["card number 4111 1111 1111 1112", ["card-check-digit"]],
    ["card number 4111 1111 1111 1111", []],
    ["身份证号：110105194912310021", ["resident-id-check-digit"]],
    ["身份证号：11010519491231002X", []],
    ["IBAN DE89 3704 0044 0532 0130 01", ["iban-check-digits"]],
    ["IBAN: DE89 3704 0044 0532 0130", ["identifier-malformed"]],
    ["THE XX12 CODE ABCD EFGH IJKL MNOP", []],
  ])("%s", async (answer, kinds) => expect(await kindsOf(answer)).toEqual(kinds));
});
