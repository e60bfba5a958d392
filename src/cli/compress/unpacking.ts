/** One packed file back to what it was, or only tried; or what of a damaged one is whole. */
import { type PackedModel, type SalvageOptions, type UnpackReport, unpack } from "../../compress/index.ts";
import { startProgress } from "../render/index.ts";
import type { UnpackingModels } from "./models.ts";
import { openPackedOnly } from "./packed-input.ts";
import { factsOf, type Source, type Target } from "./places.ts";
import { Rescue, type Rescued } from "./rescue.ts";
import { writeWholeTo } from "./writing.ts";

/** How packed files are unpacked. */
export interface UnpackingOptions {
  models: UnpackingModels;
  quiet: boolean;
}

/** What was unpacked. */
export interface Unpacked {
  /** `null`: standard input, standard output; an output of `null` also where it was only tried. */
  input: string | null;
  output: string | null;
  bytes: number;
  packedBytes: number;
  chunks: number;
  sha256: string;
  /** The model that was needed; `null`: none. */
  model: PackedModel | null;
  seconds: number;
}

/** What was whole of a damaged file. */
export interface Salvage extends Omit<Unpacked, "chunks" | "sha256" | "bytes">, Rescued {
  /** Where the header is damaged, and with it the model's name: the one that was tried. */
  triedModel: string | null;
}

/** @param target `null`: it is only tried. @throws SurprisalError as `unpack`; USAGE, FILE_* */
export async function unpackSource(
  source: Source,
  target: Target | null,
  options: UnpackingOptions,
): Promise<Unpacked> {
  const started = performance.now();
  await using packed = await openPackedOnly(source);
  const work = coding(source, options, target === null ? "testing" : "unpacking");
  let report: UnpackReport | null = null;
  const pieces = async function* () {
    report = yield* unpack(packed, work.options);
  };
  await writeWholeTo(target, pieces(), factsOf(source)).finally(work.end);
  const { bytes, chunks, sha256 } = report!;
  return {
    input: source.file,
    output: target?.kind === "file" ? target.file : null,
    bytes,
    packedBytes: packed.size,
    chunks,
    sha256,
    model: work.model(),
    seconds: (performance.now() - started) / 1000,
  };
}

/**
 * Writes what is whole, in the order of the original.
 * @param zeros missing bytes are zeros, so that every other one stands where it stood; else they are left out.
 * @throws SurprisalError PACKED_DAMAGED where nothing is whole: then there is no file.
 */
export async function salvageSource(
  source: Source,
  target: Target | null,
  { zeros, ...options }: UnpackingOptions & { zeros: boolean },
): Promise<Salvage> {
  const started = performance.now();
  await using packed = await openPackedOnly(source);
  const work = coding(source, options, "salvaging");
  await using rescue = new Rescue(packed, zeros);
  await writeWholeTo(target, rescue.pieces(work.options), factsOf(source)).finally(work.end);
  return {
    input: source.file,
    output: target?.kind === "file" ? target.file : null,
    packedBytes: packed.size,
    model: work.model(),
    triedModel: work.tried(),
    ...rescue.result(),
    seconds: (performance.now() - started) / 1000,
  };
}

function coding(
  source: Source,
  { models, quiet }: UnpackingOptions,
  doing: string,
): { options: SalvageOptions; end: () => void; model: () => PackedModel | null; tried: () => string | null } {
  let needed: PackedModel | null = null;
  let tried: string | null = null;
  const line = quiet ? null : startProgress({ label: `${doing} ${source.name}`, unit: "bytes" });
  return {
    options: {
      coderFor(model) {
        needed = model;
        return models.coderFor(model);
      },
      coderWithoutHeader() {
        tried = models.unnamed;
        return models.coderForUnnamed();
      },
      onProgress: ({ bytes, total }) => line?.update({ done: bytes, total }),
    },
    end: () => line?.end(),
    model: () => needed,
    tried: () => tried,
  };
}
