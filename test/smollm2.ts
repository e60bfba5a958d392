/**
 * SmolLM2-135M-Instruct from the cache, in the weight formats made from it: for the numbers that other tools gave with
 * it, and what takes a larger model than mini.
 */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../src/core/index.ts";
import { cacheFolder, locate, quantize } from "../src/models/index.ts";

/**
 * Path of the model in a weight format (made on first use, kept in the cache), or null, said aloud, when it was
 * never pulled.
 */
export async function smollm2(type: "Q4_1" | "Q4_0" | "Q8_0" | "F16" | "F32"): Promise<string | null> {
  try {
    const { path } = await locate("smollm2", { offline: true });
    if (type === "Q4_1") return path;
    const folder = join(cacheFolder(), "derived");
    const derived = join(folder, `smollm2-${type}.gguf`);
    mkdirSync(folder, { recursive: true });
    if (!existsSync(derived))
      await quantize(path, derived, type, { allowRequantize: true, allowLarger: true });
    return derived;
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code !== "MODEL_UNAVAILABLE") throw error;
    console.warn("SKIPPED: tests of SmolLM2, which is not in the cache. `npm run models` pulls it.");
    return null;
  }
}
