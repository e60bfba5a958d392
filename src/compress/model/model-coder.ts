/** Chunks of text packed by what a language model expects of them. */
import { createHash } from "node:crypto";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import type { LlamaModel } from "../../models/index.ts";
import { computedWith, cpuBuildOf } from "../../models/kernels.ts";
import { FieldReader, FieldWriter } from "../container/fields.ts";
import type { PackedModel } from "../container/format.ts";
import { type CodedToken, packTokens, unpackTokens } from "./lockstep-coder.ts";
import { cutText } from "./segments.ts";

/** Options of `modelCoder`. */
export interface ModelCoderOptions {
  /** Parts of a chunk that are read side by side, 1 ... 64. More are faster, and each begins without knowing the others. Default 16. */
  sequences?: number | undefined;
  /** Tokens the model sees at most. Default 1,024, or what it was trained for. */
  context?: number | undefined;
  /** Once the context is full, tokens of it that are read again. Default half. */
  keep?: number | undefined;
}

/** Fewest bytes of a part that is packed. */
const SHORTEST_PART = 4096;
/** Fewest bytes of a part that is read: what packs may change, and files stay. */
const LEAST_PART = 32;
const MOST_SEQUENCES = 64;
const mostParts = (bytes: number): number => Math.max(1, Math.floor(bytes / SHORTEST_PART));
/** Of a token of English. */
const TYPICAL_BYTES = 4;
const DEFAULT_CONTEXT = 1024;

/** Options of `ModelCoder.pack` and `unpack`. */
export interface CodingOptions {
  signal?: AbortSignal | undefined;
  /** Told after every step which share of the chunk is done, 0 ... 1; of `unpack` it is an estimate. */
  onShare?: ((share: number) => void) | undefined;
  /** Told what every token cost, and its bytes; its `sequence` is the part of the chunk. */
  onToken?: ((token: CodedToken, bytes: Uint8Array) => void) | undefined;
}

/** Packs chunks with one model. */
export interface ModelCoder {
  /** What whoever unpacks needs to be the same. */
  readonly identity: PackedModel;
  /**
   * @returns `null` for a chunk that is no UTF-8, or whose tokens do not give its bytes back.
   * @throws SurprisalError ENGINE_FAILED, OUT_OF_MEMORY, ABORTED
   */
  pack(chunk: Uint8Array, options?: CodingOptions): Promise<Uint8Array | null>;
  /**
   * @param length bytes of the chunk.
   * @throws SurprisalError ENVIRONMENT_DIFFERS, PACKED_DAMAGED, OUT_OF_MEMORY, ABORTED
   */
  unpack(packed: Uint8Array, length: number, options?: CodingOptions): Promise<Uint8Array>;
}

/**
 * A coder for a model on the CPU. What it packs is unpacked with the same build of the CPU code: load the model with `cpuBuild: "haswell"`, which every
 * x86 CPU of the last ten years runs, and not with the fastest of one machine.
 * @throws SurprisalError UNSUPPORTED_CAPABILITY for a model on a GPU, or whose file has no checksum; INVALID_ARGUMENT, OUT_OF_MEMORY as `LlamaModel.lockstep`
 */
export async function modelCoder(model: LlamaModel, options: ModelCoderOptions = {}): Promise<ModelCoder> {
  const { sequences: most = 16 } = options;
  if (!Number.isInteger(most) || most < 1 || most > MOST_SEQUENCES)
    throw invalidArgument(
      `${most} is no number of parts`,
      "sequences",
      `Give a whole number from 1 to ${MOST_SEQUENCES}.`,
    );
  const context = options.context ?? Math.min(DEFAULT_CONTEXT, model.trainedContext);
  const keep = options.keep ?? Math.floor(context / 2);
  const { vocabulary } = model;
  const batch = Number(model.settings.batchSize); // a token of each part goes into one
  const start = vocabulary.bos ?? vocabulary.eos ?? 0;
  const told = ({ onToken }: CodingOptions) =>
    onToken && ((token: CodedToken) => onToken(token, vocabulary.piece(token.token)));
  const open = (sequences: number, signal: AbortSignal | undefined) =>
    model.lockstep({ sequences, context, keep, start, signal });
  return {
    identity: await identityOf(model, { context, keep, start }),
    async pack(chunk, coding = {}) {
      const parts = cutText(chunk, Math.min(most, batch, mostParts(chunk.length)));
      if (!parts) return null;
      const texts: Int32Array[] = [];
      for (const part of parts) {
        const { ids } = await model.tokenize(new TextDecoder("utf-8", { ignoreBOM: true }).decode(part));
        if (Buffer.compare(vocabulary.detokenize(ids), part) !== 0) return null;
        texts.push(ids);
      }
      await using rows = await open(texts.length, coding.signal);
      const total = texts.reduce((sum, { length }) => sum + length + 1, 0);
      const packed = await packTokens(rows, texts, vocabulary.size, {
        signal: coding.signal,
        onProgress: (done) => coding.onShare?.(done / total),
        onToken: told(coding),
      });
      const fields = new FieldWriter().varint(packed.length);
      for (const { bytes } of packed) fields.varint(bytes.length);
      return Buffer.concat([fields.finish(), ...packed.map(({ bytes }) => bytes)]);
    },
    async unpack(bytes, length, coding = {}) {
      const packed = partsOf(bytes, length);
      await using rows = await open(packed.length, coding.signal);
      const most = packed.map(() => length); // a token is a byte at least
      const texts = await unpackTokens(rows, packed, vocabulary.size, most, {
        signal: coding.signal,
        onProgress: (done) => coding.onShare?.(Math.min(1, (TYPICAL_BYTES * done) / length)),
        onToken: told(coding),
      });
      return Buffer.concat(texts.map((ids) => vocabulary.detokenize(ids)));
    },
  };
}

