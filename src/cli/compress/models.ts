/** Models of the codec: the one that packs, and the one that a packed file asks for. */
import {
  type ModelCoder,
  type ModelCoderOptions,
  modelCoder,
  type PackedModel,
} from "../../compress/index.ts";
import { SurprisalError } from "../../core/index.ts";
import {
  type CacheType,
  DEFAULT_MODEL,
  type LlamaLoadOptions,
  LlamaModel,
  listModels,
  locate,
  type ModelInfo,
  resolve,
} from "../../models/index.ts";
import { formatBytes } from "../../text/index.ts";
import { reportModel } from "../model-progress.ts";

/** The build of the CPU code that packs: every x86 CPU since 2013 runs it. */
const PORTABLE_BUILD = "haswell";

/** A coder, for as long as its model is open. */
export interface OpenCoder extends AsyncDisposable {
  coder: ModelCoder;
  /** Of the model's file; `null`: not known. */
  modelBytes: number | null;
}

interface PackingValues extends ModelCoderOptions {
  model: string | undefined;
  threads: number | undefined;
  acceptTerms: boolean;
  quiet: boolean;
}

/** Codes of a machine on which no file can be packed with a model. */
const NO_ENGINE: readonly string[] = ["KERNELS_UNAVAILABLE", "ENGINE_UNAVAILABLE", "UNSUPPORTED_CAPABILITY"];

/**
 * The model that packs.
 * @returns a note instead of a coder where no model was named and this machine cannot run the portable build: then bytes mode packs.
 */
export async function openPackingCoder(given: PackingValues): Promise<OpenCoder | { note: string }> {
  const { model, threads, sequences, context, keep } = given;
  try {
    return await open(
      model ?? DEFAULT_MODEL,
      { threads, device: "cpu", cpuBuild: PORTABLE_BUILD },
      { sequences, context, keep },
      given,
    );
  } catch (error) {
    if (!SurprisalError.isInstance(error) || !NO_ENGINE.includes(error.code)) throw error;
    if (model === undefined)
      return { note: `Packed without a model, as with --bytes: ${error.what.replace(/\.$/, "")}.` };
    const { code, what, where, wayOut } = error;
    throw new SurprisalError({
      code,
      what,
      where,
      wayOut: `${wayOut ?? ""} Or pack without a model: --bytes.`.trim(),
      cause: error,
    });
  }
}

