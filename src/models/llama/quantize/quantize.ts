/** Making a smaller model file of another one, as llama.cpp's `llama-quantize` does, byte for byte. */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { abortError, invalidArgument, SurprisalError } from "../../../core/index.ts";
import { ensureSpace, isSameFile, writeFailure } from "../../../files/index.ts";
import {
  COPY,
  checkGguf,
  fileType,
  type GgufFile,
  inspectGguf,
  isQuantised,
  nearestQuantizationTypes,
  notFinite,
  quantizationType,
  quantizationTypes,
  tensorTypeId,
  tensorTypeNames,
  tokenizerNotes,
} from "../../gguf/index.ts";
import { LOG_INFO, type LogPiece, LogText } from "../log.ts";
import { MappedFiles } from "../mapping.ts";
import { integer } from "../placement.ts";
import { checkPlan, unfitRows } from "./checks.ts";
import { type ImportanceMatrix, mostImatrixBytes, readImatrix } from "./imatrix.ts";
import type { TensorTypeRule } from "./memory.ts";
import type { QuantizeOrder, Quantizer, QuantizeSettings } from "./native.ts";
import { fallbackNotes, lastUnfit, type QuantizePlan, readPlan } from "./plan.ts";
import { startQuantizer } from "./quantizer.ts";

/** Options of `quantize`: those of `llama-quantize`, and leave for what is mostly a mistake. */
export interface QuantizeOptions {
  /** Threads, at most 1024; 0 = all cores. Default 0. */
  threads?: number | undefined;
  /** Accept a model that is quantised already, whose weights lose twice. Default false. */
  allowRequantize?: boolean | undefined;
  /** Accept a result that is larger than the input, such as F32 of Q8_0. Default false. */
  allowLarger?: boolean | undefined;
  /** File of an importance matrix, made by `llama-imatrix`: GGUF, or the older .dat. Its name is written into the result. */
  imatrix?: string | undefined;
  /** Every tensor in the format's own type, without a mixture. Default false. */
  pure?: boolean | undefined;
  /** Leave output.weight as it is. Default false. */
  leaveOutputTensor?: boolean | undefined;
  /** Type of output.weight, such as "Q8_0". */
  outputTensorType?: string | undefined;
  /** Type of the token embeddings. */
  tokenEmbeddingType?: string | undefined;
  /**
   * Types of tensors by name; the first pattern that fits counts. A pattern is a regular expression in lower case that is
   * searched for in the name: `{ pattern: "ffn_down", type: "Q6_K" }`.
   */
  tensorTypes?: readonly { pattern: string; type: string }[] | undefined;
  /** Make as many files as the input has. Default false: the parts of a split model become one file. */
  keepSplit?: boolean | undefined;
  /** Told what will be made, before anything is written. */
  onPlan?: ((plan: QuantizePlan) => void) | undefined;
  /** Told the bytes of the input's weights that are done, and how many there are, over all parts. */
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  /** Ends the work, and leaves nothing behind. */
  signal?: AbortSignal | undefined;
}

/** What `quantize` has made. */
export interface QuantizeReport extends QuantizePlan {
  /** Files of the input, in order, and their size together, bytes. */
  input: { files: readonly string[]; bytes: number };
  output: { files: readonly string[]; bytes: number };
}

/**
 * Says what `quantize` would make, without writing anything: the type and size of every tensor, and what would not be as
 * the format's name says. llama.cpp is asked in a process of its own, as by `quantize`.
 * @throws SurprisalError INVALID_ARGUMENT, GGUF_*, FILE_*, QUANTIZE_REFUSED, MODEL_CHANGED, ENGINE_*, ABORTED.
 */
export async function planQuantize(
  input: string,
  type: string,
  options: QuantizeOptions = {},
): Promise<QuantizePlan> {
  const { plan, quantizer } = await prepare(input, type, options);
  quantizer.end();
  return plan;
}

