/** What stands between the fields of a CSV: comma, semicolon (Excel where the comma is for decimals), tab or bar. */
import { parse } from "csv-parse/sync";
import { readBytes } from "./bytes.ts";
import type { Reading } from "./reading.ts";
import type { StoredFile } from "./stored-file.ts";

export interface CsvDialect {
  delimiter: string;
  /** Lines in front of the header: Excel's "sep=;". */
  skip: 0 | 1;
}

/** In this order where several fit as well. */
const DELIMITERS = [",", ";", "\t", "|"] as const;
/** What is looked at, bytes and records. */
const BEGINNING = 1 << 16;
const RECORDS = 20;

/** @throws SurprisalError what readBytes throws */
export async function csvDialect(file: StoredFile, { signal }: Pick<Reading, "signal">): Promise<CsvDialect> {
  const beginning = await beginningOf(file, signal);
  const [, named] = /^sep=(.)\r?(?:\n|$)/.exec(beginning) ?? [];
  if (named !== undefined) return { delimiter: named, skip: 1 };
  const usual = file.format === "tsv" ? "\t" : ",";
  const header = headerOf(beginning);
  const count = (delimiter: string) => header.split(delimiter).length - 1;
  const candidates = DELIMITERS.filter((delimiter) => count(delimiter) > 0 && delimiter !== usual).sort(
    (a, b) => count(b) - count(a),
  );
  // A header may hold a semicolon in a name: another delimiter has to cut more, and the rows as often as the header.
  const better = candidates.find(
    (delimiter) => count(delimiter) > count(usual) && isEven(beginning, delimiter),
  );
  return { delimiter: better ?? usual, skip: 0 };
}

async function beginningOf(file: StoredFile, signal: AbortSignal | undefined): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of readBytes(file, signal)) {
    parts.push(chunk);
    length += chunk.length;
    if (length >= BEGINNING) break;
  }
  const bytes = Buffer.concat(parts).subarray(0, BEGINNING);
  return bytes.toString("utf8").replace(/^\ufeff/, "");
}

/** The first line that holds anything, without what stands in quotes. */
function headerOf(beginning: string): string {
  const unquoted = beginning.replace(/"(?:[^"]|"")*"/g, "");
  return unquoted.split(/\r?\n|\r/).find((line) => line !== "") ?? "";
}

/** Whether the first records have as many fields as the header. */
function isEven(beginning: string, delimiter: string): boolean {
  const lastLine = beginning.length < BEGINNING ? beginning.length : beginning.lastIndexOf("\n") + 1;
  try {
    const records: string[][] = parse(beginning.slice(0, lastLine), {
      delimiter,
      to: RECORDS,
      skip_empty_lines: true,
    });
    return records.length > 0; // csv-parse refuses records of different lengths
  } catch {
    return false;
  }
}
