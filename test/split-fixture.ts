/** Models split into several files, as `llama-gguf-split` writes them: the metadata in the first part only. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encodeGguf, type FixtureModel, type FixtureValue } from "./gguf-fixture.ts";

/** The parts of a model, in order, each a model of its own that a test can bend. */
export function splitModel(model: FixtureModel, count: number): FixtureModel[] {
  const size = Math.ceil(model.tensors.length / count);
  return Array.from({ length: count }, (_, index) => ({
    ...model,
    tensors: model.tensors.slice(index * size, (index + 1) * size),
    metadata: new Map<string, FixtureValue>([
      ...(index === 0 ? model.metadata : []),
      ["split.no", { type: "u16", value: index }],
      ["split.count", { type: "u16", value: count }],
      ["split.tensors.count", { type: "i32", value: model.tensors.length }],
    ]),
  }));
}

/** "tiny-00001-of-00003.gguf" */
export const partName = (index: number, count: number, stem = "tiny"): string =>
  `${stem}-${String(index + 1).padStart(5, "0")}-of-${String(count).padStart(5, "0")}.gguf`;

/** Writes the parts beside each other; answers with their paths. */
export function writeParts(folder: string, parts: readonly FixtureModel[], stem?: string): string[] {
  return parts.map((part, index) => {
    const path = join(folder, partName(index, parts.length, stem));
    writeFileSync(path, encodeGguf(part).bytes);
    return path;
  });
}