/** The files that `quantize` writes. @param parts of the input. */
export function quantizedFiles(output: string, parts: number, { keepSplit }: QuantizeOptions = {}): string[] {
  if (!keepSplit || parts === 1) return [output];
  return partNames(output.replace(/(-\d{5}-of-\d{5})?(\.gguf)?$/i, ""), parts);
}

const partNames = (stem: string, count: number): string[] =>
  Array.from(
    { length: count },
    (_, i) => `${stem}-${String(i + 1).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`,
  );

/**
 * Writes `input`, with its weights in format `type`, to `output`. The file appears only when it is complete; until then
 * its bytes are in `<output>.<uuid>.partial`. A file that is there is replaced, unless it is the input or a part of it.
 *
 * llama.cpp maps the input and asserts much of it, which ends a process: that is a child, and this process gets an error.
 * Where no child can be started, in a bundle and from the sources, it is this process.
 * @throws SurprisalError INVALID_ARGUMENT, GGUF_*, FILE_*, DISK_FULL, ABORTED; QUANTIZE_REFUSED: what can be known beforehand
 *   and was not asked for; MODEL_CHANGED: the input became shorter meanwhile; ENGINE_*, with llama.cpp's last words where it
 *   ended its process. Also what `onPlan` and `onProgress` throw.
 */
export async function quantize(
  input: string,
  output: string,
  type: string,
  options: QuantizeOptions = {},
): Promise<QuantizeReport> {
  const { file, plan, quantizer, mapped } = await prepare(input, type, options, output);
  const files = quantizedFiles(output, file.parts.length, options);
  const temporary = `${output}.${randomUUID()}.partial`;
  const drafts = files.length === 1 ? [temporary] : partNames(temporary, files.length);
  const progress = new Progress(plan, options.onProgress);
  try {
    options.onPlan?.(plan);
    ensureSpace(dirname(resolve(output)), plan.bytes, "Free some space, or name a file on another disk.");
    await writing(output, async () => {
      for (const each of files) await assertNoFolder(each);
      for (const draft of drafts) await (await open(draft, "wx")).close();
    });
    const work = { file, type: plan.type, output: resolve(temporary) };
    await run(quantizer, mapped, work, (text) => progress.read(text));
    if (options.signal?.aborted) throw abortError("Quantising", options.signal);
    progress.end();
    const bytes = await writing(output, async () => {
      for (const [i, draft] of drafts.entries()) await rename(draft, files[i]!);
      const sizes = await Promise.all(files.map(async (each) => (await stat(each)).size));
      return sizes.reduce((sum, size) => sum + size, 0);
    });
    return {
      ...plan,
      input: { files: file.parts, bytes: file.fileBytes },
      output: { files, bytes },
    };
  } finally {
    quantizer.end();
    for (const draft of drafts) await rm(draft, { force: true }).catch(() => {}); // why it could not be written is what counts
  }
}

async function writing<Result>(output: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw writeFailure(error, output);
  }
}

interface Prepared {
  file: GgufFile;
  plan: QuantizePlan;
  /** To be ended by the caller. */
  quantizer: Quantizer;
  mapped: MappedFiles;
}

function didYouMean(typeText: string): string {
  const near = nearestQuantizationTypes(typeText);
  return near.length > 0 ? `; did you mean ${near.join(" or ")}?` : "";
}

