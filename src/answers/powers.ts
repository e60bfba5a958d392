/** Numbers with powers: 1.5e3, 1.5 × 10^3, 2^10. */

/** Powers of ten behind a number. */
export const SCIENTIFIC: RegExp =
  /[eE]([+-]?\d{1,40})(?![\w.])|\s{0,2}(?:[x×*·⋅]|\\times|\\cdot)\s{0,2}10\s{0,2}(?:(?:\^|\*\*)\s{0,2}\{?\s{0,2}([+-]?\d{1,40})\s{0,2}\}?|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,40}))/y;
/** An exponent behind a number. */
export const POWER: RegExp =
  /\s?(?:\^|\*\*)\s?(?:\{\s?([+-]?\d{1,40})\s?\}|\(\s?([+-]?\d{1,40})\s?\)|([+-]?\d{1,40})(?!\d))|([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,40})/y;
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** "-3", "⁻³" */
export const exponentOf = (text: string): number =>
  Number(
    text
      .replace("⁻", "-")
      .replace("⁺", "+")
      .replace(/[⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (digit) => String(SUPERSCRIPTS.indexOf(digit))),
  );
