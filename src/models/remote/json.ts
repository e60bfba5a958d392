/** JSON as servers really write it. */
import { malformed, quotation } from "./failure.ts";

/** What says where strings are, and the bare words that Python's json module writes and JSON does not have. */
const QUOTE_OR_WORD = /\\.|"|-?\bInfinity\b|\bNaN\b/gs;

/** JSON has no Infinity; 1e999 is beyond every double and so read as one. */
const IN_JSON: Record<string, string> = { NaN: "null", Infinity: "1e999", "-Infinity": "-1e999" };

/**
 * Reads JSON, also with Python's bare `NaN` (read as `null`), `Infinity` and `-Infinity` outside of strings.
 * @param where the server, for the error.
 * @throws SurprisalError WIRE_MALFORMED.
 */
export function parseJson(text: string, where: string): unknown {
  const json = text.startsWith("\uFEFF") ? text.slice(1) : text;
  try {
    return JSON.parse(json);
  } catch {
    // Rare, so only now.
  }
  try {
    return JSON.parse(withoutBareWords(json));
  } catch {
    // Words in its place are an error's, of a proxy or of Python's print; a piece of JSON or of a page tells nobody anything.
    const words = /^\s*([\w'"(]|\{\s*')/.test(json) ? `: ${quotation(json)}` : "";
    throw malformed(`The server's answer is not JSON${words}`, where);
  }
}

/** One pass, whatever the text: an answer that was cut within a string of many quotes must not take for ever. */
function withoutBareWords(json: string): string {
  let inString = false;
  return json.replace(QUOTE_OR_WORD, (found) => {
    if (found === '"') inString = !inString;
    return inString ? found : (IN_JSON[found] ?? found);
  });
}
