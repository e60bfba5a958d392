/** Several files, one after the other: what goes wrong with one does not keep the others from being done. */
import { exitCodeOf, partsOf, shownError } from "../errors.ts";
import type { Source } from "./places.ts";

/** What came of a source. */
export type Outcome<Result> =
  | { source: Source; result: Result; error: null }
  | { source: Source; result: null; error: ReturnType<typeof partsOf> };

/**
 * Works on each; of a single one the error is thrown, of several it is told at once, and is the exit code at the end.
 * @throws SurprisalError what `work` throws, of a single source
 */
export async function each<Result>(
  sources: readonly Source[],
  work: (source: Source) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  const outcomes: Outcome<Result>[] = [];
  for (const source of sources) {
    try {
      outcomes.push({ source, result: await work(source), error: null });
    } catch (error) {
      if (sources.length === 1) throw error;
      process.stderr.write(`surprisal: ${shownError(error)}\n`);
      process.exitCode = Math.max(Number(process.exitCode ?? 0), exitCodeOf(error));
      outcomes.push({ source, result: null, error: partsOf(error) });
    }
  }
  return outcomes;
}

/** For --json: what came of each, in order. */
export function filesOf<Result>(
  outcomes: readonly Outcome<Result>[],
  documentOf: (result: Result, source: Source) => object,
): object[] {
  return outcomes.map((outcome) =>
    outcome.error === null
      ? documentOf(outcome.result, outcome.source)
      : { input: outcome.source.file, error: outcome.error },
  );
}
