/** A model quantised several ways, each file measured against the source on one text. It goes on where it was ended. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { basename, join } from "node:path";
import {
  abortError,
  invalidArgument,
  type RecipeOption,
  type RecipeOverrides,
  SurprisalError,
} from "../../core/index.ts";
import { ensureSpace, lockFile, makeFolder } from "../../files/index.ts";
import {
  describeModel,
  inspectGguf,
  kernelsOf,
  type LlamaLoadOptions,
  LlamaModel,
  planQuantize,
  type QuantizeOptions,
  type QuantizePlan,
  quantizationType,
  quantize,
} from "../../models/index.ts";
import { compareModels } from "../compare/index.ts";
import type { Corpus } from "../corpora/index.ts";
import { measureCosts } from "./costs.ts";
import { fallbackCounts, hashOfFiles, isWholeFile } from "./model-file.ts";
import {
  QUANTISATIONS_SCHEMA,
  type QuantisationMeasures,
  type Quantisations,
  type QuantisedFile,
  readQuantisations,
  recordFile,
  writeQuantisations,
} from "./record.ts";
import { type ComparedText, checkText, readText } from "./text.ts";

/** What is being done. */
export interface QuantisationProgress {
  /** The format; `null`: the source. */
  type: string | null;
  /** Its place among those that are made, from 0, and how many there are. */
  index: number;
  count: number;
  /** "check" and "make": bytes; "speed": nothing is counted; "compare": tokens of the document at work, of source and file together. */
  stage: "check" | "make" | "speed" | "compare";
  done: number;
  total: number;
}

