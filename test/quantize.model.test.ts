/** `surprisal quantize` as people call it, with mini. */

import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";
import { mini } from "./mini.ts";

const original = await mini("F32");

describe("surprisal quantize", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-quantize-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const quantize = (...args: string[]) => runCommand(["quantize", ...args], { folder });

  it("makes a model that scores", async () => {
    const { code, stdout, stderr } = await quantize(original, "q8_0", "--out", "small.gguf");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^small\.gguf: 7\.5\d MB, 27 % of 27\.9 MB\n$/);
    const scored = await runCommand(["score", "--text", "Once upon a time", "-m", "small.gguf", "-q"], {
      folder,
    });
    expect(scored).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d/) });
    expect(readdirSync(folder)).toEqual(["small.gguf"]);
  });

  it("names the file itself, takes a name of ours, and says all in JSON", async () => {
    const { code, stdout } = await quantize("mini", "Q4_0", "--allow-requantize", "--json", "--threads", "1");
    expect(code).toBe(0);
    const file = join(folder, "mini-Q4_0.gguf");
    const bytes = readFileSync(file);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(JSON.parse(stdout)).toMatchObject({
      schema: "surprisal.quantize/1",
      output: { path: "mini-Q4_0.gguf", bytes: bytes.length, sha256, quantisation: "Q4_0" },
    });
  });

  it("makes several formats, compares them, and goes on where it was ended", {
    timeout: 240_000,
  }, async () => {
    writeFileSync(
      join(folder, "words.txt"),
      "The cat sat on the mat, and the dog lay on the rug beside the fire. ".repeat(30),
    );
    const asked = [original, "--to", "Q8_0,Q4_K,Q4_0", "--compare", "words.txt", "-o", "several"];
    const first = await quantize(...asked, "--json", "-q");
    expect(first).toMatchObject({ code: 0, stderr: "note: Q4_K stands for Q4_K_M\n" });
    const made = JSON.parse(first.stdout);
    expect(made).toMatchObject({ schema: "surprisal.quantisations/1", kept: { files: [], measures: [] } });
    expect(made.files.map(({ type }: { type: string }) => type)).toEqual(["Q8_0", "Q4_K_M", "Q4_0"]);
    for (const { file, sha256, bytes } of made.files) {
      const written = readFileSync(join(folder, file));
      expect([written.length, createHash("sha256").update(written).digest("hex")]).toEqual([bytes, sha256]);
    }
    const [q8, k, q4] = made.files;
    expect(q8.measures.divergence.value).toBeLessThan(q4.measures.divergence.value / 10);
    // Rows of 704 weights are no multiple of 256: those of ffn_down fall back.
    expect(k.fallbacks).toEqual([
      { tensors: 4, from: "Q6_K", to: "Q8_0" },
      { tensors: 4, from: "Q4_K", to: "Q5_0" },
    ]);

    expect(await quantize(...asked)).toMatchObject({ code: 1, stderr: expect.stringContaining("--resume") });
    // Killed in the middle: one file cut off, one measurement not made, a draft left behind.
    writeFileSync(join(folder, q8.file), readFileSync(join(folder, q8.file)).subarray(0, 1000));
    writeFileSync(`${join(folder, q4.file)}.00000000-0000-4000-8000-000000000000.partial`, "half");
    const place = join(folder, "several", "quantisations.json");
    const record = JSON.parse(readFileSync(place, "utf8"));
    record.files[2].measures = null;
    writeFileSync(place, JSON.stringify(record));
    const again = await quantize(...asked, "--resume", "--json", "-q", "--html", "pick.html");
    expect(again.code).toBe(0);
    const { kept, files } = JSON.parse(again.stdout);
    expect(kept).toEqual({ files: ["Q4_K_M", "Q4_0"], measures: ["Q4_K_M"] });
    for (const [i, { sha256, measures }] of files.entries()) {
      expect(sha256).toBe(made.files[i].sha256);
      expect(measures).toEqual(made.files[i].measures);
    }
    expect(readdirSync(join(folder, "several")).filter((name) => name.endsWith(".partial"))).toEqual([]);
    const page = readFileSync(join(folder, "pick.html"), "utf8");
    for (const words of ["Size against quality", "KL 99 %", "too wide to choose by"])
      expect(page).toContain(words);
    for (const name of ["several", "pick.html", "words.txt"]) rmSync(join(folder, name), { recursive: true });
  });

  it("refuses texts and formats before it makes anything", async () => {
    writeFileSync(join(folder, "empty.txt"), "");
    writeFileSync(join(folder, "a.txt"), "a");
    for (const [args, message] of [
      [["--to", "Q8_0,Q4KM", "--compare", "a.txt"], /did you mean Q4_K_M or Q4_K_S/],
      [["--to", "Q8_0,q8_0"], /Q8_0 twice/],
      [["--to", "Q8_0,"], /commas/],
      [["--to", "Q8_0", "--compare", "none.txt"], /none\.txt/],
      [["--to", "Q8_0", "--compare", "empty.txt"], /EMPTY_INPUT/],
      [["--to", "F32"], /F32 already/],
      [["--to", "IQ2_XXS"], /importance matrix/],
      [["Q8_0", "--to", "Q4_0"], /not both/],
      [["Q8_0", "--compare", "a.txt"], /--compare needs --to/],
    ] as const) {
      const { code, stdout, stderr } = await quantize(original, ...args, "-o", "nothing");
      expect(code, stderr).toBeGreaterThan(0);
      expect(stdout).toBe("");
      expect(stderr).toMatch(message);
      const left = existsSync(join(folder, "nothing")) ? readdirSync(join(folder, "nothing")) : [];
      expect(left.filter((name) => name.includes(".gguf"))).toEqual([]);
    }
    for (const name of ["empty.txt", "a.txt", "nothing"])
      rmSync(join(folder, name), { recursive: true, force: true });
  });

  it("refuses what was not meant, and loses nothing", async () => {
    writeFileSync(join(folder, "text.txt"), "no model");
    const there = readFileSync(join(folder, "mini-Q4_0.gguf"));
    for (const [args, exitCode, message] of [
      [["mini", "Q4_0", "--allow-requantize"], 2, /is there already; --force replaces it/],
      [["mini", "Q9"], 2, /no format "Q9"/],
      [["mini"], 2, /TYPE/],
      [["mini", "Q4_1", "-o", "q.gguf"], 1, /--allow-requantize/],
      [["text.txt", "Q8_0"], 1, /text\.txt/],
      [
        ["mini-Q4_0.gguf", "Q8_0", "-f", "-o", "mini-Q4_0.gguf", "--allow-requantize"],
        2,
        /output is the input/,
      ],
      [["mini", "Q4_0", "-o", "none/q.gguf", "--allow-requantize"], 1, /FILE_UNWRITABLE/],
      [["mini", "Q4_0", "-o", ".", "-f", "--allow-requantize"], 1, /FILE_UNWRITABLE/],
      [["mini", "Q4_0", "-o", ".", "--allow-requantize"], 1, /it is a folder/],
      [["mini", "Q4_0", "--threads", "100000"], 2, /threads/],
    ] as const) {
      const { code, stdout, stderr } = await quantize(...args);
      expect({ code, stdout }, args.join(" ")).toEqual({ code: exitCode, stdout: "" });
      expect(stderr).toMatch(message);
    }
    expect(readFileSync(join(folder, "mini-Q4_0.gguf")).equals(there)).toBe(true);
    expect(existsSync(join(folder, "q.gguf"))).toBe(false);
    expect(readdirSync(folder).sort()).toEqual(["mini-Q4_0.gguf", "small.gguf", "text.txt"]);
  });
});
