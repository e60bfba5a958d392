/** Damaged encoder files, handed to the real loader in a process of its own: none may end that process. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { publishedFiles, TINY_TOKENS, tinyEncoder, writePublished } from "../../../test/bert-fixture.ts";
import { randomNumbers } from "../../../test/gguf-fixture.ts";
import { ModelLoader, type Outcome } from "../../../test/model-loader.ts";
import { convertSentenceEncoder } from "../convert/index.ts";
import { checkGguf } from "./check.ts";
import { describeModel } from "./describe.ts";
import { inspectGguf } from "./inspect.ts";

const DIST = fileURLToPath(new URL("../../../dist/models/index.js", import.meta.url));

let folder: string;
let whole: Buffer;
let headerBytes: number;
const loader = new ModelLoader("embed-child.mjs");

beforeAll(async () => {
  if (!existsSync(DIST)) throw new Error("This test loads the built package: run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "surprisal-encoder-"));
  writePublished(folder, publishedFiles(tinyEncoder()));
  const path = join(folder, "whole.gguf");
  await convertSentenceEncoder(folder, path, "F32", { name: "tiny", licence: "mit", sourceUrl: "" });
  whole = readFileSync(path);
  headerBytes = (await inspectGguf(path)).dataOffset;
});
afterAll(async () => {
  await loader.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(bytes: Uint8Array): string {
  const path = join(folder, "model.gguf");
  writeFileSync(path, bytes);
  return path;
}

/** In a GGUF file a key is followed by its type and its value. */
function withNumber(key: string, value: number): Buffer {
  const bytes = Buffer.from(whole);
  const at = bytes.indexOf(key) + key.length + 4;
  if (typeof value === "number") bytes.writeUInt32LE(value, at);
  return bytes;
}

function withText(from: string, to: string): Buffer {
  const bytes = Buffer.from(whole);
  bytes.write(to, bytes.indexOf(from), "latin1");
  return bytes;
}

const refused = (outcome: Outcome): boolean =>
  outcome.result === "refused" && /^(GGUF_|OUT_OF_MEMORY|MODEL_LOAD_FAILED)/.test(outcome.code);

describe("a tiny encoder", () => {
  it("loads, is described, and is refused where a model is wanted that writes", async () => {
    const path = write(whole);
    expect(await loader.load(path)).toEqual({ result: "loaded" });
    expect(await describeModel(path)).toMatchObject({ kind: "encoder", pooling: "mean", problem: null });
    const file = await inspectGguf(path);
    expect(() => checkGguf(file)).toThrow(/turns texts into vectors/);
  });

  const NUMBERS: [key: string, broken: number[], harmless: number[]][] = [
    ["bert.block_count", [0, 1, 3, 513, 2 ** 31], []],
    ["bert.context_length", [0, 63, 65, 2 ** 31], []],
    ["bert.embedding_length", [0, 32, 63, 128, 2 ** 31], []],
    ["bert.feed_forward_length", [0, 95, 192, 2 ** 31], []],
    ["bert.attention.head_count", [0, 3, 5, 128, 2 ** 31], [2, 8]],
    ["bert.attention.layer_norm_epsilon", [0x7fc00000, 0x7f800000, 0xbf800000], [0x358637bd]],
    ["bert.pooling_type", [4, 5, 2 ** 31], [0, 2, 3]],
    ["tokenizer.ggml.token_type_count", [0, 1, 3, 2 ** 31], []],
    ["tokenizer.ggml.bos_token_id", [TINY_TOKENS.length, 2 ** 31], [0]],
    ["tokenizer.ggml.unknown_token_id", [TINY_TOKENS.length, 2 ** 31], []],
    ["tokenizer.ggml.seperator_token_id", [TINY_TOKENS.length, 2 ** 31], []],
    ["tokenizer.ggml.padding_token_id", [TINY_TOKENS.length, 2 ** 31], []],
    ["tokenizer.ggml.mask_token_id", [TINY_TOKENS.length, 2 ** 31], []],
    ["sentence_transformers.max_seq_length", [], [0, 3, 64, 65, 2 ** 31]],
  ];

  it.each(NUMBERS)("with another %s is refused, or harmless", async (key, broken, harmless) => {
    const wrong: string[] = [];
    for (const value of broken) {
      const outcome = await loader.load(write(withNumber(key, value)));
      if (!refused(outcome)) wrong.push(`${value}: ${JSON.stringify(outcome)}`);
    }
    for (const value of harmless) {
      const outcome = await loader.load(write(withNumber(key, value)));
      if (outcome.result !== "loaded") wrong.push(`${value}: ${JSON.stringify(outcome)}`);
    }
    expect(wrong).toEqual([]);
  });

  it("without one of its tensors is refused", async () => {
    const { tensors } = await inspectGguf(write(whole));
    const wrong: string[] = [];
    for (const { name } of tensors) {
      const outcome = await loader.load(write(withText(name, `${name.slice(0, -1)}x`)));
      // The kinds of tokens are optional, to llama.cpp too.
      if (!refused(outcome) && name !== "token_types.weight")
        wrong.push(`${name}: ${JSON.stringify(outcome)}`);
    }
    expect(wrong).toEqual([]);
  });

  it("whose tokens see only those before them is refused", async () => {
    const bytes = Buffer.from(whole);
    const key = "bert.attention.causal";
    bytes[bytes.indexOf(key) + key.length + 4] = 1;
    expect(await loader.load(write(bytes))).toMatchObject({ result: "refused", code: "GGUF_UNSUPPORTED" });
  });

  it("with flipped bits or a cut end is refused, or gives numbers", async () => {
    const random = randomNumbers(11);
    const wrong: string[] = [];
    for (let i = 0; i < 300; i++) {
      const copy = Buffer.from(whole);
      const at = Math.floor(random() * headerBytes);
      copy[at]! ^= 1 << Math.floor(random() * 8);
      const outcome = await loader.load(write(copy));
      if (!refused(outcome) && outcome.result !== "loaded")
        wrong.push(`byte ${at}: ${JSON.stringify(outcome)}`);
    }
    for (const length of [0, 7, headerBytes >> 1, headerBytes, whole.length - 1]) {
      const outcome = await loader.load(write(whole.subarray(0, length)));
      if (!refused(outcome)) wrong.push(`cut at ${length}: ${JSON.stringify(outcome)}`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