/** Options of `compareQuantisations`. */
export interface CompareQuantisationsOptions extends RecipeOverrides {
  /** Where files and quantisations.json are kept; made where it is missing. */
  folder: string;
  /** Name of the model, for people. Default: the file's name. */
  name?: string | undefined;
  /** Weight formats, each once. */
  types: readonly string[];
  /** What they are compared on. Default: none; then they are made, and nothing is measured. */
  text?: Corpus | undefined;
  /** Default "cached". */
  recipe?: RecipeOption | undefined;
  /** How the files are made. A source that is quantised already, and a file that is larger, are taken. */
  quantising?: Omit<QuantizeOptions, "onPlan" | "onProgress" | "signal" | "keepSplit"> | undefined;
  /** How models are loaded to be measured. */
  load?: Omit<LlamaLoadOptions, "onLoad" | "signal"> | undefined;
  /**
   * "new": the folder must hold none of it (default). "resume": what is finished there is kept: files with their sha256, and
   * measurements of the same text, recipe and kernels. "replace": everything is made again.
   */
  begin?: "new" | "resume" | "replace" | undefined;
  onProgress?: ((progress: QuantisationProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** What `compareQuantisations` gives. */
export interface MadeQuantisations {
  quantisations: Quantisations;
  /** Formats whose files, and those whose measurements, were there already. */
  kept: { files: readonly string[]; measures: readonly string[] };
  /** What a person should know, one sentence each. */
  notes: readonly string[];
}

/**
 * Makes a file of every format, then measures each against the source: perplexity, KL divergence, same top token, speeds and memory.
 * After Ctrl-C, a crash or `kill -9` a call with `begin: "resume"` goes on; a half file never counts. One file is in memory at a
 * time, beside the source.
 * @param source path of a .gguf file, best F16, BF16 or F32; of a split model, of its first part.
 * @throws SurprisalError INVALID_ARGUMENT, QUANTIZE_REFUSED, RUN_EXISTS, RUN_MISMATCH (the folder is of another model), RUN_LOCKED,
 *   RUN_DAMAGED, DISK_FULL; as `quantize`, `LlamaModel.load`, `compareModels`, and what the corpus throws. A text that cannot be
 *   scored is refused before anything is made.
 */
export async function compareQuantisations(
  source: string,
  options: CompareQuantisationsOptions,
): Promise<MadeQuantisations> {
  const { folder, signal } = options;
  const types = wantedTypes(options.types);
  const [file, about] = await Promise.all([inspectGguf(source), describeModel(source)]);
  const name = options.name ?? basename(source).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, "");
  const own = about.fileType ?? file.weightType;
  const wanted = types.filter((type) => type !== own);
  if (wanted.length === 0)
    throw invalidArgument(`The model is ${own} already`, "types", "Name other formats.");
  const quantising = { ...options.quantising, allowRequantize: true, allowLarger: true };
  const plans = new Map<string, QuantizePlan>();
  for (const type of wanted) plans.set(type, await planQuantize(source, type, { ...quantising, signal }));
  const text = options.text === undefined ? null : await readText(options.text, signal);
  const report =
    (type: string | null, index = 0) =>
    (stage: QuantisationProgress["stage"], done: number, total: number) =>
      options.onProgress?.({ type, index, count: wanted.length, stage, done, total });

  makeFolder(folder);
  const place = recordFile(folder);
  const release = lockFile(place);
  try {
    const before = await recordBefore(place, options);
    const sha256 = await hashOfFiles(file.parts, (done) => report(null)("check", done, file.fileBytes));
    const settings = JSON.stringify(options.quantising ?? {});
    if (before && (before.source.sha256 !== sha256 || before.settings !== settings))
      throw new SurprisalError({
        code: "RUN_MISMATCH",
        what:
          before.source.sha256 === sha256
            ? "The files in the folder were made with other options"
            : `The folder has files made of ${before.source.name}, whose sha256 is another than that of ${name}`,
        where: folder,
        wayOut: "Name another folder, or begin anew in this one with --force.",
      });
    removeDrafts(folder);
    const work = new Work(
      source,
      place,
      { ...options, quantising },
      {
        schema: QUANTISATIONS_SCHEMA,
        source: {
          name,
          type: own,
          bytes: file.fileBytes,
          sha256,
          bitsPerWeight: about.bitsPerWeight,
          isQuantised: about.tensorTypes.some(({ type }) => !FLOATS.has(type)),
          costs: before?.source.costs ?? null,
        },
        files: [],
        text: null,
        machine: before?.machine ?? { cpu: cpuName(), kernels: null, engine: null, threads: null },
        settings,
      },
    );
    if (text) await work.openSource(text, report(null));
    const kept = await work.keep(before, wanted, report);
    const needed = wanted.reduce((sum, type) => sum + (work.has(type) ? 0 : plans.get(type)!.bytes), 0);
    ensureSpace(folder, needed, "Free some space, name a folder on another disk (-o), or fewer formats.");
    for (const [i, type] of wanted.entries()) {
      if (signal?.aborted) throw abortError("Quantising", signal);
      const at = join(folder, `${name.replace(/[^\w.-]+/g, "_")}-${type}.gguf`);
      if (!work.has(type)) await work.make(type, at, plans.get(type)!, report(type, i));
    }
    await work.inOrder(wanted);
    if (text) for (const [i, type] of wanted.entries()) await work.measure(type, text, report(type, i));
    const notes = types.includes(own) ? [`${own} is the source itself: no file was made of it.`] : [];
    return { quantisations: work.record, kept, notes: [...notes, ...notesOf(work.record)] };
  } finally {
    release();
  }
}

type Report = (stage: QuantisationProgress["stage"], done: number, total: number) => void;

/** The folder under work: every step is on the disk before the next one begins. */
class Work {
  record: Quantisations;
  readonly #source: string;
  readonly #place: string;
  readonly #options: CompareQuantisationsOptions;

  constructor(source: string, place: string, options: CompareQuantisationsOptions, record: Quantisations) {
    this.#source = source;
    this.#place = place;
    this.#options = options;
    this.record = record;
  }

  has(type: string): boolean {
    return this.record.files.some((file) => file.type === type);
  }

  async #write(change: Partial<Quantisations>): Promise<void> {
    this.record = { ...this.record, ...change };
    await writeQuantisations(this.#place, this.record);
  }

  /** The source alone: whether it can score the text, with which kernels, and what it costs. */
  async openSource(text: ComparedText, report: Report): Promise<void> {
    const { load, signal, recipe, context, stride, sinks } = this.#options;
    const before = process.memoryUsage.rss();
    await using model = await LlamaModel.load(this.#source, { prefixCacheBytes: 0, ...load, signal });
    const resolved = await checkText(model, text, { recipe, context, stride, sinks });
    const { name, id } = resolved;
    const engine = String(model.settings.engine);
    const machine = {
      cpu: cpuName(),
      kernels: kernelsOf(model.settings),
      engine,
      threads: model.execution.threads,
    };
    const isSame = JSON.stringify(machine) === JSON.stringify(this.record.machine);
    let { costs } = this.record.source;
    if (costs === null || !isSame) {
      report("speed", 0, 0);
      costs = await measureCosts(model, {
        text: text.beginning,
        bytes: this.record.source.bytes,
        before,
        signal,
      });
    }
    const { documents, bytes, sha256 } = text;
    this.record = {
      ...this.record,
      source: { ...this.record.source, costs },
      text: { name: text.corpus.name, documents, bytes, sha256, recipe: { name, id } },
      machine,
    };
  }

  /** What was finished before, and still is as it was. */
  async keep(
    before: Quantisations | null,
    wanted: readonly string[],
    report: (type: string, index: number) => Report,
  ): Promise<MadeQuantisations["kept"]> {
    const kept: QuantisedFile[] = [];
    const { text, machine } = this.record;
    const isSameText =
      before !== null &&
      before.text?.sha256 === text?.sha256 &&
      before.text?.recipe.id === text?.recipe.id &&
      JSON.stringify(before.machine) === JSON.stringify(machine);
    for (const [i, type] of wanted.entries()) {
      const found = before?.files.find((file) => file.type === type);
      if (!found || !(await isWholeFile(found, (done) => report(type, i)("check", done, found.bytes))))
        continue;
      kept.push(isSameText ? found : { ...found, costs: null, measures: null });
    }
    // Files of other formats stay in the record: they are there.
    const others = (before?.files ?? []).filter(({ type }) => !wanted.includes(type));
    await this.#write({ files: [...kept, ...(isSameText ? others : [])] });
    return {
      files: kept.map(({ type }) => type),
      measures: kept.filter(({ measures }) => measures !== null).map(({ type }) => type),
    };
  }

  async make(type: string, at: string, plan: QuantizePlan, report: Report): Promise<void> {
    const { quantising, signal } = this.#options;
    const { output } = await quantize(this.#source, at, type, {
      ...quantising,
      onProgress: ({ done, total }) => report("make", done, total),
      signal,
    });
    const sha256 = await hashOfFiles([at], (done) => report("check", done, output.bytes));
    const made: QuantisedFile = {
      type,
      file: at,
      bytes: output.bytes,
      sha256,
      bitsPerWeight: plan.bitsPerWeight,
      fallbacks: fallbackCounts(plan),
      notes: plan.notes,
      costs: null,
      measures: null,
    };
    await this.#write({ files: [...this.record.files, made] });
  }

  /** As they were asked for, then what was there of other formats. */
  async inOrder(wanted: readonly string[]): Promise<void> {
    const at = (type: string) => (wanted.indexOf(type) + 1 || wanted.length + 1) - 1;
    await this.#write({ files: this.record.files.toSorted((a, b) => at(a.type) - at(b.type)) });
  }

  async measure(type: string, text: ComparedText, report: Report): Promise<void> {
    const found = this.record.files.find((file) => file.type === type)!;
    if (found.measures !== null) return;
    const { load, signal, recipe, context, stride, sinks, parseSpecial } = this.#options;
    const loading = { prefixCacheBytes: 0, ...load, signal };
    const name = `${this.record.source.name} ${type}`;
    const before = process.memoryUsage.rss();
    await using model = await LlamaModel.load(found.file, loading, { name, sha256: found.sha256 });
    report("speed", 0, 0);
    const costs = await measureCosts(model, { text: text.beginning, bytes: found.bytes, before, signal });
    await using source = await LlamaModel.load(this.#source, loading, { name: this.record.source.name });
    const { comparisons, texts } = await compareModels(source, [model], text.corpus.documents(), {
      ...{ recipe, context, stride, sinks, parseSpecial, mostChanged: 0, signal },
      onProgress: ({ run, total }) => report("compare", run, total),
    });
    if (texts.sha256 !== text.scored && texts.skipped.length === 0)
      throw new SurprisalError({
        code: "CORPUS_CHANGED",
        what: "The text was changed while the files were compared on it",
        where: text.corpus.source,
        wayOut: "Run it again with --resume: the files are kept.",
      });
    const [comparison] = comparisons;
    if (comparison?.per !== "token") return; // a quantisation has its source's tokens
    const measures = measuresOf(comparison.measures);
    const notes = [...new Set([...found.notes, ...comparison.notes])];
    await this.#write({
      files: this.record.files.map((file) => (file === found ? { ...found, costs, measures, notes } : file)),
    });
  }
}

function measuresOf({
  scored,
  perplexity,
  basePerplexity,
  ratio,
  ratioInterval,
  divergence,
  divergencePercentiles,
  sameTop,
  standardErrorMethod,
  blocks,
}: QuantisationMeasures): QuantisationMeasures {
  return {
    ...{ scored, perplexity, basePerplexity, ratio },
    ratioInterval: ratioInterval && { low: ratioInterval.low, high: ratioInterval.high },
    ...{ divergence, divergencePercentiles, sameTop, standardErrorMethod, blocks },
  };
}

/** @throws SurprisalError INVALID_ARGUMENT for what is no format, one twice, and none. */
function wantedTypes(given: readonly string[]): string[] {
  const types = given.map((text) => {
    const type = quantizationType(text);
    if (type === null || type === "COPY")
      throw invalidArgument(
        `"${text}" is no weight format to choose`,
        "types",
        "Name some, such as Q8_0, Q4_0.",
      );
    return type;
  });
  const twice = types.find((type, i) => types.indexOf(type) < i);
  if (twice !== undefined) throw invalidArgument(`${twice} is given twice`, "types");
  return types;
}

/** @throws SurprisalError RUN_EXISTS, RUN_DAMAGED */
async function recordBefore(
  place: string,
  { begin = "new", folder }: CompareQuantisationsOptions,
): Promise<Quantisations | null> {
  if (begin === "replace" || !existsSync(place)) return null;
  if (begin === "resume") return readQuantisations(place);
  throw new SurprisalError({
    code: "RUN_EXISTS",
    what: "The folder holds quantisations already",
    where: folder,
    wayOut: "Go on with them (--resume), replace them (--force), or name another folder (-o).",
  });
}

/** What `quantize` was writing when it was killed; the lock says that nobody does now. */
function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (/\.gguf\.[0-9a-f-]{36}\.partial$/.test(name)) rmSync(join(folder, name), { force: true });
}

const FLOATS: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

const cpuName = (): string => cpus()[0]?.model.trim() || process.arch;

function notesOf({ source, files }: Quantisations): string[] {
  const notes = source.isQuantised
    ? [
        `The source is ${source.type}, quantised already: every file here has lost digits twice, and is compared with ${source.type}. Begin with the F16, BF16 or F32 file where there is one.`,
      ]
    : [];
  return [...notes, ...files.flatMap(({ type, notes }) => notes.map((note) => `${type}: ${note}`))];
}
