/** Two runs against each other, over the corpora they share. */

import { documentBootstrap, SurprisalError } from "../../core/index.ts";
import { kernelsNote } from "../../models/kernels.ts";
import { compareRunTasks, type TaskDifference } from "./compare-tasks.ts";
import type { DocumentEntry } from "./journal.ts";
import { pairedDifference } from "./paired-units.ts";
import { modelLabel } from "./rows.ts";
import type { Run, RunModel, RunResult } from "./run.ts";
import { readEntries } from "./whole-run.ts";

/** One model of the first run against one of the second, over the same texts. */
export interface RunDifference {
  corpus: string;
  base: { model: string; recipe: string; perplexity: number | null; bitsPerByte: number | null };
  other: { model: string; recipe: string; perplexity: number | null; bitsPerByte: number | null };
  /** Of bits per byte, other - base: comparable across vocabularies; `null` where one is missing, or both are Infinity. */
  difference: number | null;
  /**
   * ± of the difference, by the bootstrap over documents that both scored, of one document over stretches of its bytes: what is
   * hard for both models cancels. `null` where there is too little of them.
   */
  standardError: number | null;
  /** 95 % interval of the difference. */
  interval: readonly [low: number, high: number] | null;
  /** Documents that both scored. */
  documents: number;
  /** Why the numbers are not quite comparable, one sentence each. */
  notes: string[];
}

/**
 * Compares each result of `other` with each of `base` over the same corpus (by its sha256). Where the two runs share a
 * model, only that model is compared with itself.
 * @param base, other folders of runs.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, INVALID_ARGUMENT when they share no text and no question.
 */
export function compareRuns(base: string, other: string): RunDifference[] {
  const differences = compareRunTexts(base, other);
  if (differences.length > 0) return differences;
  throw nothingShared(base, other);
}

/** As `compareRuns`; nothing where they share no corpus. Without `other`, models of one run with those before them. */
function compareRunTexts(base: string, other: string | undefined): RunDifference[] {
  const a = load(base);
  const b = other === undefined ? a : load(other);
  return b.run.results.flatMap((second) => {
    const corpus = b.run.corpora[second.corpusIndex]!;
    const alike = a.run.results.filter((first) => a.run.corpora[first.corpusIndex]!.sha256 === corpus.sha256);
    if (other === undefined)
      return alike
        .filter((first) => first.modelIndex < second.modelIndex && first.corpusIndex === second.corpusIndex)
        .map((first) => difference(a, first, b, second));
    const model = b.run.models[second.modelIndex]!.identity;
    const same = alike.filter((first) => {
      const { identity } = a.run.models[first.modelIndex]!;
      return identity.sha256 === model.sha256 && identity.name === model.name;
    });
    return (same.length > 0 ? same : alike).map((first) => difference(a, first, b, second));
  });
}

/** Two runs over what they share. */
export interface RunComparison {
  differences: RunDifference[];
  tasks: TaskDifference[];
}

/**
 * Compares two runs over the texts and over the questions that they share: see `compareRuns` and `compareRunTasks`.
 * @param base, other folders of runs; without `other`, each model of the one run is compared with those before it.
 * @throws SurprisalError RUN_NOT_FOUND, RUN_DAMAGED, INVALID_ARGUMENT when they share neither, or one run has one model.
 */
export function compareRunFolders(base: string, other?: string): RunComparison {
  const compared = { differences: compareRunTexts(base, other), tasks: compareRunTasks(base, other) };
  if (compared.differences.length + compared.tasks.length > 0) return compared;
  throw nothingShared(base, other);
}

function nothingShared(base: string, other: string | undefined): SurprisalError {
  if (other === undefined)
    return new SurprisalError({
      code: "INVALID_ARGUMENT",
      what: "The run has no two models that scored the same texts or answered the same questions",
      where: base,
      wayOut: "Name a second run to compare it with.",
    });
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: "The runs share no text and no question: none of one has the sha256 of one of the other",
    where: `${base}, ${other}`,
    wayOut:
      "Compare runs over the same texts, or the same questions; others stand side by side in `surprisal runs export`.",
  });
}

interface Loaded {
  run: Run;
  /** By model and corpus, by index of the document. */
  entries: Map<string, Map<number, DocumentEntry>>;
}

function load(folder: string): Loaded {
  const entries: Loaded["entries"] = new Map();
  const run = readEntries(folder, (entry) => {
    if (entry.type !== "document") return;
    const key = `${entry.modelIndex} ${entry.corpusIndex}`;
    const documents = entries.get(key) ?? new Map<number, DocumentEntry>();
    if (!documents.has(entry.documentIndex)) documents.set(entry.documentIndex, entry);
    entries.set(key, documents);
  });
  return { run, entries };
}

function difference(a: Loaded, first: RunResult, b: Loaded, second: RunResult): RunDifference {
  const before =
    a.entries.get(`${first.modelIndex} ${first.corpusIndex}`) ?? new Map<number, DocumentEntry>();
  const after = b.entries.get(`${second.modelIndex} ${second.corpusIndex}`);
  const bits: number[] = [];
  const bytes: number[] = [];
  for (const [i, one] of [...before].sort(([left], [right]) => left - right)) {
    const two = after?.get(i);
    if (!one.sums?.scored || !two?.sums?.scored) continue;
    // Each per byte of what it scored: the first token of a text may carry no number under one recipe.
    const per = ({ sums, size }: DocumentEntry) => (sums!.totalNll / sums!.bytes) * size.bytes;
    bits.push((per(two) - per(one)) / Math.LN2);
    bytes.push(one.size.bytes);
  }
  // One document: over stretches of it, which are the same for both models.
  const within = bits.length === 1 && first.parts && second.parts;
  const bootstrap = within ? pairedDifference(first.parts!, second.parts!) : documentBootstrap(bits, bytes);
  const [modelA, modelB] = [a.run.models[first.modelIndex]!, b.run.models[second.modelIndex]!];
  return {
    corpus: b.run.corpora[second.corpusIndex]!.name,
    base: side(a.run, first),
    other: side(b.run, second),
    difference: less(second.bitsPerByte, first.bitsPerByte),
    standardError: bootstrap?.standardError ?? null,
    interval: bootstrap && [bootstrap.low, bootstrap.high],
    documents: bits.length,
    notes: [recipesNote(modelA, modelB), kernelsNote(modelA, modelB)].filter((note) => note !== null),
  };
}

function recipesNote({ recipe: a }: RunModel, { recipe: b }: RunModel): string | null {
  if (a.id === b.id || a.method === b.method) return null;
  return `The recipes differ: ${a.name} (${a.id}) and ${b.name} (${b.id}).`;
}

function less(a: number | null, b: number | null): number | null {
  return a === null || b === null || Number.isNaN(a - b) ? null : a - b;
}

function side(run: Run, { modelIndex, perplexity, bitsPerByte }: RunResult): RunDifference["base"] {
  return {
    model: modelLabel(run, modelIndex),
    recipe: run.models[modelIndex]!.recipe.name ?? "own",
    perplexity,
    bitsPerByte,
  };
}
