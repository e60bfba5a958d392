/** Which choice a row says is right: by its number, its letter, or its text. */

/**
 * The number of the right choice.
 *
 * A number counts from 0. A text may be such a number, a letter (A is 0), or the choice's own text; where it can be read in
 * two ways that differ, it is none. A list of one is that one.
 * @param numbersOnly a text is a number, as in HellaSwag.
 * @returns the number, or what is wrong.
 */
export function labelOf(
  label: unknown,
  choices: readonly string[],
  numbersOnly: boolean = false,
): number | string {
  if (Array.isArray(label))
    return label.length === 1
      ? labelOf(label[0], choices, numbersOnly)
      : `${label.length} choices are marked as right, not one`;
  const value = typeof label === "bigint" ? Number(label) : label;
  if (typeof value === "string") return ofText(value.trim(), choices, numbersOnly);
  if (typeof value !== "number" || !Number.isInteger(value)) return notANumber(value);
  return value >= 0 && value < choices.length ? value : beyond(value, choices);
}

/** "1.0" is how pandas writes a number into a CSV where other rows have none. */
const WHOLE = /^-?\d+(?:\.0+)?$/;

/** The whole number from 0 that a text is; `null`: none. */
export function wholeNumber(text: string): number | null {
  return WHOLE.test(text) && !text.startsWith("-") ? Number(text) : null;
}

function ofText(text: string, choices: readonly string[], numbersOnly: boolean): number | string {
  if (text === "") return notANumber(text);
  const readings: [index: number, as: string][] = [];
  const number = wholeNumber(text);
  if (number !== null && number < choices.length) readings.push([number, "the number"]);
  if (!numbersOnly) {
    const letter = /^[A-Za-z]$/.test(text) ? text.toUpperCase().charCodeAt(0) - "A".charCodeAt(0) : -1;
    if (letter >= 0 && letter < choices.length) readings.push([letter, "the letter"]);
    for (const [i, choice] of choices.entries()) if (choice.trim() === text) readings.push([i, "the text"]);
  }
  const [first] = readings;
  if (!first) return WHOLE.test(text) ? beyond(Number(text), choices) : notANumber(text, numbersOnly);
  const other = readings.find(([index]) => index !== first[0]);
  if (!other) return first[0];
  return `The label ${JSON.stringify(text)} can be read in two ways: it is ${first[1]} of choice ${first[0]}, and ${other[1]} of choice ${other[0]}`;
}

function notANumber(label: unknown, numbersOnly: boolean = true): string {
  if (label === undefined || label === null || label === "")
    return "The label is missing, not the number of a choice";
  return numbersOnly
    ? `The label is ${JSON.stringify(label)}, not the number of a choice`
    : `The label is ${JSON.stringify(label)}, not the number, the letter or the text of a choice`;
}

function beyond(index: number, choices: readonly string[]): string {
  return `The label ${index} is not the number of a choice (0 ... ${choices.length - 1})`;
}

/**
 * The place of an answer among the names that the row itself gives its choices, such as "A", "B", ... or "1", "2", ...
 * Source: `choices.label.index(answerKey)` in lm-eval's ARC and OpenBookQA.
 * @returns the number, or what is wrong.
 */
export function labelNamed(answer: unknown, names: unknown): number | string {
  if (answer === undefined || answer === null || answer === "") return "The answer is missing";
  if (!Array.isArray(names)) return "The choices have no labels";
  const wanted = String(answer);
  const texts = names.map(String);
  const index = texts.indexOf(wanted);
  if (index < 0) return `The answer ${JSON.stringify(wanted)} is none of the labels ${texts.join(", ")}`;
  return texts.lastIndexOf(wanted) === index
    ? index
    : `The label ${JSON.stringify(wanted)} stands for several choices`;
}