async function open(
  reference: string,
  load: LlamaLoadOptions,
  coding: ModelCoderOptions,
  about: { quiet: boolean; acceptTerms: boolean },
): Promise<OpenCoder> {
  const reporter = reportModel(about);
  const model = await resolve(reference, { ...load, ...reporter.options }).finally(reporter.end);
  const dispose = () => model[Symbol.asyncDispose]?.() ?? Promise.resolve();
  try {
    if (!(model instanceof LlamaModel))
      throw new SurprisalError({
        code: "UNSUPPORTED_CAPABILITY",
        what: "The codec needs every probability of every token, bit for bit, which no server gives",
        where: reference,
        wayOut: "Name a model that runs in this process: `surprisal models list`, or a .gguf file.",
      });
    return {
      coder: await modelCoder(model, coding),
      modelBytes: model.identity.bytes,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Models that packed files ask for, each opened once. */
export class UnpackingModels implements AsyncDisposable {
  readonly #given: { model: string | undefined; acceptTerms: boolean; quiet: boolean };
  #open: { key: string; coder: OpenCoder } | null = null;

  constructor(given: { model: string | undefined; acceptTerms: boolean; quiet: boolean }) {
    this.#given = given;
  }

  /**
   * The model that a file was packed with, loaded as it was then.
   * @throws SurprisalError ENVIRONMENT_DIFFERS, MODEL_UNAVAILABLE, PACKED_UNSUPPORTED, and what loading throws
   */
  async coderFor(packed: PackedModel): Promise<ModelCoder> {
    const key = JSON.stringify(packed);
    if (this.#open?.key === key) return this.#open.coder.coder;
    await this[Symbol.asyncDispose]();
    const reference = await this.#referenceOf(packed);
    const coder = await open(
      reference,
      loadedAs(packed),
      { context: packed.context, keep: packed.keep },
      this.#given,
    ).catch((error: unknown) => {
      throw isOtherMachine(error) ? otherMachine(packed, error) : error;
    });
    this.#open = { key, coder };
    return coder.coder;
  }

  /** What is tried where a file's header, and with it its model's name, is damaged. */
  get unnamed(): string {
    return this.#given.model ?? DEFAULT_MODEL;
  }

  /**
   * That model, loaded as files are packed by default. What it unpacks is right where a chunk's checksum says so.
   * @throws SurprisalError what loading throws
   */
  async coderForUnnamed(): Promise<ModelCoder> {
    const key = "unnamed";
    if (this.#open?.key === key) return this.#open.coder.coder;
    await this[Symbol.asyncDispose]();
    const coder = await open(this.unnamed, { device: "cpu", cpuBuild: PORTABLE_BUILD }, {}, this.#given);
    this.#open = { key, coder };
    return coder.coder;
  }

  async #referenceOf(packed: PackedModel): Promise<string> {
    const { model } = this.#given;
    if (model !== undefined) {
      const reporter = reportModel(this.#given);
      const { sha256, name } = await locate(model, reporter.options).finally(reporter.end);
      if (sha256 === packed.sha256) return model;
      throw new SurprisalError({
        code: "ENVIRONMENT_DIFFERS",
        what: `The file was packed with another model: ${packed.name}, sha256 ${packed.sha256}; this is ${name}, ${sha256}`,
        wayOut: "Give the model it was packed with, or leave out --model where that is on this machine.",
      });
    }
    const known = knownModel(packed.sha256);
    if (known) return known.reference;
    throw new SurprisalError({
      code: "MODEL_UNAVAILABLE",
      what: `The file was packed with the model ${packed.name}, sha256 ${packed.sha256}, which is not on this machine`,
      wayOut: "Give that model's file: --model PATH.",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.coder[Symbol.asyncDispose]();
  }
}

/** The model with this checksum: shipped, in the cache, or one that can be fetched by its name. */
function knownModel(sha256: string): ModelInfo | null {
  return listModels().find((model) => model.sha256 === sha256) ?? null;
}

/** Where a file's model is, for people. */
export function whereabouts(sha256: string): string {
  const known = knownModel(sha256);
  if (known === null) return "not on this machine: decompress needs --model PATH";
  if (known.availability === "shipped") return "comes with surprisal";
  return known.availability === "absent"
    ? `not on this machine: decompress fetches ${known.reference} (${formatBytes(known.bytes)})`
    : "on this machine";
}

const CACHE_TYPES: readonly string[] = [
  "f32",
  "f16",
  "bf16",
  "q8_0",
  "q4_0",
  "q4_1",
  "q5_0",
  "q5_1",
  "iq4_nl",
] satisfies CacheType[];
const FLASH_ATTENTION: readonly string[] = ["auto", "on", "off"];
const MOST_BATCH = 4096;

const isCacheType = (text: string): text is CacheType => CACHE_TYPES.includes(text);
const isFlashAttention = (text: string): text is "auto" | "on" | "off" => FLASH_ATTENTION.includes(text);

/** How a file's model is loaded: as it was when it packed, whatever today's defaults are. */
function loadedAs(packed: PackedModel): LlamaLoadOptions {
  const { cacheType, flashAttention, threads, batchSize, arithmetic } = packed;
  const [, cpuBuild] = /^kernels .+ on cpu \(([^)]+)\)/.exec(arithmetic) ?? [];
  const isKnown = isCacheType(cacheType) && isFlashAttention(flashAttention) && cpuBuild !== undefined;
  if (!isKnown || threads < 1 || batchSize < 1 || batchSize > MOST_BATCH)
    throw new SurprisalError({
      code: "PACKED_UNSUPPORTED",
      what: `The file asks for a model in a way that this version does not know: ${arithmetic}, cache of ${cacheType}, flash attention ${flashAttention}, ${threads} threads, batch of ${batchSize}`,
      wayOut: "Update surprisal, or take another copy of the file.",
    });
  const exact = arithmetic.endsWith(", exact") || undefined;
  return { device: "cpu", cpuBuild, threads, batchSize, cacheType, flashAttention, exact };
}

const isOtherMachine = (error: unknown): boolean =>
  SurprisalError.isInstance(error) &&
  ["KERNELS_UNAVAILABLE", "KERNELS_LOADED", "ENGINE_UNAVAILABLE"].includes(error.code);

function otherMachine(packed: PackedModel, error: unknown): SurprisalError {
  return new SurprisalError({
    code: "ENVIRONMENT_DIFFERS",
    what: `The file was packed with ${packed.arithmetic}, which cannot be had here: ${SurprisalError.isInstance(error) ? error.what : ""}`,
    wayOut:
      SurprisalError.isInstance(error) && error.code === "KERNELS_LOADED"
        ? "Unpack it by a command of its own."
        : "Unpack it on a machine that can run that build. Files packed with --bytes open on every machine.",
    cause: error,
  });
}
