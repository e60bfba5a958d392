/** What a person names or pipes in, read whole before the work begins: within a bound, and not waited for in silence. */
import { readInput } from "../files/index.ts";
import { visible } from "../text/index.ts";

/** How a text is read. */
export interface GivenInput {
  /** Most MiB; by default `MOST_INPUT_BYTES`. */
  maxMib?: number | undefined;
  /** What reads longer texts, besides --max-mib. */
  wayOut?: string | undefined;
  /** What to do where there is no such file. */
  wayOutWhenMissing?: string | undefined;
}

/** @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE, DOCUMENT_TOO_LARGE naming --max-mib */
export function readGiven(
  file: string,
  { maxMib, wayOut = "Give a shorter one", wayOutWhenMissing = "Check the name." }: GivenInput = {},
): Promise<Uint8Array> {
  return readInput(file, {
    most: maxMib === undefined ? undefined : maxMib * 2 ** 20,
    wayOutWhenLarge: `${wayOut}; or raise the bound: --max-mib.`,
    wayOutWhenMissing,
    onWait: (words) => process.stderr.write(`${visible(words)}\n`),
  });
}
