/** Rows of answers as columns of methods: what each method says of each answer, and what it took. */
import type { Examination } from "../../detect/index.ts";
import type { BenchFamily, BenchPrice } from "../../report/index.ts";
import {
  type BenchAnswers,
  CONFIDENCE_METHODS,
  lengthMatched,
  type SampleTools,
  wordCount,
} from "../../uncertainty/index.ts";
import {
  bySamples,
  type ConfidenceRow,
  clusterRule,
  numbersOf,
  type Setup,
  type Spent,
} from "../confidence/index.ts";
import { familyOf } from "./methods.ts";
import { baselineOf, type More, type MoreEstimate } from "./more.ts";

/** Columns, with what each method took of one answer. */
export interface Columns extends BenchAnswers {
  families: Record<string, BenchFamily>;
  prices: Record<string, BenchPrice>;
  /** Answers in words. */
  words: number[];
}

/** How columns are made. */
export interface ColumnOptions {
  /** Names that are wanted; `null`: all that the rows have. */
  wanted: ReadonlySet<string> | null;
  /** Baselines that rows without them get. */
  baselines: readonly string[];
  /** Methods that compare samples are measured at these numbers of samples instead of all. */
  at: readonly number[];
  /** As in `Setup`: which samples say the same. */
  read: Setup["read"];
}

/** One number of a row. */
interface Said extends Omit<MoreEstimate, "reason"> {
  family: BenchFamily;
}

/** @param rows of this command or of `surprisal confidence`. */
export async function columnsOf(
  rows: readonly ConfidenceRow[],
  { wanted, baselines, at, read }: ColumnOptions,
): Promise<Columns> {
  const said: Map<string, Said>[] = [];
  for (const row of rows) {
    const all = [
      ...row.estimates.map((estimate) => ofEstimate(estimate, row)),
      ...(moreOfRow(row).estimates ?? []).map((each) => ({ ...each, family: familyOf(each.name) })),
      ...detected(moreOfRow(row).examinations ?? []),
    ];
    for (const name of baselines)
      if (!all.some((each) => each.name === name))
        all.push({ ...baselineOf(name, row.answer, []), family: "baseline" });
    const kept = all.filter(({ name }) => wanted === null || wanted.has(name));
    const own = at.length === 0 ? kept : kept.filter(({ family }) => family !== "samples");
    const fewer = at.length === 0 ? [] : await atFewer(row, at, wanted, read);
    said.push(new Map([...own, ...fewer].map((each) => [each.name, each])));
  }
  const names = [...new Set(said.flatMap((each) => [...each.keys()]))];
  const groups = rows.map(({ group }) => group);
  return {
    methods: Object.fromEntries(
      names.map((name) => [name, said.map((each) => each.get(name)?.uncertainty ?? null)]),
    ),
    correct: rows.map(({ correct }) => correct),
    groups: groups.every((group) => group !== null) && groups.length > 0 ? groups : undefined,
    families: Object.fromEntries(
      names.map((name) => [name, said.find((each) => each.has(name))!.get(name)!.family]),
    ),
    prices: Object.fromEntries(names.map((name) => [name, meanPrice(said.map((each) => each.get(name)))])),
    words: rows.map(({ answer }) => wordCount(answer)),
  };
}

/** The same of some of the answers. */
export function subset(columns: Columns, places: readonly number[]): BenchAnswers {
  const { methods, correct, groups } = columns;
  return {
    methods: Object.fromEntries(
      Object.entries(methods).map(([name, values]) => [name, places.map((i) => values[i]!)]),
    ),
    correct: places.map((i) => correct[i]!),
    groups: groups && places.map((i) => groups[i]!),
  };
}

/** Places of answers that have a partner of the other label, of about their length. */
export function matchedPlaces({ correct, groups, words }: Columns, most: number): number[] {
  return lengthMatched(
    correct.map((label, i) => ({ group: groups?.[i] ?? null, correct: label, words: words[i]! })),
    most,
  );
}

const moreOfRow = ({ more }: ConfidenceRow): Partial<More> => more ?? {};

