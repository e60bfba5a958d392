/** The file of samples read again: line by line, because all of it may be longer than one text can be. */
import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { SurprisalError } from "../../core/index.ts";
import type { SampleReport } from "../../refine/index.ts";
import { numberFromText } from "./files.ts";

const CHUNK = 2 ** 20;
const NEWLINE = 0x0a;

/** What stands in the file. */
export interface Journal {
  /** By place of the sample, from 0. */
  reports: Map<number, SampleReport>;
  /** Of the whole file, lower-case hex. */
  sha256: string;
}

/** @throws SurprisalError RUN_DAMAGED of a line that is not what became of its sample. */
export function readJournal(file: string): Journal {
  const reports = new Map<number, SampleReport>();
  const hash = createHash("sha256");
  let number = 0;
  for (const line of linesOf(file, hash)) {
    number++;
    const row = JSON.parse(line.toString("utf8"), numberFromText) as {
      type: string;
      prompt: number;
      report?: unknown;
    };
    if (row.type !== "answer") continue;
    if (!isReport(row.report, row.prompt)) throw damaged(`${file}:${number}`);
    reports.set(row.prompt, row.report);
  }
  return { reports, sha256: hash.digest("hex") };
}

const damaged = (where: string): SurprisalError =>
  new SurprisalError({
    code: "RUN_DAMAGED",
    what: "The line does not say what became of its sample",
    where,
    wayOut: "Remove the line and go on with --resume: the sample is refined again.",
  });

/** As far as what is made of it needs. */
function isReport(value: unknown, place: number): value is SampleReport {
  if (typeof value !== "object" || value === null) return false;
  const report = value as Record<string, unknown>;
  if (report.index !== place || typeof report.where !== "string") return false;
  if (report.outcome !== "refined")
    return (
      (report.outcome === "kept" || report.outcome === "dropped") &&
      typeof report.code === "string" &&
      typeof report.message === "string"
    );
  const tokens = report.tokens as Record<string, unknown> | undefined;
  return (
    Array.isArray(report.steps) &&
    report.steps.every(isStep) &&
    Array.isArray(report.rounds) &&
    typeof report.before === "object" &&
    typeof report.after === "object" &&
    Number.isInteger(tokens?.before) &&
    Number.isInteger(tokens?.after)
  );
}

function isStep(value: unknown, place: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { step, text, now, fate } = value as Record<string, unknown>;
  const isText = now === null || typeof now === "string";
  return step === place && typeof text === "string" && typeof fate === "string" && isText;
}

/** Lines without their newlines. */
function* linesOf(file: string, hash: { update: (bytes: Uint8Array) => unknown }): Generator<Buffer> {
  const descriptor = openSync(file, "r");
  try {
    const chunk = Buffer.alloc(CHUNK);
    let begun: Buffer[] = [];
    for (let count = readSync(descriptor, chunk); count > 0; count = readSync(descriptor, chunk)) {
      const bytes = chunk.subarray(0, count);
      hash.update(bytes);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        yield Buffer.concat([...begun, bytes.subarray(start, end)]);
        begun = [];
        start = end + 1;
      }
      begun.push(Buffer.from(bytes.subarray(start)));
    }
    const last = Buffer.concat(begun);
    if (last.length > 0) yield last;
  } finally {
    closeSync(descriptor);
  }
}
