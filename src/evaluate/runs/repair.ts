/**
 * Looks through a run before it is gone on with. What does not fit is an error, or with `repair` left out of the journal,
 * so that it is done again; the journal as it was found is kept aside, and the log says what was left out.
 */
import { closeSync, openSync, statSync } from "node:fs";
import { errorCode } from "../../core/index.ts";
import { readFailure } from "../../files/index.ts";
import type { RunSeal } from "./checksum.ts";
import { type Damage, damageError } from "./damage.ts";
import { JOURNAL, TOKEN_LOG } from "./files.ts";
import type { RunFolder } from "./folder.ts";
import {
  type DocumentEntry,
  type JournalEntry,
  type JournalFacts,
  journalFacts,
  rewriteJournal,
  surveyJournal,
  type WindowsEntry,
} from "./journal.ts";
import type { Run } from "./run.ts";
import { type FrameLocation, readFrame, type TokenFrame } from "./token-log.ts";

type WithFrame = (DocumentEntry | WindowsEntry) & { log: FrameLocation };

interface Options {
  seal: RunSeal | null;
  repair: boolean;
  hasTokens: boolean;
}

/** A frame is written before its entry; after a power failure it may be gone all the same. */
export function isHeld(entry: JournalEntry, logSize: number): boolean {
  return !("log" in entry) || !entry.log || entry.log[1] <= logSize;
}

/**
 * @param seal of its run.json; `null`: an older version wrote it, and its journal gets checksums now.
 * @param hasTokens no frames are needed of documents that are done.
 * @returns what is known of the journal from now on.
 * @throws SurprisalError RUN_DAMAGED where there is damage and no `repair`; then nothing is changed.
 */
export function readyToGoOn(
  folder: RunFolder,
  run: Run,
  { seal, repair, hasTokens }: Options,
): JournalFacts & { logSize: number } {
  const journal = folder.file(JOURNAL);
  const log = folder.file(TOKEN_LOG);
  const logSize = hasTokens ? Number.POSITIVE_INFINITY : sizeOf(log);
  const facts = journalFacts(run, seal);
  const damages: Damage[] = [];
  const lines: JournalEntry[][] = [];
  const mayCut = !repair;
  const accept = (entries: readonly JournalEntry[]) => {
    if (mayCut && !entries.every((entry) => isHeld(entry, logSize))) return false;
    lines.push([...entries]);
    return true;
  };
  const onDamage = (damage: Damage) => {
    if (!repair) throw damageError(damage);
    damages.push(damage);
  };
  const missing = sizeOf(journal) === 0 && (repair || facts.atLeast === null);
  if (!missing) surveyJournal(journal, accept, facts, onDamage);
  else if (facts.atLeast !== null) onDamage({ what: "The run has no journal", where: journal });
  const kept = hasTokens ? lines : withWholeFrames(lines, log, run.request.tokens, onDamage);
  if (damages.length > 0) folder.keepAside(JOURNAL);
  if (damages.length > 0 || (seal === null && kept.length > 0)) {
    rewriteJournal(journal, kept, facts.seed);
    Object.assign(folder.seal, { journal: null });
  }
  for (const { what, where } of damages) folder.log(`left out, to be done again: ${what} (${where})`);
  if (damages.length > 0) folder.log(`the journal as it was found: ${JOURNAL}.damaged`);
  return { ...facts, atLeast: damages.length > 0 || seal === null ? null : facts.atLeast, logSize };
}

/** Entries whose frames are what they say. */
function withWholeFrames(
  lines: readonly JournalEntry[][],
  file: string,
  keepsTokens: boolean,
  onDamage: (damage: Damage) => void,
): JournalEntry[][] {
  const descriptor = openIfThere(file);
  try {
    const found = new Map<string, Frames>();
    const whole = lines.map((entries) =>
      entries.filter((entry) => {
        if (!hasFrame(entry)) return true;
        const frame = descriptor === null ? null : readFrame(descriptor, entry.log);
        const problem = frame ? problemOf(entry, frame) : "does not fit its checksum";
        if (frame === null || problem !== null) {
          onDamage({
            what: `Numbers of tokens, ${nameOf(entry)}: the frame ${problem}`,
            where: `${file}, byte ${entry.log[0]}`,
          });
          return false;
        }
        const frames = found.get(keyOf(entry)) ?? new Frames();
        found.set(keyOf(entry), frames.add(frame));
        return true;
      }),
    );
    if (!keepsTokens) return whole.filter((entries) => entries.length > 0);
    return whole.flatMap((entries) => {
      const left = entries.filter((entry) => {
        if (entry.type !== "document" || !entry.sums || entry.sums.scored === 0) return true;
        if (found.get(keyOf(entry))?.isAll(entry.sums.scored)) return true;
        onDamage({ what: `Numbers of tokens of ${nameOf(entry)} are missing`, where: file });
        return false;
      });
      return left.length > 0 ? [left] : [];
    });
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

/** Which tokens of a document there are numbers of: tokens that a recipe does not score may be in no frame. */
class Frames {
  readonly #scored = new Map<number, number>();

  add({ start, logprobs }: TokenFrame): this {
    this.#scored.set(start, sumsOf(logprobs).scored);
    return this;
  }

  isAll(scored: number): boolean {
    return [...this.#scored.values()].reduce((sum, some) => sum + some, 0) === scored;
  }
}

const hasFrame = (entry: JournalEntry): entry is WithFrame => "log" in entry && entry.log !== null;

const keyOf = ({ modelIndex, corpusIndex, documentIndex }: DocumentEntry | WindowsEntry): string =>
  `${modelIndex} ${corpusIndex} ${documentIndex}`;

const nameOf = ({ modelIndex, corpusIndex, documentIndex }: DocumentEntry | WindowsEntry): string =>
  `document ${documentIndex} of corpus ${corpusIndex} under model ${modelIndex}`;

/** Why a frame cannot be that of an entry; `null`: it can. */
function problemOf(
  entry: WithFrame,
  { documentIndex, start, logprobs, byteOffsets, text }: TokenFrame,
): string | null {
  const [first, end] = entry.type === "windows" ? [entry.start, entry.end] : [0, entry.sums?.tokens ?? 0];
  if (documentIndex !== entry.documentIndex) return "is of another document";
  if (start !== first || start + logprobs.length !== end) return "has other tokens";
  for (let i = 0; i < logprobs.length; i++)
    if (byteOffsets[i + 1]! < byteOffsets[i]!) return "has texts out of order";
  if (byteOffsets[logprobs.length]! - byteOffsets[0]! !== text.length) return "has another text";
  if (entry.type === "windows" || !entry.sums) return null;
  return sumsOf(logprobs).totalNll === entry.sums.totalNll && sumsOf(logprobs).scored === entry.sums.scored
    ? null
    : "has other sums than its entry";
}

/** In the order of `sumTokens`, so that the digits are the same. */
export function sumsOf(
  logprobs: Float64Array,
  before: { scored: number; totalNll: number } = { scored: 0, totalNll: 0 },
): { scored: number; totalNll: number } {
  let { scored, totalNll } = before;
  for (const logprob of logprobs) {
    if (Number.isNaN(logprob)) continue;
    scored++;
    totalNll += Math.max(0, 0 - logprob);
  }
  return { scored, totalNll };
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function openIfThere(file: string): number | null {
  try {
    return openSync(file, "r");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw readFailure(error, file);
  }
}
