/** all-MiniLM-L6-v2 from the cache: for the vectors that sentence-transformers gives. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SurprisalError } from "../src/core/index.ts";
import { cacheFolder, locate, quantize } from "../src/models/index.ts";

/** Path of the model with its weights as they were published, or null, said aloud, when it was never pulled. */
export async function miniLmF32(): Promise<string | null> {
  try {
    return (await locate("minilm-f32", { offline: true })).path;
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code !== "MODEL_UNAVAILABLE") throw error;
    console.warn("SKIPPED: tests of MiniLM, which is not in the cache. `npm run models` pulls it.");
    return null;
  }
}

/** The same quantised (made on first use, kept in the cache): the weights of `minilm`, without another download. */
export async function miniLmQ8(): Promise<string | null> {
  const path = await miniLmF32();
  if (path === null) return null;
  const folder = join(cacheFolder(), "derived");
  const derived = join(folder, "minilm-Q8_0.gguf");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(derived)) await quantize(path, derived, "Q8_0");
  return derived;
}

/** A text, and what the peer made of it. */
export interface PeerEmbedding {
  text: string;
  /** After truncation, special tokens included. */
  ids: number[];
  /** Before. */
  tokens: number;
  /** [384] of length 1 */
  vector: Float32Array;
  /** [384] the same model with llama.cpp's activation, GELU by its tanh approximation. */
  tanhVector: Float32Array;
}

interface Fixture {
  maxTokens: number;
  rows: (Omit<PeerEmbedding, "vector" | "tanhVector"> & { vector: string; tanhVector: string })[];
}

/** Recorded by tools/peers/record_embeddings.py. */
export function peerEmbeddings(): { maxTokens: number; rows: PeerEmbedding[] } {
  const path = fileURLToPath(new URL("fixtures/embeddings/minilm.json", import.meta.url));
  const { maxTokens, rows } = JSON.parse(readFileSync(path, "utf8")) as Fixture;
  return {
    maxTokens,
    rows: rows.map((row) => ({
      ...row,
      vector: floats(row.vector),
      tanhVector: floats(row.tanhVector),
    })),
  };
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, "base64")).buffer);
}
