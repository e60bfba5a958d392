/**
 * What `--json` prints. JSON has no Infinity: after a token of probability 0 a perplexity is the text "Infinity", as in
 * run.json and in protobuf's JSON, and that token's ln p "-Infinity". `null` says only that there is no number.
 */
import { infinityAsText } from "../text/index.ts";

/** A document on standard output, for people to read too. */
export function printDocument(document: object): void {
  process.stdout.write(`${JSON.stringify(document, infinityAsText, 2)}\n`);
}

/** An event: a line on standard output. */
export function printEvent(event: object): void {
  process.stdout.write(jsonLine(event));
}

/** As a line of a file. */
export function jsonLine(event: object): string {
  return `${JSON.stringify(event, infinityAsText)}\n`;
}
