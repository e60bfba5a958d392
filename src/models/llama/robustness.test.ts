/** What ends a process, or gives wrong numbers, when llama.cpp is used as if it were a JavaScript library. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, tinyModel } from "../../../test/gguf-fixture.ts";
import { recurrentModel } from "../../../test/recurrent-fixture.ts";
import { SurprisalError } from "../../core/index.ts";
import type { ScoreRequest } from "../language-model.ts";
import { LlamaModel } from "./model.ts";
import { cutLongWords } from "./vocabulary.ts";

let folder: string;
let tiny: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "surprisal-robustness-"));
  tiny = await write("tiny.gguf", encodeGguf(tinyModel()).bytes);
});
afterAll(() => rm(folder, { recursive: true }));

async function write(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

const codeOf = (error: unknown) => (SurprisalError.isInstance(error) ? error.code : error);
const rejection = (promise: Promise<unknown>) => promise.then(() => "resolved", codeOf);

describe("tokenizers that match words with std::regex", () => {
  it.each(["tekken", "deepseek-llm", "gpt-4o", "default"])("%s survives words of any length", async (pre) => {
    const fixture = tinyModel();
    fixture.metadata.set("tokenizer.ggml.pre", { type: "str", value: pre });
    await using model = await LlamaModel.load(await write(`${pre}.gguf`, encodeGguf(fixture).bytes));
    for (const unit of ["a", "7", " ", "é1-"]) {
      const text = unit.repeat(60_000);
      const { ids, byteOffsets } = await model.tokenize(text);
      expect(byteOffsets.at(-1)).toBe(Buffer.byteLength(text));
      expect(Buffer.from(await model.detokenize(ids)).equals(Buffer.from(text))).toBe(true);
    }
  });

  it("cuts runs of white space or of anything else, between characters, and nothing else", () => {
    const cut = (text: string, longest: number) =>
      [...cutLongWords(Buffer.from(text), longest)].map((part) => Buffer.from(part).toString());
    expect(cut("one two  three", 5)).toEqual(["one two  three"]);
    expect(cut("one two  three", 4)).toEqual(["one two  thre", "e"]);
    expect(cut("ééééé", 2)).toEqual(["éé", "éé", "é"]);
    expect(cut("a\n \t\nb", 3)).toEqual(["a\n \t", "\nb"]);
    expect(cut("", 3)).toEqual([""]);
  });
});

describe("many calls at once", () => {
  it("tokenises and scores more texts than koffi runs calls", async () => {
    await using model = await LlamaModel.load(tiny);
    const texts = Array.from({ length: 300 }, (_, i) => `the cat and the hat ${i}`);
    const long = texts.map((text) => text.repeat(300));
    expect((await Promise.all(long.map((text) => model.tokenize(text)))).length).toBe(300);
    const losses = await Promise.all(texts.map((text) => model.loss(text)));
    expect(losses[7]).toEqual(await model.loss(texts[7]!));
  });

  it("keeps loads apart that run at the same time, and their failures", async () => {
    const fixture = tinyModel();
    fixture.metadata.set("tokenizer.ggml.pre", { type: "str", value: "no such tokenizer" });
    const broken = await write("broken.gguf", encodeGguf(fixture).bytes);
    const loads = Array.from({ length: 8 }, (_, i) => LlamaModel.load(i % 2 ? broken : tiny));
    for (const [i, result] of (await Promise.allSettled(loads)).entries()) {
      expect(result.status).toBe(i % 2 ? "rejected" : "fulfilled");
      if (result.status === "fulfilled") await result.value[Symbol.asyncDispose]();
    }
  });

  it("runs the ids a sequence was given, whatever becomes of the array", async () => {
    await using model = await LlamaModel.load(tiny);
    await using sequence = await model.open();
    const ids = [10, 20, 30];
    const first = sequence.extend(ids);
    ids.fill(1e6);
    const cut = sequence.truncate(2); // queued behind it
    expect((await first).logprobs.length).toBe(3);
    await cut;
    expect(sequence.length).toBe(2);
  });
});

describe("loading", () => {
  it("stops with the error that onLoad throws", async () => {
    const failure = new Error("from onLoad");
    const load = LlamaModel.load(tiny, {
      onLoad: () => {
        throw failure;
      },
    });
    expect(await rejection(load)).toBe(failure);
  });

  it.each([
    ["exit", 7, ""],
    ["throw", 1, "uncaught while loading"],
  ])("does not keep a process alive that ends by %s", (way, code, message) => {
    const child = fileURLToPath(new URL("../../../test/exit-child.mjs", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [child, tiny, way], {
      timeout: 20_000,
      encoding: "utf8",
    });
    expect(status).toBe(code);
    expect(stderr).toContain(message);
  });

  it.each([-5, 0, Number.NaN, 1e12])("refuses a context of %d tokens", async (contextSize) => {
    expect(await rejection(LlamaModel.load(tiny, { contextSize }))).toBe("INVALID_ARGUMENT");
  });
});

it("touches nothing after it was disposed", async () => {
  const model = await LlamaModel.load(tiny);
  const opening = rejection(model.open());
  await model[Symbol.asyncDispose]();
  expect(["resolved", "MODEL_DISPOSED"]).toContain(await opening);
  expect(() => model.vocabulary.endsGeneration(1)).toThrow(/disposed/);
});

describe("a recurrent model", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(await write("mamba.gguf", recurrentModel()), { batchSize: 16 });
  });
  afterAll(() => model[Symbol.asyncDispose]());
  const ids = Int32Array.from({ length: 80 }, (_, i) => (i * 37 + 11) % 290);

  it("scores requests that begin alike as it scores each alone", async () => {
    const requests: ScoreRequest[] = Array.from({ length: 12 }, (_, i) => ({
      context: ids.slice(0, 30 + (i % 3) * 7),
      continuation: ids.slice(60 + i, 63 + i + (i % 4)),
    }));
    let answers = 0;
    for await (const together of model.score(requests)) {
      answers++;
      for await (const alone of model.score([requests[together.index]!]))
        expect(together.logprob).toBeCloseTo(alone.logprob!, 4);
    }
    expect(answers).toBe(12);
  });

  it("forks, and truncates by running the beginning again", async () => {
    await using sequence = await model.open();
    await sequence.extend(ids.slice(0, 40));
    await using fork = await sequence.fork();
    await fork.extend(ids.slice(60, 80));
    await fork.truncate(40);
    expect(fork.length).toBe(40);
    for (const [i, logprob] of fork.next().entries()) expect(logprob).toBeCloseTo(sequence.next()[i]!, 3);
  });

  it("is as it was before an extension that was stopped", async () => {
    await using sequence = await model.open();
    await sequence.extend(ids.slice(0, 40));
    const before = sequence.next();
    const abort = new AbortController();
    const stopped = rejection(sequence.extend(ids, { signal: abort.signal }));
    setImmediate(() => abort.abort());
    expect(["ABORTED", "resolved"]).toContain(await stopped);
    await sequence.truncate(40);
    for (const [i, logprob] of sequence.next().entries()) expect(logprob).toBeCloseTo(before[i]!, 3);
  });
});
