/**
 * Models split into several files, as `llama-gguf-split` and convert_hf_to_gguf.py write them: how the files are named,
 * and whether those that lie there are the parts of one model.
 *
 * llama.cpp finds the parts by the first one's name and checks their numbers and how many tensors there are in all.
 * Source: src/llama-model-loader.cpp (`llama_model_loader`), src/llama.cpp (`llama_split_path`).
 */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { SurprisalError } from "../../core/index.ts";
import { type SplitName, splitName } from "../split-name.ts";
import { type GgufTensor, type GgufValue, ggufError } from "./types.ts";

/** What the header of one part says. */
export interface PartHeader {
  metadata: ReadonlyMap<string, GgufValue>;
  tensors: readonly GgufTensor[];
}

/**
 * Paths of the parts of a split model, in order, `path` first; of any other file just `path`.
 * @throws SurprisalError GGUF_UNSUPPORTED: not the first part, or a name that does not lead to the others.
 *   FILE_NOT_FOUND: a part is missing. GGUF_INVALID.
 */
export function partPaths(path: string, { metadata }: PartHeader): string[] {
  const count = splitNumber(path, metadata, "split.count");
  if (count <= 1) return [path];
  const name = splitName(path);
  if (splitNumber(path, metadata, "split.no") !== 0) {
    const first = name && name.count === count ? `, ${name.part(1)}` : "";
    throw ggufError(
      "GGUF_UNSUPPORTED",
      path,
      "split.no",
      "This is not the first part of a split model",
      `Give the first part${first}; the others are found beside it.`,
    );
  }
  if (name?.number !== 1 || name.count !== count)
    throw ggufError(
      "GGUF_UNSUPPORTED",
      path,
      "split.count",
      `The model is split into ${count} files, and this name does not tell the names of the others`,
      `Give the files their original names, ending in -00001-of-${String(count).padStart(5, "0")}.gguf and so on.`,
    );
  refuseMissing(name);
  return name.parts();
}

function refuseMissing(name: SplitName): void {
  const missing = name.parts().filter((part) => !existsSync(part));
  if (missing.length === 0) return;
  throw new SurprisalError({
    code: "FILE_NOT_FOUND",
    what: `The model is split into ${name.count} files, and ${missing.length === 1 ? "one is" : `${missing.length} are`} missing: ${missing
      .slice(0, 3)
      .map((part) => basename(part))
      .join(", ")}${missing.length > 3 ? ", ..." : ""}`,
    where: missing[0],
    wayOut: "All parts lie in one folder, under the names they were published with: fetch what is missing.",
  });
}

/**
 * Refuses a part that stands in the wrong place, counts other parts, or says that it is of another model.
 * @param index 0 = the first.
 * @throws SurprisalError GGUF_INVALID
 */
export function checkPart(path: string, index: number, part: PartHeader, first: PartHeader): void {
  const invalid = (place: string, what: string) =>
    ggufError(
      "GGUF_INVALID",
      path,
      place,
      what,
      "The files were mixed up or renamed: fetch the parts again, all of one model and one version.",
    );
  if (!part.metadata.has("split.no"))
    throw invalid("split.no", `This should be part ${index + 1} of a split model and is not`);
  const number = splitNumber(path, part.metadata, "split.no");
  if (number !== index)
    throw invalid(
      "split.no",
      `This should be part ${index + 1} of a split model and is not: it is part ${number + 1}`,
    );
  const [count, expected] = [part, first].map(({ metadata }) =>
    splitNumber(path, metadata, "split.count"),
  ) as [number, number];
  if (part.metadata.has("split.count") && count !== expected)
    throw invalid(
      "split.count",
      `It is a part of a model of ${count} files, the first part of one of ${expected}`,
    );
  for (const key of ["split.tensors.count", "general.architecture", "general.name"]) {
    const [own, other] = [part, first].map(({ metadata }) => metadata.get(key));
    if (own && other && JSON.stringify(own) !== JSON.stringify(other))
      throw invalid(
        key,
        `It is a part of another model than the first part: ${shown(own)} and ${shown(other)}`,
      );
  }
}

const shown = (value: GgufValue): string => ("value" in value ? String(value.value) : value.type);

/** @throws SurprisalError GGUF_INVALID unless the parts hold as many tensors as the first says. */
export function checkTensorCount(path: string, first: PartHeader, found: number): void {
  const entry = first.metadata.get("split.tensors.count");
  if (!entry) throw ggufError("GGUF_INVALID", path, "split.tensors.count", "This metadata key is missing");
  if (entry.type !== "i32")
    throw ggufError("GGUF_INVALID", path, "split.tensors.count", `Its type is ${entry.type} and must be i32`);
  if (entry.value === found) return;
  throw ggufError(
    "GGUF_INVALID",
    path,
    "split.tensors.count",
    `The model has ${entry.value} tensors and its parts hold ${found}`,
    "A part is of another model or another version: fetch the parts again.",
  );
}

/** A number of the split; 0 when the file has none. */
function splitNumber(path: string, metadata: ReadonlyMap<string, GgufValue>, key: string): number {
  const entry = metadata.get(key);
  if (!entry) return 0;
  if (entry.type === "u16") return entry.value;
  throw ggufError("GGUF_INVALID", path, key, `Its type is ${entry.type} and must be u16`);
}