/** What detectors say; the retrieval detector's two passes also give the lift. */
function detected(examinations: readonly Examination[]): Said[] {
  return examinations.flatMap(({ signal, suspicion, features, price }): Said[] => {
    const took = {
      family: "detector" as const,
      tokensRead: price.tokensRun,
      tokensWritten: price.tokensWritten,
      ms: price.ms,
    };
    const lift = features["lift-mean"] ?? null;
    return [
      { name: signal, uncertainty: suspicion, ...took },
      ...(signal === "retrieval"
        ? [{ name: "lift", uncertainty: lift === null ? null : -lift, ...took }]
        : []),
    ];
  });
}

/** What one of `surprisal confidence`'s methods says, and took. */
function ofEstimate(
  { name, family, uncertainty, price }: ConfidenceRow["estimates"][number],
  row: ConfidenceRow,
): Said {
  const { spent, samples } = row;
  if (family === "samples")
    return { name, family, uncertainty, ...sampling(samples, samples.length, spent, price.samples > 0) };
  if (family === "asking") {
    const ms = spent?.asking[name] ?? null;
    return {
      name,
      family,
      uncertainty,
      tokensRead: price.tokensRead,
      tokensWritten: price.tokensWritten,
      ms,
    };
  }
  // One pass over an answer that is written anyway costs nothing; over one that was scored, that pass.
  const scored = row.numbersFrom === "scored";
  return {
    ...{ name, family, uncertainty, tokensWritten: 0 },
    tokensRead: scored ? (spent?.tokensRead ?? null) : 0,
    ms: scored ? (spent?.answerMs ?? null) : 0,
  };
}

function sampling(
  samples: ConfidenceRow["samples"],
  n: number,
  spent: Spent | undefined,
  /** They were drawn for this row, so it is known how long that took. */
  drawnHere: boolean,
): Pick<Said, "tokensRead" | "tokensWritten" | "ms"> {
  const tokens = samples.slice(0, n).map((sample) => sample.tokens ?? null);
  const known = tokens.length > 0 && tokens.every((each) => each !== null);
  const share = samples.length === 0 ? 0 : Math.min(1, n / samples.length);
  return {
    tokensRead: null,
    tokensWritten: known ? tokens.reduce((sum, each) => sum + each!, 0) : null,
    ms: spent !== undefined && drawnHere ? spent.samplesMs * share + spent.compareMs : null,
  };
}

const NEVER = new AbortController().signal;

/** Methods that compare texts, on the first n samples: "cocoa@5". Those of the row, or, where it has none, all. */
async function atFewer(
  row: ConfidenceRow,
  at: readonly number[],
  wanted: ReadonlySet<string> | null,
  read: Setup["read"],
): Promise<Said[]> {
  const own = row.estimates.filter(({ family }) => family === "samples").map(({ name }) => name);
  const methods = CONFIDENCE_METHODS.filter(
    (method) =>
      method.family === "samples" &&
      method.sample.tool === null &&
      (wanted === null ? own.length === 0 || own.includes(method.name) : wanted.has(method.name)),
  );
  const drawnHere = row.estimates.some(({ price }) => price.samples > 0);
  const found: Said[] = [];
  for (const n of at) {
    const samples = row.samples.slice(0, n);
    const tools: SampleTools = { clusters: clusterRule({ read }, row.question) };
    const answer = { text: row.answer, ...numbersOf(row.tokens.map(ofShown)) };
    const estimates =
      samples.length < n
        ? methods.map(({ name }) => ({ name, uncertainty: null }))
        : await bySamples(methods, { answer, samples, drawn: n, tools, signal: NEVER });
    for (const { name, uncertainty } of estimates)
      found.push({
        ...{ name: `${name}@${n}`, family: "samples", uncertainty },
        ...sampling(row.samples, n, row.spent, drawnHere),
      });
  }
  return found;
}

/** A token as rows have it, as a record. */
const ofShown = ({ text, logprob, part }: ConfidenceRow["tokens"][number]) => ({
  text,
  logprob,
  ...(part !== undefined && { part }),
});

function meanPrice(said: readonly (Said | undefined)[]): BenchPrice {
  const mean = (value: (each: Said) => number | null): number | null => {
    const known = said.flatMap((each) => {
      const number = each === undefined ? null : value(each);
      return number === null ? [] : [number];
    });
    return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
  };
  const ms = mean((each) => each.ms);
  return {
    tokensRead: mean(({ tokensRead }) => tokensRead),
    tokensWritten: mean(({ tokensWritten }) => tokensWritten),
    seconds: ms === null ? null : ms / 1000,
  };
}
