/**
 * A tiny model of every architecture with experts that llama.cpp can run here, sound: it loads and decodes.
 *
 * Hyper-parameters: tests/test-llama-archs.cpp of llama.cpp v0.5.0, made smaller; what its loader did not read, or what changed
 * no logit, was left out. Tensors: what the loader of the packaged llama.cpp 0.5.0 asked for by name and shape, with the
 * optional ones that a model without them would be another without.
 */
import { readFileSync } from "node:fs";
import {
  F32,
  type FixtureModel,
  type FixtureTensor,
  type FixtureValue,
  randomNumbers,
  tinyModel,
} from "./gguf-fixture.ts";

interface Mixture {
  /** Key after the architecture's name to "u32 4" or "u32 [1,0]". */
  keys: Record<string, string>;
  /** "blk.0,1.attn_q.weight", for blocks 0 and 1, to its sizes, the fastest-running first. */
  tensors: Record<string, string>;
}

const MIXTURES = JSON.parse(
  readFileSync(new URL("fixtures/mixtures.json", import.meta.url), "utf8"),
) as Record<string, Mixture>;

export const MIXTURE_ARCHITECTURES: readonly string[] = Object.keys(MIXTURES);

/** `null` takes a key away. */
export type KeyChanges = Readonly<Record<string, FixtureValue | null>>;

/** @param changes keys after the architecture's name. @param without tensors that are left out. */
export function mixtureModel(
  architecture: string,
  changes: KeyChanges = {},
  without: (name: string) => boolean = () => false,
): FixtureModel {
  const mixture = MIXTURES[architecture]!;
  const tiny = tinyModel();
  const metadata = new Map([...tiny.metadata].filter(([key]) => !key.startsWith("llama.")));
  metadata.set("general.architecture", { type: "str", value: architecture });
  for (const [key, text] of Object.entries(mixture.keys)) metadata.set(`${architecture}.${key}`, value(text));
  for (const [key, changed] of Object.entries(changes)) {
    if (changed) metadata.set(`${architecture}.${key}`, changed);
    else metadata.delete(`${architecture}.${key}`);
  }
  const random = randomNumbers(4);
  const tensors = Object.entries(mixture.tensors)
    .flatMap(([name, sizes]) => namesOf(name).map((each) => tensor(each, sizes, random)))
    .filter(({ name }) => !without(name));
  return { ...tiny, metadata, tensors };
}

/** The number of a key, or the default. */
export function mixtureNumber(architecture: string, key: string, otherwise: number): number {
  const text = MIXTURES[architecture]!.keys[key];
  return text === undefined ? otherwise : Number(value(text).value);
}

function value(text: string): FixtureValue {
  const [type = "", content = ""] = text.split(" ");
  if (type !== "u32" && type !== "u64" && type !== "f32" && type !== "bool") throw new Error(text);
  const parsed = JSON.parse(content) as number | boolean | number[];
  return Array.isArray(parsed) ? { type: "arr", elementType: type, value: parsed } : { type, value: parsed };
}

function namesOf(name: string): string[] {
  const [, layers, rest] = /^blk\.([\d,]+)\.(.*)$/.exec(name) ?? [];
  return layers === undefined ? [name] : layers.split(",").map((layer) => `blk.${layer}.${rest}`);
}

/** Weights around 0, norms 1, and decays below 0, as they must be. */
function tensor(name: string, sizes: string, random: () => number): FixtureTensor {
  const shape = sizes.split(" ").map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const weight = /norm/.test(name) ? () => 1 : /ssm_a$/.test(name) ? () => -1 : () => (random() - 0.5) / 4;
  const data = Float32Array.from({ length: count }, weight);
  return { name, shape, type: F32, data: new Uint8Array(data.buffer) };
}
