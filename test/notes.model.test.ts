/** What concerns the meaning of a number stands beside it: on the screen, in JSON, in run.json, on the page. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";
import { encodeGguf, tinyModel } from "./gguf-fixture.ts";
import { needing, withoutModel } from "./needing.ts";
import { smollm2 } from "./smollm2.ts";
import { splitModel, writeParts } from "./split-fixture.ts";

const larger = await smollm2("F32");
const NOTE = /does not name its pre-tokenizer/;

describe("notes about a model", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-notes-"));
    const model = tinyModel();
    model.metadata.delete("tokenizer.ggml.pre");
    const special = model.metadata.get("tokenizer.ggml.token_type");
    if (special?.type === "arr") special.value.fill(1); // its <|endoftext|> is not marked as special
    writeFileSync(join(folder, "odd.gguf"), encodeGguf(model).bytes);
    writeFileSync(join(folder, "text.txt"), "It was the best of times, it was the worst of times.");
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) => runCommand(args, { folder });

  it("stand in score's answer, its JSON and its page", async () => {
    const { stdout } = await run("score", "text.txt", "-m", "odd.gguf", "--html", "page.html");
    expect(stdout.replaceAll(/\s+/g, " ")).toMatch(NOTE);
    expect(stdout).toMatch(/<\|endoftext\|>/);
    expect(readFileSync(join(folder, "page.html"), "utf8")).toMatch(NOTE);
    const json = JSON.parse((await run("score", "text.txt", "-m", "odd.gguf", "--json")).stdout);
    expect(json.notes).toEqual([
      expect.stringMatching(NOTE),
      expect.stringMatching(/1 token that looks special is not marked so/),
    ]);
  });

  it("stand in run.json and in a comparison", async () => {
    await run("eval", "text.txt", "-m", "odd.gguf", "--run", "run", "-q");
    const { notes } = JSON.parse(readFileSync(join(folder, "run", "run.json"), "utf8"));
    expect(notes).toContainEqual(expect.stringMatching(NOTE));
    writeFileSync(join(folder, "base.gguf"), encodeGguf(tinyModel()).bytes);
    const compared = await run(
      "compare",
      "--base",
      "base.gguf",
      "-m",
      "odd.gguf",
      "text.txt",
      "-r",
      "strided",
    );
    expect(compared.stdout.replaceAll(/\s+/g, " ")).toMatch(NOTE);
  });

  it("are refusals where no number could mean anything", async () => {
    const model = tinyModel();
    new DataView(model.tensors[1]!.data.buffer).setFloat32(0, Number.NaN, true);
    writeFileSync(join(folder, "nan.gguf"), encodeGguf(model).bytes);
    const { code, stdout, stderr } = await run("score", "text.txt", "-m", "nan.gguf");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/tensor output_norm\.weight[\s\S]*\[GGUF_INVALID\]/);
  });

  needing(withoutModel(larger)).it("of a Q2_K file of SmolLM2: not one tensor is Q2_K", async () => {
    const made = await run("quantize", larger!, "Q2_K", "-o", "q2.gguf", "-q");
    expect(made.stdout).toMatch(/Note: 120 tensors cannot be Q2_K, because rows of 576/);
    const { notes } = JSON.parse((await run("score", "text.txt", "-m", "q2.gguf", "--json")).stdout);
    expect(notes).toEqual([expect.stringMatching(/calls itself Q2_K, and not one of its tensors is Q2_K/)]);
    const info = JSON.parse((await run("models", "info", "q2.gguf", "--json")).stdout);
    expect(info.model).toMatchObject({ fileType: "Q2_K", notes });
    expect(info.model.tensorTypes.map(({ type }: { type: string }) => type)).not.toContain("Q2_K");
  });
});

describe("a split model on the command line", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-split-"));
    writeParts(folder, splitModel(tinyModel(), 2));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const run = (...args: string[]) => runCommand(args, { folder });

  it("is scored, described and quantised as one", async () => {
    const first = "tiny-00001-of-00002.gguf";
    const { model } = JSON.parse((await run("score", "--text", "the hat", "-m", first, "--json")).stdout);
    expect(model.files).toHaveLength(2);
    const info = await run("models", "info", first);
    expect(info.stdout).toContain(model.sha256);
    expect(info.stdout).toMatch(/^files +\S*tiny-00001-of-00002\.gguf\n +\S*tiny-00002-of-00002\.gguf$/m);
    const over = await run("quantize", first, "Q8_0", "-f", "-o", "tiny-00002-of-00002.gguf");
    expect(over).toMatchObject({ code: 2, stderr: expect.stringMatching(/a part of the input/) });
    const made = await run("quantize", first, "Q8_0");
    expect(made.stdout).toMatch(/^tiny-Q8_0\.gguf: \d/);
    const kept = await run("quantize", first, "Q8_0", "--keep-split", "-o", "small.gguf", "--json");
    expect(JSON.parse(kept.stdout).output.files.map(({ path }: { path: string }) => path)).toEqual([
      "small-00001-of-00002.gguf",
      "small-00002-of-00002.gguf",
    ]);
    expect((await run("quantize", first, "Q8_0", "--keep-split", "-o", "small.gguf")).stderr).toMatch(
      /small-00001-of-00002\.gguf is there already/,
    );
    const plan = await run("quantize", first, "Q4_K_M", "--dry-run");
    expect(plan.stdout).toMatch(/^As Q4_K_M the weights take .* bits each\.\nTensors: /);
    expect(plan.stdout).toMatch(
      /cannot be Q4_K, because rows of 64 weights are no multiple of 256: Q5_0 instead/,
    );
  });
});
