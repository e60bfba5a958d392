/**
 * What `--json` prints. JSON has no Infinity: after a token of probability 0 a perplexity is the text "Infinity", as in
 * run.json and in protobuf's JSON, and that token's ln p "-Infinity". `null` says only that there is no number.
 */
import { infinityAsText } from "../text/index.ts";

/** A document on standard output, for people to read too. */
export function printDocument(document: object): void {
  process.stdout.write(`${forTerminal(JSON.stringify(document, infinityAsText, 2))}\n`);
}

/** An event: a line on standard output. */
export function printEvent(event: object): void {
  process.stdout.write(forTerminal(jsonLine(event)));
}

/** What JSON leaves as it is and a terminal obeys or hides: DEL, C1 controls, text that runs backwards, no width. */
const OBEYED = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** The same JSON, written so that it says nothing to a terminal. @param json controls below 0x20 are escaped already. */
function forTerminal(json: string): string {
  return json.replace(OBEYED, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** As a line of a file. */
export function jsonLine(event: object): string {
  return `${JSON.stringify(event, infinityAsText)}\n`;
}
