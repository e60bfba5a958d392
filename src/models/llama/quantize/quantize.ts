/** Making a smaller model file of another one, as llama.cpp's `llama-quantize` does, byte for byte. */
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { invalidArgument, SurprisalError } from "../../../core/index.ts";
import { ensureSpace, isSameFile, writeFailure } from "../../../files/index.ts";
import {
  COPY,
  checkGguf,
  fileType,
  type GgufFile,
  inspectGguf,
  isQuantised,
  notFinite,
  quantizationType,
  quantizationTypes,
  tensorTypeId,
  tensorTypeNames,
  tokenizerNotes,
} from "../../gguf/index.ts";
import type { QuantizeParams } from "../layout.ts";
import { type LlamaLibrary, loadLlamaLibrary } from "../library.ts";
import { LlamaLog, LOG_INFO } from "../log.ts";
import { MappedFiles } from "../mapping.ts";
import { call } from "../native-call.ts";
import { integer } from "../placement.ts";
import { checkPlan, unfitRows } from "./checks.ts";
import { type ImportanceMatrix, readImatrix } from "./imatrix.ts";
import { QuantizeMemory, type TensorTypeRule } from "./memory.ts";
import { fallbackNotes, lastUnfit, type QuantizePlan, readPlan } from "./plan.ts";

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
}

/** What `quantize` has made. */
export interface QuantizeReport extends QuantizePlan {
  /** Files of the input, in order, and their size together, bytes. */
  input: { files: readonly string[]; bytes: number };
  output: { files: readonly string[]; bytes: number };
}

/**
 * Says what `quantize` would make, without writing anything: the type and size of every tensor, and what would not be as
 * the format's name says.
 * @throws SurprisalError INVALID_ARGUMENT, GGUF_*, FILE_NOT_FOUND, QUANTIZE_REFUSED, ENGINE_FAILED.
 */
export async function planQuantize(
  input: string,
  type: string,
  options: QuantizeOptions = {},
): Promise<QuantizePlan> {
  return (await prepare(input, type, options)).plan;
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
 * @throws SurprisalError INVALID_ARGUMENT, GGUF_*, FILE_NOT_FOUND, FILE_UNWRITABLE, DISK_FULL, ENGINE_FAILED;
 *   QUANTIZE_REFUSED: what can be known beforehand and was not asked for.
 */
export async function quantize(
  input: string,
  output: string,
  type: string,
  options: QuantizeOptions = {},
): Promise<QuantizeReport> {
  const prepared = await prepare(input, type, options, output);
  const { file, plan, library, params, memory } = prepared;
  const files = quantizedFiles(output, file.parts.length, options);
  options.onPlan?.(plan);
  ensureSpace(dirname(resolve(output)), plan.bytes, "Free some space, or name a file on another disk.");
  const temporary = `${output}.${randomUUID()}.partial`;
  const drafts = files.length === 1 ? [temporary] : partNames(temporary, files.length);
  const progress = new Progress(plan, options.onProgress);
  const mapped = new MappedFiles(file.parts); // llama_model_quantize maps them, whatever it is told
  const log = new LlamaLog(library.functions, LOG_INFO, (text) => progress.read(text));
  try {
    for (const each of files) await assertNoFolder(each);
    for (const draft of drafts) await (await open(draft, "wx")).close();
    const status = await call<number>((done) =>
      library.functions.llama_model_quantize.async(input, temporary, params, done),
    );
    mapped.assertWhole(); // what is cut within its last page reads as zeros
    if (status !== 0) throw failed(input, plan.type, log);
    progress.end();
    for (const [i, draft] of drafts.entries()) await rename(draft, files[i]!);
    let bytes = 0;
    for (const each of files) bytes += (await stat(each)).size;
    return {
      ...plan,
      input: { files: file.parts, bytes: file.fileBytes },
      output: { files, bytes },
    };
  } catch (error) {
    throw writeFailure(error, output);
  } finally {
    log.dispose();
    memory.release();
    for (const draft of drafts) await rm(draft, { force: true }).catch(() => {}); // why it could not be written is what counts
  }
}

interface Prepared {
  file: GgufFile;
  plan: QuantizePlan;
  library: LlamaLibrary;
  params: QuantizeParams;
  /** What `params` points to. */
  memory: QuantizeMemory;
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
      `"${typeText}" is not a weight format that can be made`,
      undefined,
      `Use one of ${quantizationTypes.join(", ")}.`,
    );
  integer("threads", options.threads ?? 0, 0, 1024);
  const rules = rulesOf(options);
  const file = await inspectGguf(input);
  checkGguf(file);
  if (output !== undefined) refuseInput(file, quantizedFiles(output, file.parts.length, options));
  const imatrix = options.imatrix === undefined ? null : await readImatrix(options.imatrix);
  const library = loadLlamaLibrary();
  const memory = new QuantizeMemory(imatrix, rules);
  const params: QuantizeParams = {
    ...library.functions.llama_model_quantize_default_params(),
    nthread: options.threads ?? 0,
    ftype: fileType(type).id,
    allow_requantize: options.allowRequantize ?? false,
    quantize_output_tensor: !options.leaveOutputTensor,
    only_copy: type === COPY,
    pure: options.pure ?? false,
    keep_split: (options.keepSplit ?? false) && file.parts.length > 1,
    ...(options.outputTensorType !== undefined && { output_tensor_type: typeOf(options.outputTensorType) }),
    ...(options.tokenEmbeddingType !== undefined && {
      token_embedding_type: typeOf(options.tokenEmbeddingType),
    }),
    imatrix: memory.imatrix,
    kv_overrides: memory.overrides,
    tt_overrides: memory.tensorTypes,
  };
  const planned = await dryRun(library, file, type, params);
  const notes = [...notesOf(planned, type, rules, imatrix), ...tokenizerNotes(file)];
  const plan = { ...planned, notes };
  const { allowRequantize = false, allowLarger = false } = options;
  checkPlan(plan, { input, allowRequantize, allowLarger, imatrix });
  return { file, plan, library, params, memory };
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
  { functions }: LlamaLibrary,
  file: GgufFile,
  type: string,
  params: QuantizeParams,
): Promise<Omit<QuantizePlan, "notes">> {
  const log = new LlamaLog(functions, LOG_INFO);
  try {
    const status = await call<number>((done) =>
      functions.llama_model_quantize.async(file.path, "", { ...params, dry_run: true }, done),
    );
    if (status !== 0) throw failed(file.path, type, log);
    const plan = readPlan(log.text(LOG_INFO), file, type);
    if (plan) return plan;
  } finally {
    log.dispose();
  }
  throw new SurprisalError({
    code: "ENGINE_FAILED",
    what: "llama.cpp did not say what it would make of this model",
    where: file.path,
    wayOut: "Use the packaged llama.cpp: unset SURPRISAL_LLAMA_LIB.",
  });
}

function failed(input: string, type: string, log: LlamaLog): Error {
  const said = log.errors.replace(/^\w+: failed to quantize: /, "");
  const spoilt = /tensor '(.+?)' has invalid data/.exec(said)?.[1];
  if (spoilt !== undefined) return notFinite(input, spoilt);
  const unfit = said.includes("no tensor type fallback") ? lastUnfit(log.text(LOG_INFO)) : null;
  if (unfit) return unfitRows(input, unfit);
  return new SurprisalError({
    code: "ENGINE_FAILED",
    what: `llama.cpp could not write ${type} from this model${said ? `: ${said}` : ""}`,
    where: input,
    wayOut: "Check the free space and that the folder can be written to, or choose another format.",
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
