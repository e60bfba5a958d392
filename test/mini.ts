/** The model of the tests: mini, which is a part of the package, in the weight formats made from it. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, locate, quantize } from "../src/models/index.ts";

const ADD_BOS = "tokenizer.ggml.add_bos_token";

export interface MiniOptions {
  /** False: its tokenizer puts no BOS in front of a text, though it has one. Default true, as it is published. */
  addsBos?: boolean;
}

/** Path of the model in a weight format: made on first use and kept in the cache until the model is another one. */
export async function mini(
  type: "Q8_0" | "Q4_0" | "F16" | "F32" = "Q8_0",
  { addsBos = true }: MiniOptions = {},
): Promise<string> {
  const { path, sha256 } = await locate("mini");
  if (!addsBos)
    return derived(sha256, `${type}-without-bos`, async (target) => withoutBos(await mini(type), target));
  if (type === "Q8_0") return path;
  return derived(sha256, type, async (target) => {
    await quantize(path, target, type, { allowRequantize: true, allowLarger: true });
  });
}

async function derived(
  sha256: string,
  name: string,
  make: (target: string) => Promise<void> | void,
): Promise<string> {
  const folder = join(cacheFolder(), "derived");
  mkdirSync(folder, { recursive: true });
  const current = `mini-${sha256.slice(0, 12)}-`;
  for (const file of readdirSync(folder))
    if (file.startsWith("mini-") && !file.startsWith(current)) rmSync(join(folder, file));
  const target = join(folder, `${current}${name}.gguf`);
  if (!existsSync(target)) await make(target);
  return target;
}

/** In a GGUF file a key is followed by its type, a uint32 (7 = bool), and its value, here one byte. */
function withoutBos(path: string, target: string): void {
  const bytes = readFileSync(path);
  const type = bytes.indexOf(ADD_BOS) + ADD_BOS.length;
  if (bytes.readUInt32LE(type) !== 7 || bytes[type + 4] !== 1) throw new Error(`${path}: no ${ADD_BOS}`);
  bytes[type + 4] = 0;
  writeFileSync(target, bytes);
}