/** Everything that can go wrong before the work. @param output what must not be the input. */
async function prepare(
  input: string,
  typeText: string,
  options: QuantizeOptions,
  output?: string,
): Promise<Prepared> {
  const type = quantizationType(typeText);
  if (type === null)
    throw invalidArgument(
      `"${typeText}" is not a weight format that can be made${didYouMean(typeText)}`,
      undefined,
      `Use one of ${quantizationTypes.join(", ")}.`,
    );
  integer("threads", options.threads ?? 0, 0, 1024);
  const rules = rulesOf(options);
  const file = await inspectGguf(input);
  checkGguf(file, { kind: "either" });
  if (output !== undefined) refuseInput(file, quantizedFiles(output, file.parts.length, options));
  const mapped = new MappedFiles(file.parts, "Quantise it again when the file is whole.");
  const settings = settingsOf(type, file, options);
  const { imatrix: matrixFile, allowRequantize = false, allowLarger = false } = options;
  const mostBytes = mostImatrixBytes(file);
  const imatrix = matrixFile === undefined ? null : await readImatrix(matrixFile, mostBytes);
  const order: QuantizeOrder = {
    input: resolve(input),
    settings,
    rules,
    imatrix: imatrix && { path: resolve(imatrix.file), file: imatrix.file, mostBytes },
  };
  const quantizer = await startQuantizer(order, imatrix, options.signal);
  try {
    const planned = await dryRun(quantizer, mapped, file, type);
    const notes = [...notesOf(planned, type, rules, imatrix), ...tokenizerNotes(file)];
    const plan = { ...planned, notes };
    checkPlan(plan, { input, allowRequantize, allowLarger, imatrix });
    return { file, plan, quantizer, mapped };
  } catch (error) {
    quantizer.end();
    throw error;
  }
}

function settingsOf(type: string, { parts }: GgufFile, options: QuantizeOptions): QuantizeSettings {
  const { outputTensorType, tokenEmbeddingType } = options;
  return {
    nthread: options.threads ?? 0,
    ftype: fileType(type).id,
    allow_requantize: options.allowRequantize ?? false,
    quantize_output_tensor: !options.leaveOutputTensor,
    only_copy: type === COPY,
    pure: options.pure ?? false,
    keep_split: (options.keepSplit ?? false) && parts.length > 1,
    ...(outputTensorType !== undefined && { output_tensor_type: typeOf(outputTensorType) }),
    ...(tokenEmbeddingType !== undefined && { token_embedding_type: typeOf(tokenEmbeddingType) }),
  };
}

/** What the person calls the output may be the input by a link, by another spelling, or as one of its parts. */
function refuseInput({ parts }: GgufFile, outputs: readonly string[]): void {
  for (const output of outputs)
    for (const part of parts)
      if (isSameFile(part, output))
        throw invalidArgument(
          parts.length === 1
            ? "The output is the input, whose weights would be lost"
            : "The output is a part of the input, whose weights would be lost",
          output,
          "Name another file.",
        );
}

function typeOf(text: string): number {
  const type = tensorTypeId(text);
  if (type) return type.id;
  throw invalidArgument(
    `"${text}" is not a type that a tensor can be given`,
    undefined,
    `Use one of ${tensorTypeNames.join(", ")}.`,
  );
}

function rulesOf({ tensorTypes = [] }: QuantizeOptions): TensorTypeRule[] {
  return tensorTypes.map(({ pattern, type }) => {
    const written = pattern.toLowerCase();
    if (written === "" || !isPattern(written))
      throw invalidArgument(
        `"${pattern}" is not a regular expression`,
        "tensorTypes",
        "Use those of C++ (ECMAScript 3): without named groups, look-behind and \\p{...}.",
      );
    return { pattern: written, type: typeOf(type) };
  });
}

