/** run.json, read with care: it may be damaged, or a stranger's. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { lockHolder, readFailure } from "../../files/index.ts";
import { infinityAsText, infinityFromText } from "../../text/index.ts";
import { type RunSeal, runChecksums } from "./checksum.ts";
import { damageError, lostRun } from "./damage.ts";
import { LOCK, otherThingIn, RUN } from "./files.ts";
import type { Run } from "./run.ts";
import { problemOfRun } from "./run-shape.ts";
import { count, isRecord, nullable, record, text } from "./shape.ts";

const SCHEMA = "surprisal.run/2";
/** What every run.json has. */
const LISTS = ["models", "corpora", "results", "tasks", "taskResults", "failures", "notes"] as const;

const SEAL = record({
  begun: text,
  whole: text,
  journal: nullable(record({ lines: count, link: text })),
  tokens: nullable(record({ bytes: count, sha256: text })),
});

/** A run and its checksums; of a run that an older version wrote, `seal` is `null`, and nothing can be said of its digits. */
export interface RunFile {
  run: Run;
  seal: RunSeal | null;
  /** Results were left out since they were damaged; they follow from the journal. Only with `repair`. */
  isRepaired: boolean;
}

/**
 * The run that is in a folder.
 * @param repair leave out results that are damaged: what was asked for is still known.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export function readRun(folder: string, options: { repair?: boolean | undefined } = {}): Run {
  return readRunFile(folder, options).run;
}

/**
 * A run that is "running" with nobody at work on it was broken off: "interrupted".
 * @param repair leave out results that are damaged.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, FILE_UNREADABLE
 */
export function readRunFile(
  folder: string,
  { repair = false }: { repair?: boolean | undefined } = {},
): RunFile {
  const where = join(folder, RUN);
  const json = readText(folder, where);
  const lost = (what: string, cause?: unknown) =>
    lostRun({ what: `This is not a run that can be read: ${what}`, where, cause });
  let raw: unknown;
  let content: unknown;
  try {
    raw = JSON.parse(json);
    content = JSON.parse(json, infinityFromText);
  } catch (cause) {
    throw lost("run.json is not JSON", cause);
  }
  if (!isRecord(content) || !isRecord(raw)) throw lost(`run.json has the schema ${undefined}`);
  if (content.schema !== SCHEMA) throw ofOtherSchema(where, content.schema, lost);
  let isRepaired = false;
  if (raw.check !== undefined) {
    const problem = SEAL(raw.check, "check");
    if (problem !== null && !isRecord(raw.check)) throw lost(`run.json: ${problem}`);
    const seal = raw.check as unknown as RunSeal;
    const known = problem === null ? seal : { ...seal, journal: null, tokens: null };
    const { begun, whole } = runChecksums(raw, known);
    if (whole !== seal.whole || problem !== null) {
      if (begun !== seal.begun)
        throw lost("run.json does not fit its checksum, nor does what it says the run was begun with");
      if (!repair) throw damageError({ what: "The results in run.json do not fit their checksum", where });
      isRepaired = true;
      Object.assign(content, withoutResults());
    }
  }
  const missing = LISTS.find((name) => !Array.isArray(content[name]));
  if (missing !== undefined) throw lost(`run.json has no list "${missing}"`);
  const problem = problemOfRun(content);
  if (problem !== null) throw lost(`in run.json, ${problem}`);
  const { check: seal, ...rest } = content;
  const run = rest as unknown as Run;
  for (const [i, model] of run.models.entries()) if (model === null) delete run.models[i];
  if (run.status === "running" && lockHolder(join(folder, LOCK)) === null) run.status = "interrupted";
  const kept = isRepaired ? { journal: null, tokens: null } : {};
  return { run, seal: seal === undefined ? null : { ...(seal as RunSeal), ...kept }, isRepaired };
}

const withoutResults = () => ({
  status: "interrupted",
  finished: null,
  results: [],
  taskResults: [],
  failures: [],
  notes: [],
});

/** What run.json holds, with its checksums. */
export function sealedRun(run: Run, { journal, tokens }: Pick<RunSeal, "journal" | "tokens">): object {
  const raw: Record<string, unknown> = JSON.parse(JSON.stringify(run, infinityAsText));
  return { ...raw, check: { ...runChecksums(raw, { journal, tokens }), journal, tokens } };
}

/** Room for the results of some 30,000 pairs of a model and a corpus, bytes. */
const MOST_RUN_BYTES = 128 * 2 ** 20;

/** Everything that uses a run begins here, so this is where the folder's files are looked at. */
function readText(folder: string, where: string): string {
  try {
    const other = otherThingIn(folder);
    if (other)
      throw new SurprisalError({
        code: "RUN_DAMAGED",
        what: `What should be a file of the run is ${other.kind}`,
        where: other.path,
        wayOut:
          "surprisal makes files only. Put the file itself there, if you know whose this is; a lock can be removed.",
      });
    if (statSync(where).size > MOST_RUN_BYTES)
      throw lostRun({ what: `run.json is larger than ${MOST_RUN_BYTES / 2 ** 20} MiB`, where });
    return readFileSync(where, "utf8");
  } catch (cause) {
    if (SurprisalError.isInstance(cause)) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw readFailure(cause, where);
    throw new SurprisalError({
      code: "RUN_NOT_FOUND",
      what: "There is no run in this folder",
      where: folder,
      wayOut: "Give the folder that `surprisal eval` wrote; it holds a file run.json.",
      cause,
    });
  }
}

/** The schema has a number that grows; before 2 a sum and a mean had one name, so that nothing can be carried over. */
function ofOtherSchema(
  where: string,
  schema: unknown,
  lost: (what: string) => SurprisalError,
): SurprisalError {
  if (schema !== "surprisal.run/1") return lost(`run.json has the schema ${String(schema)}`);
  return new SurprisalError({
    code: "RUN_DAMAGED",
    what: "This run was written by an older version of surprisal, with other names for its numbers (surprisal.run/1)",
    where,
    wayOut: "Start the run again in another folder, or read this one with the version that wrote it.",
  });
}
