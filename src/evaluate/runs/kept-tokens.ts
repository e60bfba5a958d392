/** A run's tokens.parquet, read a row group at a time; it may hold more tokens than memory does. */
import { dirname } from "node:path";
import type { DecodedArray, ParquetScan } from "hyparquet";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import { describedParquet } from "../corpora/index.ts";
import type { Run } from "./run.ts";
import { assertTokensWhole } from "./whole-run.ts";

/** Neighbouring tokens of a document. */
export interface KeptTokens {
  /** Indices in run.json. */
  modelIndex: number;
  corpusIndex: number;
  document: string;
  /** Whether they are the document's first. */
  first: boolean;
  /** [n] ln p, nats; NaN = missing. */
  logprobs: Float64Array;
  /** [n] where each begins in the document's UTF-8, bytes. */
  byteOffsets: Float64Array;
}

type Names = Record<"model" | "corpus" | "document", string>;

const COLUMNS = ["model", "corpus", "document", "position", "byteOffset", "logprob"] as const;

/**
 * All tokens in the order of the file: model, corpus, document.
 * @param file as `writeTokens` wrote it.
 * @throws SurprisalError RUN_DAMAGED when the file is damaged, or has not the tokens that run.json counts;
 *   FILE_UNREADABLE, FILE_NOT_FOUND.
 */
export async function* keptTokens(file: string, run: Run): AsyncGenerator<KeptTokens> {
  const counts = new TokenCounts(file, run);
  for await (const part of namedTokens(file)) {
    const { document, first, logprobs, byteOffsets } = part;
    yield { ...counts.add(part, first, logprobs), document, first, logprobs, byteOffsets };
  }
  counts.check();
  await assertTokensWhole(file); // last: it reads the file again, and that it is another run's says more
}

/** Neighbouring tokens of a document, by the names that the file has, whatever run.json says. */
type NamedTokens = Names & Omit<KeptTokens, "modelIndex" | "corpusIndex">;

/** @throws SurprisalError RUN_DAMAGED, FILE_UNREADABLE, FILE_NOT_FOUND */
export async function* namedTokens(file: string): AsyncGenerator<NamedTokens> {
  let before: Names = { model: "", corpus: "", document: "" };
  let lastPosition = -1;
  for await (const columns of rowGroups(file)) {
    const logprobs = Float64Array.from(columns.logprob, numberOf);
    const offsets = Float64Array.from(columns.byteOffset, numberOf);
    const isOf = ({ model, corpus, document }: Names, row: number) =>
      columns.document[row] === document && columns.corpus[row] === corpus && columns.model[row] === model;
    // The document before may have the same names; and tokens that a recipe does not score may be left out in front.
    const isBeginning = (row: number) =>
      columns.position[row] <= (row > 0 ? columns.position[row - 1] : lastPosition);
    for (let start = 0, end = 0; start < logprobs.length; start = end) {
      const names: Names = {
        model: columns.model[start],
        corpus: columns.corpus[start],
        document: columns.document[start],
      };
      const first = isBeginning(start) || !isOf(before, start);
      for (end = start + 1; end < logprobs.length && isOf(names, end) && !isBeginning(end); ) end++;
      yield {
        ...names,
        first,
        logprobs: logprobs.subarray(start, end),
        byteOffsets: offsets.subarray(start, end),
      };
      before = names;
    }
    lastPosition = columns.position[logprobs.length - 1] ?? lastPosition;
  }
}

const numberOf = (value: unknown): number => (value === null ? Number.NaN : Number(value));

/** A row group of our own has 100,000 tokens, and a name for each: less than 4 times this in a column, bytes. */
const MOST_BYTES = 2 ** 28;

async function* rowGroups(file: string): AsyncGenerator<Record<(typeof COLUMNS)[number], DecodedArray>> {
  const [{ asyncBufferFromFile, parquetScan }, { compressors }] = await Promise.all([
    import("hyparquet"),
    import("hyparquet-compressors"),
  ]);
  const broken = (error: unknown) =>
    typeof (error as { syscall?: unknown }).syscall === "string"
      ? readFailure(error, file)
      : damagedTokens(file, `cannot be read as Parquet: ${(error as Error).message}`, { cause: error });
  let scan: ParquetScan;
  try {
    const { buffer, metadata } = await describedParquet(await asyncBufferFromFile(file), MOST_BYTES);
    scan = await parquetScan({ file: buffer, metadata, columns: [...COLUMNS], compressors });
  } catch (error) {
    throw broken(error);
  }
  for (const range of scan.ranges)
    try {
      const columns = COLUMNS.map(async (column) => [column, await scan.readColumn({ column, ...range })]);
      yield Object.fromEntries(await Promise.all(columns));
    } catch (error) {
      throw broken(error);
    }
}

interface TokenCount {
  modelIndex: number;
  corpusIndex: number;
  names: readonly [model: string, corpus: string];
  /** Tokens with a number, as run.json says; `null`: the model failed before it was done. */
  scored: number | null;
  found: number;
}

/** Models over corpora, in the order of the file. Their names say which is which; where names repeat, what is scored. */
class TokenCounts {
  readonly #file: string;
  readonly #isComplete: boolean;
  readonly #counts: TokenCount[];
  #at = 0;

  constructor(file: string, { models, corpora, results, status }: Run) {
    this.#file = file;
    this.#isComplete = status === "complete";
    this.#counts = models.flatMap(({ identity }, modelIndex) =>
      corpora.map(({ name }, corpusIndex): TokenCount => {
        const result = results.find(
          (each) => each.modelIndex === modelIndex && each.corpusIndex === corpusIndex,
        );
        const names = [identity.name, name] as const;
        return { modelIndex, corpusIndex, names, scored: result?.scored ?? null, found: 0 };
      }),
    );
  }

  /** @returns whose the tokens are. */
  add(names: Names, first: boolean, logprobs: Float64Array): Pick<KeptTokens, "modelIndex" | "corpusIndex"> {
    const fits = (count: TokenCount | undefined) =>
      count?.names[0] === names.model && count.names[1] === names.corpus;
    const [now, next] = this.#counts.slice(this.#at, this.#at + 2);
    const isDone = first && now?.found === now?.scored && fits(next);
    if (!fits(now) || isDone) this.#at = this.#counts.findIndex((count, i) => i > this.#at && fits(count));
    const count = this.#counts[this.#at];
    if (!count) throw this.#mismatch();
    for (const logprob of logprobs) if (!Number.isNaN(logprob)) count.found++;
    return { modelIndex: count.modelIndex, corpusIndex: count.corpusIndex };
  }

  check(): void {
    if (this.#counts.some(({ scored, found }) => scored !== null && scored !== found)) throw this.#mismatch();
  }

  #mismatch(): SurprisalError {
    const goOn = `Go on with the run, which writes it anew: surprisal eval --resume ${dirname(this.#file)}.`;
    const what = "has not the tokens that run.json counts";
    return damagedTokens(this.#file, what, this.#isComplete ? {} : { wayOut: goOn });
  }
}

/** @param what tokens.parquet is or does, as a predicate */
export function damagedTokens(
  file: string,
  what: string,
  {
    wayOut = "Evaluate again with --tokens, in another folder.",
    cause,
  }: { wayOut?: string | undefined; cause?: unknown } = {},
): SurprisalError {
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what: `tokens.parquet ${what}`,
    where: file,
    wayOut,
    cause,
  });
}
