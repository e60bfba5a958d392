/** Records with what a router knows of their prompts: made once, fitted to and judged as often as is wanted. */
import { SurprisalError } from "../../core/index.ts";
import type { RecordsHeader, RouteRecord, RouteRecords } from "../records.ts";
import type { PaqFeatures, PaqVector } from "./features/index.ts";
import { casesOf, joinedGroups, type PaqCase } from "./labels.ts";

/** Labelled prompts with their vectors. */
export interface PaqTable {
  /** Fewest bits first. */
  levels: readonly string[];
  cases: readonly PaqCase[];
  /** [cases] */
  vectors: readonly PaqVector[];
  /** [cases] what is never torn apart: groups, and those that have a prompt in common are one. */
  groups: readonly string[];
  features: Pick<PaqFeatures, "name" | "dimensions" | "identity">;
  header: RecordsHeader | null;
  /** Records left out, by what was amiss, how many of each. */
  leftOut: Readonly<Record<string, number>>;
  /** Ids of those left out because their prompt is empty: nothing is fitted to them, and they go to the top level. */
  empty: readonly string[];
}

/** Options of `paqTable`. */
export interface PaqTableOptions {
  /** Names of the levels, fewest bits first. Default: the header's paths. */
  levels?: readonly string[] | undefined;
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Looks at the prompts of records: the slow part, with an encoder.
 * @throws SurprisalError EMPTY_INPUT where no record can be labelled, saying why; INVALID_ARGUMENT; what the features throw.
 */
export async function paqTable(
  records: RouteRecords | readonly RouteRecord[],
  features: PaqFeatures,
  { levels: names, onProgress, signal }: PaqTableOptions = {},
): Promise<PaqTable> {
  const { levels, cases: labelled, leftOut: amiss } = casesOf(records, names);
  const cases = labelled.filter(({ prompt }) => prompt.trim() !== "");
  const empty = labelled.flatMap(({ prompt, record }) => (prompt.trim() === "" ? record.id : []));
  const leftOut = empty.length === 0 ? amiss : { ...amiss, "empty prompt": empty.length };
  if (cases.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: `No record can be labelled${Object.keys(leftOut).length > 0 ? `: ${describeLeftOut(leftOut)}` : ""}`,
      where: "records",
      wayOut: "Score the reference of every prompt under every level: `surprisal route paq label`.",
    });
  const vectors = await features.of(
    cases.map(({ prompt }) => prompt),
    { signal, onProgress: (done) => onProgress?.({ done, total: cases.length }) },
  );
  const { name, dimensions, identity } = features;
  for (const [i, { vector }] of vectors.entries())
    checkVector(vector, dimensions, `${name} of record ${cases[i]!.record.id}`);
  const header = "header" in records ? records.header : null;
  return {
    levels,
    cases,
    vectors,
    groups: joinedGroups(cases),
    features: { name, dimensions, identity },
    header,
    leftOut,
    empty,
  };
}

/** "3 2-bit: no surprisal, 1 empty prompt" */
export const describeLeftOut = (leftOut: Readonly<Record<string, number>>): string =>
  Object.entries(leftOut)
    .map(([why, count]) => `${count} × ${why}`)
    .join(", ");

/** A part of a table, by the numbers of its cases. */
export function partOf(table: PaqTable, rows: readonly number[]): PaqTable {
  return {
    ...table,
    cases: rows.map((i) => table.cases[i]!),
    vectors: rows.map((i) => table.vectors[i]!),
    groups: rows.map((i) => table.groups[i]!),
  };
}

/** @throws SurprisalError INVALID_ARGUMENT for a vector of another length, and numbers that are none. */
export function checkVector(vector: Float32Array, dimensions: number, where: string): void {
  let sum = 0; // NaN and Infinity times 0 are NaN
  for (let j = 0; j < vector.length; j++) sum += vector[j]! * 0;
  if (vector.length === dimensions && sum === 0) return;
  throw new SurprisalError({
    code: "INVALID_ARGUMENT",
    what:
      vector.length === dimensions
        ? "The vector has numbers that are not finite"
        : `The vector has ${vector.length} numbers, and not ${dimensions}`,
    where,
    wayOut: "Mend the source of the vectors.",
  });
}
