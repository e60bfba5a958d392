/** Numbers as logs write them. */

const NO_NUMBER = /^[+-]?(?:nan|inf|infinity|1\.#(?:inf|qnan|ind).*)$/i;
const MISSING = /^(?:|null|none|n\/a|na|-)$/i;

/**
 * A number of a log; NaN: the log says that it is none, or no finite one; `null`: there is nothing, or no number.
 * @param decimalComma "3,14" is a number.
 */
export function readValue(value: unknown, decimalComma = false): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : Number.NaN;
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "string") return null;
  const text = value.trim();
  if (MISSING.test(text)) return null;
  if (NO_NUMBER.test(text)) return Number.NaN;
  const number = Number(decimalComma ? text.replace(",", ".") : text.replace(/^tensor\(([^,)]*).*\)$/, "$1"));
  // Number("0x10") is 16: no log means that.
  return Number.isNaN(number) || /^[+-]?0[xob]/i.test(text)
    ? null
    : Number.isFinite(number)
      ? number
      : Number.NaN;
}

/** Words of Python's json module that JSON has not, outside of texts. */
const PYTHON = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** JSON as Python writes it: NaN and Infinity are the texts "NaN" and "Infinity". @throws SyntaxError */
export function parsePythonJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!/NaN|Infinity/.test(text)) throw error;
    return JSON.parse(text.replace(PYTHON, (found) => (found.startsWith('"') ? found : `"${found}"`)));
  }
}
