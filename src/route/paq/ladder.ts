/** Making a ladder: the levels' files, each with what it costs and is worth on this machine. It goes on where it was ended. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { basename, join } from "node:path";
import { abortError, SurprisalError } from "../../core/index.ts";
import { hashOfFiles } from "../../evaluate/quantisations/index.ts";
import { lockFile, makeFolder } from "../../files/index.ts";
import {
  describeModel,
  inspectGguf,
  kernelsOf,
  type LlamaLoadOptions,
  LlamaModel,
  loadLlamaLibrary,
  type ModelDescription,
  planQuantize,
  type QuantizePlan,
} from "../../models/index.ts";
import { LADDER_SCHEMA, type PaqLadder, type PaqLevel, type PaqMachine } from "../levels.ts";
import { ladderFile, readLadder, unfinishedLadderFile, writeLadder } from "./ladder-file.ts";
import { type WantedLevel, wantedLevels } from "./level-types.ts";
import { formatOf, isWhole, makeLevel, QUANTIZING } from "./make-level.ts";
import { cacheBytesPerToken, type LadderText, measureLevel, textFacts } from "./measure-level.ts";

/** What is being done. */
export interface LadderProgress {
  /** "4-bit"; `null`: the source is read. */
  level: string | null;
  /** "make" and "check": bytes; "measure": tokens of the text. */
  stage: "make" | "check" | "measure";
  done: number;
  total: number;
}

