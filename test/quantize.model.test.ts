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
