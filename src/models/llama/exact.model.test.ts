/** Exact arithmetic: the same numbers as those of the weights written as F32, with every build of the CPU code. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILT } from "../../../test/cli-run.ts";
import { mini } from "../../../test/mini.ts";
import { planWindows } from "../../core/index.ts";
import type { LanguageModel } from "../language-model.ts";
import { listModels, removeModel } from "../registry/index.ts";
import { resolve } from "../resolve.ts";
import { loadLlamaLibrary } from "./library.ts";
import { LlamaModel } from "./model.ts";

const TEXT = "Once upon a time there was a king who had three daughters, and the youngest of them was kind.";

let cache: string;
beforeAll(() => {
  cache = mkdtempSync(join(tmpdir(), "surprisal-exact-"));
});
afterAll(() => rmSync(cache, { recursive: true, force: true }));

async function logprobs(model: LanguageModel): Promise<number[]> {
  const { ids } = await model.tokenize(TEXT, { addSpecial: true });
  const all: number[] = [];
  for await (const { logprobs } of model.scoreTokens(
    ids,
    planWindows(ids.length, { method: "full", context: 512, prefix: null }),
  ))
    all.push(...logprobs);
  return all;
}

describe("exact", () => {
  it("gives the numbers of the file with F32 weights and an F32 cache, and says what it does", async () => {
    const messages: string[] = [];
    const options = { cache, onMessage: (message: string) => messages.push(message) };
    await using model = await resolve("mini", { ...options, exact: true });
    await using floats = await LlamaModel.load(await mini("F32"), { cacheType: "f32", device: "cpu" });
    expect(await logprobs(model)).toEqual(await logprobs(floats));
    expect(model.settings).toMatchObject({ exact: true, cacheType: "f32", flashAttention: "off" });
    expect(floats.settings).not.toHaveProperty("exact");
    expect(messages).toEqual([expect.stringMatching(/mini as F32 to .*, 27\.9 MB, once.* free/)]);

    // The model is still the one that was asked for.
    await using plain = await resolve("mini", { cache });
    expect(model.identity).toEqual(plain.identity);
  });

  it("makes its copy once; it is listed, and goes with the model", async () => {
    const messages: string[] = [];
    const options = { cache, onMessage: (message: string) => messages.push(message) };
    await (await resolve("mini", { ...options, exact: true }))[Symbol.asyncDispose]();
    expect(messages).toEqual([]);
    const entry = () => listModels({ cache }).find(({ reference }) => reference === "mini")!;
    const { sha256, exactBytes } = entry();
    const path = join(cache, "exact", sha256!, "model.gguf");
    expect(exactBytes).toBe(statSync(path).size);
    expect(await removeModel("mini", { cache })).toBe(exactBytes);
    expect(existsSync(path)).toBe(false);
    expect(entry().exactBytes).toBeNull();
    await expect(removeModel("mini", { cache })).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("lists and removes the copy of a file of the person's own, and leaves the file", async () => {
    const path = await mini("Q4_0");
    await (await resolve(path, { cache, exact: true }))[Symbol.asyncDispose]();
    expect(listModels({ cache }).at(-1)).toMatchObject({ reference: path, availability: "file" });
    expect(await removeModel(path, { cache })).toBeGreaterThan(2e7);
    expect(listModels({ cache }).at(-1)!.reference).not.toBe(path);
    expect(existsSync(path)).toBe(true);
  });

  it("makes its copy anew when somebody changed it, at the same size and time", async () => {
    const text = async () => {
      await using model = await resolve("mini", { cache, exact: true });
      return await logprobs(model);
    };
    const expected = await text();
    const { sha256 } = listModels({ cache }).find(({ reference }) => reference === "mini")!;
    const path = join(cache, "exact", sha256!, "model.gguf");
    const { atime, mtime } = statSync(path);
    const bytes = readFileSync(path);
    bytes.fill(0x3c, bytes.length - 400_000, bytes.length - 300_000);
    writeFileSync(path, bytes);
    utimesSync(path, atime, mtime);
    expect(await text()).toEqual(expected);
    await removeModel("mini", { cache });
  });

  it("copies nothing where the weights are F32 already", async () => {
    const messages: string[] = [];
    await using model = await LlamaModel.load(await mini("F32"), {
      cache,
      exact: true,
      onMessage: (message) => messages.push(message),
    });
    expect([messages, listModels({ cache }).filter(({ exactBytes }) => exactBytes !== null)]).toEqual([
      [],
      [],
    ]);
    expect(model.settings).toMatchObject({ exact: true });
    expect(model.identity.quantisation).toBe("all F32");
  });

  it.each([
    [{ cacheType: "q8_0" }, "cacheType"],
    [{ flashAttention: "on" }, "flashAttention"],
    [{ device: 4 }, "device"],
  ] as const)("refuses %o beside it", async (options, where) => {
    const loading = resolve("mini", { cache, exact: true, ...options });
    await expect(loading).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where });
  });

  it("is the same to 1e-5 with builds of other kernels, and quantised weights are not", async () => {
    const script = `
      import { resolve } from ${JSON.stringify(pathToFileURL(join(BUILT, "index.js")).href)};
      const answers = [];
      for (const exact of [true, false]) {
        const model = await resolve("mini", { exact, device: "cpu", cache: ${JSON.stringify(cache)} });
        answers.push((await model.loss(${JSON.stringify(TEXT)})).perplexity);
        await model[Symbol.asyncDispose]();
      }
      console.log(JSON.stringify(answers));`;
    const answers = new Map<string, [exact: number, quantised: number]>();
    const runnable = loadLlamaLibrary().cpuBuilds.filter(({ score }) => score > 0);
    const [best] = runnable;
    for (const { name } of runnable) {
      if (name !== best!.name && name !== "haswell" && name !== "x64") continue;
      const env = { ...process.env, SURPRISAL_CPU_BUILD: name };
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
        env,
      });
      answers.set(name, JSON.parse(stdout));
    }
    const [[first]] = [...answers.values()] as [[number, number]];
    for (const [name, [exact, quantised]] of answers) {
      expect(Math.abs(exact / first - 1), name).toBeLessThan(1e-5);
      expect(Math.abs(quantised / first - 1), name).toBeGreaterThan(1e-5);
    }
  });
});