/** Options of `makeLadder`. */
export interface MakeLadderOptions {
  /** Where the levels and ladder.json are kept; made where it is missing. */
  folder: string;
  /** Name of the model, for people. Default: the file's name. */
  name?: string | undefined;
  /**
   * Weight formats, one for each number of bits. Default: Q2_0, Q4_K_M (Q4_0 where rows are no multiple of 256), Q8_0, F16 (BF16
   * of a BF16 file); the file's own format takes the place of the one with as many bits.
   */
  types?: readonly string[] | undefined;
  /** Text that the perplexity of every level is measured on. Default: none, and no perplexities. */
  text?: LadderText | undefined;
  /** How levels are loaded to be measured. */
  load?: Omit<LlamaLoadOptions, "onLoad" | "signal"> | undefined;
  /** Measure again what is measured already. Default false. */
  again?: boolean | undefined;
  onProgress?: ((progress: LadderProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** A ladder, and what of it was there already. */
export interface MadeLadder {
  ladder: PaqLadder;
  /** Names of levels whose files were there, and whole: they were not made again. */
  kept: readonly string[];
  /** What a person should know of it: rows that do not fit, a source that is quantised. */
  notes: readonly string[];
}

interface Planned {
  level: WantedLevel;
  plan: QuantizePlan;
}

/**
 * Makes the levels of a model, by `quantize`, and measures each. What was made before of the same source stays, if its sha256 is
 * still that of the ladder: after Ctrl-C, a crash or `kill -9` the same call goes on.
 * @param source path of a .gguf file, best F16, BF16 or F32; of a split model, of its first part. Of a quantised one the highest
 *   level is that file dequantised, and `ladder.source.note` says so.
 * @throws SurprisalError INVALID_ARGUMENT, QUANTIZE_REFUSED (rows that a format cannot have), RUN_MISMATCH (the folder has a ladder
 *   of another model), RUN_LOCKED; as `quantize`, `LlamaModel.load` and `scoreText`.
 */
export async function makeLadder(source: string, options: MakeLadderOptions): Promise<MadeLadder> {
  const { folder, signal, onProgress } = options;
  if (options.text?.text.trim() === "")
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The text is empty, and has no perplexity",
      where: options.text.name,
      wayOut: "Give one of some hundred words at least, or none.",
    });
  const [file, about] = await Promise.all([inspectGguf(source), describeModel(source)]);
  const own = about.fileType ?? file.weightType;
  const name = options.name ?? basename(source).replace(/(-\d{5}-of-\d{5})?\.gguf$/i, "");
  const planned: Planned[] = [];
  for (const level of wantedLevels(file, own, options.types))
    planned.push({ level, plan: await planQuantize(source, formatOf(level), QUANTIZING) });
  makeFolder(folder);
  const release = lockFile(ladderFile(folder));
  try {
    const report = (level: string | null) => (stage: LadderProgress["stage"], done: number, total: number) =>
      onProgress?.({ level, stage, done, total });
    const sha256 = await hashOfFiles(file.parts, (done) => report(null)("check", done, file.fileBytes));
    const before = await ladderBefore(folder, name, sha256);
    removeDrafts(folder);
    let ladder: PaqLadder = {
      schema: LADDER_SCHEMA,
      source: { name, type: own, sha256, ...quantisedFacts(about, own, planned.at(-1)!.level) },
      levels: [],
      text: options.text ? textFacts(options.text) : (before?.text ?? null),
      machine: machineOf(before),
    };
    const kept: string[] = [];
    for (const { level, plan } of planned) {
      if (signal?.aborted) throw abortError("Making a ladder", signal);
      const known = before?.levels.find(({ bits, type }) => bits === level.bits && type === level.type);
      const tell = report(`${level.bits}-bit`);
      const isThere = known && (await isWhole(known, (done) => tell("check", done, known.bytes)));
      if (isThere) kept.push(known.name);
      const place = join(folder, `${name.replace(/[^\w.-]+/g, "_")}-${level.type}.gguf`);
      const made = isThere
        ? known
        : await makeLevel(source, place, { name, level, plan, onProgress: tell, signal });
      const sizes = { cacheBytesPerToken: cacheBytesPerToken(file, about, options.load?.cacheType) };
      const isMeasured = isThere && !options.again && areSame(before, ladder, options);
      const measured = isMeasured && hasFigures(made, options) ? null : await measure(made, options, tell);
      ladder = {
        ...ladder,
        machine: { ...ladder.machine, ...measured?.machine },
        levels: [...ladder.levels, { ...made, ...sizes, ...measured?.figures }],
      };
      await writeLadder(unfinishedLadderFile(folder), ladder);
    }
    await writeLadder(ladderFile(folder), ladder);
    rmSync(unfinishedLadderFile(folder), { force: true });
    return { ladder, kept, notes: notesOf(ladder, planned) };
  } finally {
    release();
  }
}

type Report = (stage: LadderProgress["stage"], done: number, total: number) => void;

/** Loads a level alone, and measures it. */
async function measure(
  level: PaqLevel,
  { load, text, signal }: MakeLadderOptions,
  report: Report,
): Promise<{ figures: Partial<PaqLevel>; machine: Partial<PaqMachine> }> {
  await loadLlamaLibrary();
  const before = process.memoryUsage.rss();
  await using model = await LlamaModel.load(
    level.file,
    { prefixCacheBytes: 0, ...load, signal },
    { name: level.identity.model?.name ?? level.name, sha256: level.identity.model?.sha256 ?? null },
  );
  const figures = await measureLevel(model, {
    ...{ text, before, bytes: level.bytes, signal },
    onProgress: (done, total) => report("measure", done, total),
  });
  const { settings, execution } = model;
  const kernels = kernelsOf(settings);
  return {
    figures: { ...figures, identity: { ...level.identity, kernels } },
    machine: { kernels, engine: String(settings.engine), threads: execution.threads },
  };
}

/** What is there of the same source; the unfinished one where there is one, since it is newer. */
async function ladderBefore(folder: string, name: string, sha256: string): Promise<PaqLadder | null> {
  const file = [unfinishedLadderFile(folder), ladderFile(folder)].find((each) => existsSync(each));
  if (file === undefined) return null;
  const ladder = await readLadder(file);
  if (ladder.source.sha256 === sha256) return ladder;
  throw new SurprisalError({
    code: "RUN_MISMATCH",
    what: `The folder has a ladder of ${ladder.source.name}, whose sha256 is another than that of ${name}`,
    where: file,
    wayOut: "Name another folder, or remove this one.",
  });
}

/** What `quantize` was writing when it was killed; the lock says that nobody does now. */
function removeDrafts(folder: string): void {
  for (const name of readdirSync(folder))
    if (/\.gguf\.[0-9a-f-]{36}\.partial$/.test(name)) rmSync(join(folder, name), { force: true });
}

/** Whether figures of before are those of this text, machine and number of threads. */
function areSame(before: PaqLadder | null, now: PaqLadder, { load }: MakeLadderOptions): boolean {
  const { threads } = load ?? {};
  return (
    before !== null &&
    before.text?.sha256 === now.text?.sha256 &&
    before.machine.cpu === cpuName() &&
    (threads === undefined || threads === before.machine.threads)
  );
}

const hasFigures = (level: PaqLevel, { text }: MakeLadderOptions): boolean =>
  level.generationTokensPerSecond !== null && (text === undefined || level.perplexity !== null);

const cpuName = (): string => cpus()[0]?.model.trim() || process.arch;

function machineOf(before: PaqLadder | null): PaqMachine {
  const { kernels = null, engine = null, threads = null } = before?.machine ?? {};
  const date = new Date().toISOString();
  return { cpu: cpuName(), kernels, engine, threads, memoryBytes: totalmem(), date };
}

const FLOATS: ReadonlySet<string> = new Set(["F64", "F32", "F16", "BF16"]);

function quantisedFacts(
  { tensorTypes }: ModelDescription,
  own: string,
  highest: WantedLevel,
): Pick<PaqLadder["source"], "isQuantised" | "note"> {
  const isQuantised = tensorTypes.some(({ type }) => !FLOATS.has(type));
  if (!isQuantised) return { isQuantised, note: null };
  const note = highest.asItIs
    ? `All levels are made of ${own} weights, which have lost digits already.`
    : `The ${highest.bits}-bit level is ${own}, dequantised: it is no better than that file.`;
  return { isQuantised, note };
}

function notesOf({ source }: PaqLadder, planned: readonly Planned[]): string[] {
  const ofLevels = planned.flatMap(({ level, plan }) =>
    plan.notes.map((note) => `${level.bits}-bit (${level.type}): ${note}`),
  );
  return [...(source.note === null ? [] : [source.note]), ...ofLevels];
}
