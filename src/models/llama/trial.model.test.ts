/** Files that would end the process end a child, or none. */
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, hunyuanModel, tinyModel } from "../../../test/gguf-fixture.ts";

const DIST = new URL("../../../dist/models/", import.meta.url).href;
let folder: string;
let path: string;

beforeAll(() => {
  if (!existsSync(fileURLToPath(DIST))) throw new Error("Run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "surprisal-trial-"));
  path = join(folder, "model.gguf");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a module in a process of its own, with the path and a cache as arguments. */
async function run(script: string): Promise<string> {
  const options = ["--input-type=module", "-e", script, path, folder];
  const { stdout } = await promisify(execFile)(process.execPath, options, { timeout: 60_000 });
  return stdout.trim();
}

const LOAD = `import { LlamaModel } from "${DIST}index.js";
  import { truncateSync } from "node:fs";
  const [path, cache] = process.argv.slice(1);
  const score = async (model) => { for await (const { logprob } of model.score([{ context: "The cat", continuation: " and" }])) return logprob; };
  const say = (error) => console.log(error.code);`;

describe("hunyuan-moe", () => {
  it.each([
    ["as it is", {}, /^-\d/],
    ["no experts, one used", { expert_count: 0 }, /GGUF_INVALID/],
    ["no experts, none used", { expert_count: 0, expert_used_count: 0 }, /MODEL_LOAD_FAILED|GGUF_INVALID/],
    ["one expert, two used", { expert_count: 1, expert_used_count: 2 }, /GGUF_INVALID/],
    ["none used", { expert_used_count: 0 }, /GGUF_INVALID/],
    ["more used than there are", { expert_used_count: 3 }, /GGUF_INVALID/],
    ["as many groups as experts", { expert_group_count: 2 }, /GGUF_INVALID/],
  ])("%s", async (_, counts, wanted) => {
    writeFileSync(path, encodeGguf(hunyuanModel(counts)).bytes);
    const said = await run(
      `${LOAD} try { const model = await LlamaModel.load(path, { cache }); console.log(await score(model)); process.exit(0) } catch (error) { say(error) }`,
    );
    expect(said).toMatch(wanted);
  });

  it("that kills llama.cpp kills the trial, and is refused with llama.cpp's last words", async () => {
    writeFileSync(path, encodeGguf(hunyuanModel({ expert_used_count: 3 })).bytes);
    const said = await run(`import { tryInChild } from "${DIST}llama/trial.js";
      const path = process.argv[1];
      await tryInChild({ path, fileBytes: 1 }, {}).catch(({ code, what }) => console.log(code, what));`);
    expect(said).toMatch(
      /^MODEL_LOAD_FAILED .*SIGABRT.*GGML_ASSERT\(n_expert_used_max <= hparams.n_expert\)/,
    );
  });

  it("that is sound survives the trial", async () => {
    writeFileSync(path, encodeGguf(hunyuanModel({})).bytes);
    const said = await run(`import { tryInChild } from "${DIST}llama/trial.js";
      await tryInChild({ path: process.argv[1], fileBytes: 1 }, {}); console.log("fine");`);
    expect(said).toBe("fine");
  });
});

describe("a model that is truncated while it is used", () => {
  const script = (options: string) => `${LOAD}
    const model = await LlamaModel.load(path, { cache, ${options} });
    const before = await score(model);
    truncateSync(path, 5000);
    try { console.log((await score(model)) === before) } catch (error) { say(error) }
    process.exit(0);`;

  it("gives the same numbers, because it was read whole", async () => {
    writeFileSync(path, encodeGguf(tinyModel()).bytes);
    expect(await run(script(`cache: cache + "/other"`))).toBe("true");
  });

  it("is an error where it was mapped", async () => {
    writeFileSync(path, encodeGguf(tinyModel()).bytes);
    expect(await run(script("mmap: true"))).toBe("MODEL_CHANGED");
  });
});
