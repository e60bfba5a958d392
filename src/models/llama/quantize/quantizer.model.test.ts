/** A quantisation that ends its process ends a child. As it is published: the sources quantise in their own process. */
import { execFile } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { imatrixGguf } from "../../../../test/imatrix-fixture.ts";
import { mini } from "../../../../test/mini.ts";
import { inspectGguf } from "../../gguf/index.ts";

const DIST = new URL("../../../../dist/models/", import.meta.url).href;
const sound = await mini("F32");
let folder: string;

beforeAll(() => {
  if (!existsSync(fileURLToPath(DIST))) throw new Error("Run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "surprisal-quantizer-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => copyFileSync(sound, join(folder, "model.gguf")));

/** Runs a module in a process of its own, in the folder, and gives what it prints. */
async function run(script: string): Promise<unknown> {
  const begin = `import { quantize, planQuantize } from "${DIST}index.js";
    import { createHash } from "node:crypto";
    import { readFileSync, truncateSync } from "node:fs";
    const sha256 = (path) => createHash("sha256").update(readFileSync(path)).digest("hex");
    const said = [];
    const say = (error) => said.push(error.code ?? error.message, error.what ?? "");
    const make = (type, options) => quantize("model.gguf", "out.gguf", type, options).then(() => said.push("made"), say);`;
  const end = "console.log(JSON.stringify(said));";
  const args = ["--input-type=module", "-e", begin + script + end];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder, timeout: 120_000 });
  return JSON.parse(stdout);
}

/** Files beside the model. */
const left = () => readdirSync(folder).filter((name) => name !== "model.gguf");

it("makes the same bytes as llama-quantize, with the matrix's name as it was given", async () => {
  const { tensors } = await inspectGguf(sound);
  const matrices = tensors.filter(({ name, shape }) => shape.length === 2 && name !== "token_embd.weight");
  writeFileSync(
    join(folder, "im.gguf"),
    imatrixGguf(Object.fromEntries(matrices.map(({ name, shape }) => [name, shape[0]!]))),
  );
  // The sums and commands are those of options.model.test.ts.
  expect(
    await run(`await make("Q4_K_M"); said.push(sha256("out.gguf"));
      await make("IQ2_XXS", { imatrix: "im.gguf" }); said.push(sha256("out.gguf"));`),
  ).toEqual([
    "made",
    "80a1dc76ad126c9ec885313e0c895c95f7eb624662a8dfce4a15fdc7e7498944",
    "made",
    "3919ea6cd9baa10052ab20f85903a416e127620e6725d87fd89b4de7be05c453",
  ]);
  for (const name of left()) rmSync(join(folder, name));
});

describe("an input that is cut off", () => {
  // IQ3_S takes seconds, the cut some milliseconds; without a child this process dies of SIGBUS.
  it("while it is quantised: is an error, nothing is left, and the process lives", async () => {
    const said = await run(`
      let cut = false;
      await make("IQ3_S", { onProgress() { if (!cut) truncateSync("model.gguf", 5000); cut = true; } });`);
    expect(said).toEqual(["MODEL_CHANGED", expect.stringMatching(/has 5000 bytes now, and had \d{8} when/)]);
    expect(left()).toEqual([]);
  });

  it("between the plan and the work", async () => {
    const said = await run(`await make("Q8_0", { onPlan() { truncateSync("model.gguf", 5000); } });`);
    expect(said).toEqual(["MODEL_CHANGED", expect.stringMatching(/has 5000 bytes now/)]);
    expect(left()).toEqual([]);
  });
});

describe("weights that break an assertion", () => {
  /** Finite, but the sums of their squares are not; then no point of IQ3_S's grid is the nearest one. */
  const spoil = async () => {
    const path = join(folder, "model.gguf");
    const { tensors } = await inspectGguf(path);
    const { offset } = tensors.find(({ name }) => name === "blk.0.ffn_up.weight")!;
    const bytes = readFileSync(path);
    for (let i = 0; i < 256; i++) bytes.writeFloatLE(i % 3 === 0 ? -2e38 : 3e38, offset + 4 * i);
    writeFileSync(path, bytes);
  };

  it("are an error with llama.cpp's last words, nothing is left, and the process lives", async () => {
    await spoil();
    const said = await run(`await make("IQ3_S"); await make("BF16");`);
    expect(said).toEqual([
      "ENGINE_FAILED",
      expect.stringMatching(/^llama\.cpp ends its process .*GGML_ASSERT\(grid_index >= 0\) failed\)$/),
      "made",
    ]);
    expect(left()).toEqual(["out.gguf"]);
    rmSync(join(folder, "out.gguf"));
  });
});

describe("a person who stops it", () => {
  it("by its signal: at any time, and nothing is left", async () => {
    const said = await run(`
      const at = (name) => { const controller = new AbortController();
        return { signal: controller.signal, [name]: () => controller.abort() }; };
      await make("IQ3_S", { signal: AbortSignal.abort() });
      await make("IQ3_S", at("onPlan"));
      await make("IQ3_S", at("onProgress"));`);
    expect(said).toEqual(Array(3).fill(["ABORTED", "Quantising was aborted"]).flat());
    expect(left()).toEqual([]);
  });

  it("by an error of what hears of it", async () => {
    const said = await run(`
      const fail = () => { throw new Error("enough"); };
      await make("IQ3_S", { onPlan: fail });
      await make("IQ3_S", { onProgress: fail });`);
    expect(said).toEqual(["enough", "", "enough", ""]);
    expect(left()).toEqual([]);
  });
});