/** llama.cpp reads patterns with std::regex, whose ECMAScript is older than ours. */
const UNKNOWN_TO_CPP = /\(\?<|\\[pk][{<]/;

function isPattern(text: string): boolean {
  if (UNKNOWN_TO_CPP.test(text)) return false;
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

async function dryRun(
  quantizer: Quantizer,
  mapped: MappedFiles,
  file: GgufFile,
  type: string,
): Promise<Omit<QuantizePlan, "notes">> {
  const log = await run(quantizer, mapped, { file, type, output: null });
  const plan = readPlan(log.text(LOG_INFO), file, type);
  if (plan) return plan;
  throw new SurprisalError({
    code: "ENGINE_FAILED",
    what: "llama.cpp did not say what it would make of this model",
    where: file.path,
    wayOut: "Use the packaged llama.cpp: unset SURPRISAL_LLAMA_LIB.",
  });
}

interface Work {
  file: GgufFile;
  type: string;
  /** Absolute; `null`: a dry run. */
  output: string | null;
}

/** @returns what llama.cpp said. @throws SurprisalError MODEL_CHANGED, before anything that follows from it */
async function run(
  quantizer: Quantizer,
  mapped: MappedFiles,
  { file, type, output }: Work,
  onText: (text: string) => void = () => {},
): Promise<LogText> {
  const log = new LogText();
  const onPiece = (piece: LogPiece) => {
    log.add(piece);
    onText(piece.text);
  };
  // What is cut within its last page reads as zeros, and ends nothing.
  const status = await quantizer.run(output, onPiece).finally(() => mapped.assertWhole());
  if (status !== 0) throw failed(file.path, type, log);
  return log;
}

function failed(input: string, type: string, log: LogText): Error {
  const said = log.errors.replace(/^\w+: failed to quantize: /, "");
  const spoilt = /tensor '(.+?)' has invalid data/.exec(said)?.[1];
  if (spoilt !== undefined) return notFinite(input, spoilt);
  const unfit = said.includes("no tensor type fallback") ? lastUnfit(log.text(LOG_INFO)) : null;
  if (unfit) return unfitRows(input, unfit);
  return new SurprisalError({
    code: "ENGINE_FAILED",
    what: `llama.cpp could not write ${type} from this model${said ? `: ${said}` : ""}`,
    where: input,
    wayOut: /validation failed|wrong|missing/.test(said)
      ? "The file may be damaged (compare its sha256 with its source's), or its weights too large for the format: BF16 and F32 hold any."
      : "Check the free space and that the folder can be written to, or choose another format.",
  });
}

function notesOf(
  plan: Omit<QuantizePlan, "notes">,
  type: string,
  rules: readonly TensorTypeRule[],
  imatrix: ImportanceMatrix | null,
): string[] {
  const notes = fallbackNotes(plan);
  const takesRules = type !== COPY && isQuantised(fileType(type).tensorType);
  for (const { pattern } of rules) {
    const named = plan.tensors.filter(({ name }) => new RegExp(pattern).test(name));
    if (!takesRules) notes.push(`The type for "${pattern}" has no effect: ${type} is no quantised format.`);
    else if (named.length === 0) notes.push(`No tensor has a name that fits "${pattern}".`);
    else if (named.every(({ shape }) => shape.length === 1))
      notes.push(`The type for "${pattern}" has no effect: it fits vectors only, which stay as they are.`);
  }
  if (!imatrix) return notes;
  const quantised = plan.tensors.filter(({ from, to }) => from !== to && isQuantised(to));
  const without = quantised.filter(({ name }) => !imatrix.entries.has(name));
  if (without.length > 0)
    notes.push(
      `The importance matrix has no entry for ${without.length} of ${quantised.length} tensors (${without[0]!.name}${without.length > 1 ? ", ..." : ""}).`,
    );
  return notes;
}

/** Counts from the log, which says of each tensor that it is its turn. */
class Progress {
  readonly #plan: QuantizePlan;
  readonly #onProgress: QuantizeOptions["onProgress"];
  /** Bytes of the tensors before each one, in the order of the work. */
  readonly #before: number[] = [0];

  constructor(plan: QuantizePlan, onProgress: QuantizeOptions["onProgress"]) {
    this.#plan = plan;
    this.#onProgress = onProgress;
    for (const { bytesBefore } of plan.tensors) this.#before.push(this.#before.at(-1)! + bytesBefore);
  }

  read(text: string): void {
    const number = /^\[ *(\d+)\/ *\d+\]/.exec(text)?.[1];
    const done = number === undefined ? undefined : this.#before[Number(number) - 1];
    if (done !== undefined) this.#onProgress?.({ done, total: this.#plan.bytesBefore });
  }

  end(): void {
    const { bytesBefore: total } = this.#plan;
    this.#onProgress?.({ done: total, total });
  }
}

/** Before the work, not after it. */
async function assertNoFolder(path: string): Promise<void> {
  if ((await stat(path).catch(() => null))?.isDirectory()) throw new Error("it is a folder");
}
