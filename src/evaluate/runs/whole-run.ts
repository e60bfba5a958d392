/** A run whose files fit each other, or an error: whoever shows its numbers asks here. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import type { RunSeal } from "./checksum.ts";
import { damageError } from "./damage.ts";
import { JOURNAL, RUN, TOKENS } from "./files.ts";
import { type JournalEntry, journalFacts, readJournal } from "./journal.ts";
import type { Run } from "./run.ts";
import { readRunFile } from "./run-file.ts";

/**
 * Every entry of a run's journal, checked against run.json.
 * @returns the run. @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export function readEntries(folder: string, onEntry: (entry: JournalEntry) => void): Run {
  const { run, seal } = readRunFile(folder);
  readJournal(join(folder, JOURNAL), onEntry, journalFacts(run, seal));
  return run;
}

/**
 * A run whose journal and tokens, as far as they are there, fit its run.json. Of tokens.parquet only the size is looked at:
 * whoever reads it checks its content.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export function readWholeRun(folder: string): Run {
  const { run, seal } = readRunFile(folder);
  const journal = join(folder, JOURNAL);
  if (existsSync(journal)) readJournal(journal, () => {}, journalFacts(run, seal));
  const tokens = join(folder, TOKENS);
  const size = statSync(tokens, { throwIfNoEntry: false })?.size;
  if (seal?.tokens && size !== undefined && size !== seal.tokens.bytes)
    throw damageError({
      what: `tokens.parquet has ${size} bytes, and was written with ${seal.tokens.bytes}`,
      where: tokens,
    });
  return run;
}

/** What run.json says of a tokens.parquet; `null`: nothing, as in runs of older versions. */
function tokensSeal(file: string): { run: Run; seal: RunSeal } | null {
  const folder = dirname(file);
  if (!existsSync(join(folder, RUN))) return null;
  const { run, seal } = readRunFile(folder);
  return seal && { run, seal };
}

/** @throws SurprisalError RUN_DAMAGED where a tokens.parquet is not the one that its run wrote; FILE_UNREADABLE */
export async function assertTokensWhole(file: string): Promise<void> {
  const known = tokensSeal(file);
  if (!known) return;
  const { tokens } = known.seal;
  if (tokens !== null && (await describeFile(file)).sha256 === tokens.sha256) return;
  throw damageError({
    what:
      tokens === null
        ? "tokens.parquet is not this run's, or of an earlier session: the run has not come to its end"
        : "tokens.parquet is not what the run wrote: it does not fit its checksum in run.json",
    where: file,
  });
}

/** Whether the tokens of a run are there and whole. */
export async function hasWholeTokens(folder: string, seal: RunSeal | null): Promise<boolean> {
  const file = join(folder, TOKENS);
  if (!seal?.tokens || !existsSync(file)) return false;
  try {
    await assertTokensWhole(file);
    return true;
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "RUN_DAMAGED") return false;
    throw error;
  }
}

/** @throws SurprisalError FILE_UNREADABLE */
export async function describeFile(file: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
  } catch (error) {
    throw readFailure(error, file);
  }
  return { bytes, sha256: hash.digest("hex") };
}