/**
 * The parts of a chunk of `length` bytes that a model packed, without the table in front of them.
 * @throws SurprisalError PACKED_DAMAGED
 */
export function partsOf(packed: Uint8Array, length: number): Uint8Array[] {
  const fields = new FieldReader(packed, "a chunk packed by a model");
  const lengths = Array.from({ length: fields.varint(MOST_SEQUENCES) }, () => fields.varint(packed.length));
  const parts = lengths.map((each) => fields.raw(each));
  if (parts.length === 0 || parts.length > Math.max(1, length / LEAST_PART) || fields.left > 0)
    throw fields.damaged("the lengths of its parts do not add up");
  return parts;
}

async function identityOf(
  model: LlamaModel,
  shape: Pick<PackedModel, "context" | "keep" | "start">,
): Promise<PackedModel> {
  const { identity, settings, vocabulary } = model;
  if (!identity.sha256)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "The model's file has no checksum, so that a packed file could not name it",
      where: identity.name,
      wayOut: "Load it by `resolve` with its name or path.",
    });
  const arithmetic = computedWith(settings);
  if (arithmetic === null || cpuBuildOf(settings) === null)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: `Nobody could name what this model is computed with (${settings.device}), so that it might be had again`,
      where: identity.name,
      wayOut: 'Load it on the CPU: device "cpu", and best cpuBuild "haswell".',
    });
  const tokenizer = createHash("sha256");
  for (let id = 0; id < vocabulary.size; id++) {
    const piece = vocabulary.piece(id);
    tokenizer.update(Uint8Array.of(piece.length & 255, piece.length >> 8)).update(piece);
  }
  return {
    name: identity.name,
    sha256: identity.sha256,
    tokenizer: tokenizer.digest("hex").slice(0, 32),
    vocabularySize: vocabulary.size,
    engine: String(settings.engine),
    arithmetic,
    cacheType: String(settings.cacheType),
    flashAttention: String(settings.flashAttention),
    threads: Number(settings.threads),
    batchSize: Number(settings.batchSize),
    ...shape,
  };
}

/**
 * Compares what a file was packed with and what is here.
 * @throws SurprisalError ENVIRONMENT_DIFFERS with everything in which what is here differs from what a file was packed with.
 */
export function checkSameModel(packed: PackedModel, here: PackedModel): void {
  const different = (Object.keys(packed) as (keyof PackedModel)[]).filter(
    (key) => key !== "name" && packed[key] !== here[key],
  );
  if (different.length === 0) return;
  const isOther = different.includes("sha256");
  throw new SurprisalError({
    code: "ENVIRONMENT_DIFFERS",
    what: isOther
      ? `The file was packed with another model: ${packed.name}, sha256 ${packed.sha256}; this is ${here.name}, ${here.sha256}`
      : `The file was packed in another environment: ${different.map((key) => `${NAMES[key]} ${packed[key]}, here ${here[key]}`).join("; ")}`,
    where: isOther ? packed.name : undefined,
    wayOut: isOther
      ? "Give the model it was packed with."
      : "Unpack it with the version of surprisal that packed it, and the same options.",
  });
}

const NAMES: Readonly<Record<keyof PackedModel, string>> = {
  name: "model",
  sha256: "sha256",
  tokenizer: "tokenizer",
  vocabularySize: "vocabulary",
  engine: "engine",
  arithmetic: "computed with",
  cacheType: "cache of",
  flashAttention: "flash attention",
  threads: "threads",
  batchSize: "batch of",
  context: "context",
  keep: "tokens kept",
  start: "first token",
};
