/** What each way of routing does to every question, in columns. Internal to this folder. */
import { invalidArgument } from "../../core/index.ts";
import { groupOf, type RecordedAnswer, type RouteRecord } from "../records.ts";

/** Where a router sends a question. */
export interface Route {
  /** Path whose answer counts. */
  path: string;
  /** Paths that were gone, that one among them: all are paid for. Default: all up to `path`, in the order of the paths. */
  tried?: readonly string[] | undefined;
}

/** Says where a question goes; a path's name is enough. */
export type RouteOf = (record: RouteRecord) => Route | string;

/** [n] of each question: right (0 ... 1), tokens, milliseconds; NaN = not known. */
export interface Columns {
  right: Float64Array;
  tokens: Float64Array;
  ms: Float64Array;
}

/** Questions that can be judged: every path has an answer with a label. */
export interface Judged {
  paths: readonly string[];
  records: readonly RouteRecord[];
  /** [n] number of each question's group, from 0. */
  groups: Int32Array;
  groupCount: number;
  /** Questions left out: a path is missing, or whether it was right is not known. */
  leftOut: number;
}

/** @throws SurprisalError INVALID_ARGUMENT where nothing can be judged. */
export function judged(all: readonly RouteRecord[], paths: readonly string[]): Judged {
  if (paths.length < 2 || new Set(paths).size < paths.length)
    throw invalidArgument(
      "There is nothing to choose between",
      "paths",
      "Name at least two paths, cheapest first.",
    );
  const originals = all.filter(({ rewordingOf }) => rewordingOf === undefined);
  const records = originals.filter((record) =>
    paths.every((path) => typeof record.paths[path]?.correct === "boolean"),
  );
  if (records.length === 0)
    throw invalidArgument(
      `None of ${originals.length} records has an answer with a label on ${paths.join(" and ")}`,
      "records",
      "Record and label the answers of every path.",
    );
  const numbers = new Map<string, number>();
  const groups = Int32Array.from(records, (record) => {
    const group = groupOf(record);
    const number = numbers.get(group) ?? numbers.size;
    numbers.set(group, number);
    return number;
  });
  return { paths, records, groups, groupCount: numbers.size, leftOut: originals.length - records.length };
}

const answerOn = (record: RouteRecord, path: string): RecordedAnswer => record.paths[path]!;

/** Of one path alone. */
export function columnsOfPath({ records }: Judged, path: string): Columns {
  return columnsOf(records, () => ({ path, tried: [path] }));
}

/** Of questions that go each its own way. */
export function columnsOf(
  records: readonly RouteRecord[],
  routeOf: (record: RouteRecord) => Required<Route>,
): Columns {
  const columns: Columns = {
    right: new Float64Array(records.length),
    tokens: new Float64Array(records.length),
    ms: new Float64Array(records.length),
  };
  for (const [i, record] of records.entries()) {
    const { path, tried = [] } = routeOf(record);
    columns.right[i] = Number(answerOn(record, path).correct);
    for (const each of tried) {
      const { tokens, ms } = answerOn(record, each);
      columns.tokens[i]! += tokens;
      columns.ms[i]! += ms ?? Number.NaN;
    }
  }
  return columns;
}

/** What is expected of a question that goes each way with the given chances: the closed form of random routing. */
export function mixture(parts: readonly { columns: Columns; share: number }[]): Columns {
  const n = parts[0]!.columns.right.length;
  const mixed = (name: keyof Columns) =>
    Float64Array.from({ length: n }, (_, i) =>
      parts.reduce((sum, { columns, share }) => (share === 0 ? sum : sum + share * columns[name][i]!), 0),
    );
  return { right: mixed("right"), tokens: mixed("tokens"), ms: mixed("ms") };
}

/** A route as it is paid for. @throws SurprisalError INVALID_ARGUMENT for a path that there is not. */
export function completed(given: Route | string, paths: readonly string[]): Required<Route> {
  const { path, tried } = typeof given === "string" ? { path: given, tried: undefined } : (given ?? {});
  if (typeof path !== "string")
    throw invalidArgument(
      "The router names no path",
      "route",
      `Have it return one of ${paths.join(", ")} at once: a promise is none.`,
    );
  const at = paths.indexOf(path);
  const unknown = at < 0 ? path : tried?.find((each) => !paths.includes(each));
  if (unknown !== undefined)
    throw invalidArgument(`The router names a path "${unknown}"`, "route", `Paths are ${paths.join(", ")}.`);
  return { path, tried: tried ?? paths.slice(0, at + 1) };
}
