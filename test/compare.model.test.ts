/** `surprisal compare` as people call it, with mini. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";
import { mini } from "./mini.ts";

const TEXT = "The quick brown fox jumps over the lazy dog. It was a sunny day in the forest.\n";
const q4 = await mini("Q4_0");

describe("surprisal compare", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-compare-"));
    writeFileSync(join(folder, "text.txt"), TEXT.repeat(3));
    writeFileSync(join(folder, "other.txt"), "She sells sea shells \u001b[31mon the shore.\n");
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const compare = (...args: string[]) => runCommand(["compare", ...args], { folder });

  it("prints tables for people, safe to show, and a page", { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await compare(
      ...["--base", "mini", "-m", q4, "--model", "mini", "text.txt", "other.txt", "--html", "page.html"],
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const words of ["ratio", "KL divergence, nats", "99.9%", "same top", "what changed most", "sha256"])
      expect(stdout).toContain(words);
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("2 documents");
    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toContain("<svg");
    expect(page).not.toContain("\u001b");
  });

  it("prints one JSON document; per byte with another tokenizer", { timeout: 120_000 }, async () => {
    const given = ["--base", "mini", "-m", q4, "-m", "lab", "--most-changed", "3", "text.txt", "--json"];
    const { code, stdout } = await compare(...given);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: "surprisal.compare/1",
      base: { model: { name: "mini" }, recipe: { name: "cached" } },
      texts: { documents: 1, bytes: 3 * TEXT.length, skipped: [] },
    });
    const [token, byte] = document.comparisons;
    expect([token.per, byte.per]).toEqual(["token", "byte"]);
    expect(token.measures.divergence.value).toBeGreaterThan(0);
    expect(token.measures.mostChanged).toHaveLength(3);
    expect(byte.measures.difference.value).toBeCloseTo(
      byte.measures.bitsPerByte.value - byte.measures.baseBitsPerByte.value,
      9,
    );
    expect(byte.notes.join()).toContain("KL divergence is not defined");
  });

  it("writes a table and a document, and says that a short text is one", { timeout: 120_000 }, async () => {
    const old = ["--base", "mini", "-m", q4, "text.txt", "--tokens", "2"];
    const { code, stdout, stderr } = await compare(...old, "-o", "compared.csv");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "note: --tokens is called --most-changed now\n" });
    expect(stdout).toContain("too wide to choose by");
    for (const line of stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    const [head, base, model, end] = readFileSync(join(folder, "compared.csv"), "utf8").split("\r\n");
    expect(head).toMatch(/^model,isBase,quantisation,modelBytes,bitsPerWeight,parameters,/);
    // 7 million weights of mini: Q8_0 has 34 bytes for 32 of them, Q4_0 18, and some tensors have more.
    const [size, bits] = base!.split(",").slice(3, 5).map(Number);
    expect(size).toBe(7_532_320);
    expect(bits).toBeCloseTo(8.5, 1);
    expect(Number(model!.split(",")[4])).toBeGreaterThan(4.5);
    expect(end).toBe("");
    expect((await compare(...old, "-q", "-o", "compared.md")).code).toBe(0);
    expect(readFileSync(join(folder, "compared.md"), "utf8")).toMatch(
      /^# Compared with mini.*\n\n\| model \| size \| bits\/weight \| perplexity/,
    );
  });

  it("says what is missing before anything is loaded", async () => {
    for (const [args, words] of [
      [["text.txt"], "--base is missing"],
      [["--base", "mini"], "CORPUS is missing"],
      [["--base", "mini", "text.txt"], "--model is missing"],
      [["--base", "mini", "-m", "lab", "text.txt", "-o", "c.xlsx"], ".csv, .md, .html"],
      [["--base", "mini", "-m", "mini", "text.txt", "--recipe", "cache"], "did you mean cached"],
    ] as const) {
      const { code, stderr } = await compare(...args);
      expect(code).toBe(2);
      expect(stderr).toContain(words);
    }
    const { code, stderr } = await compare("--base", "mini", "-m", "mini", "none.txt", "--html", "p.html");
    expect(code).toBe(1);
    expect(stderr).toContain("none.txt");
    expect(existsSync(join(folder, "p.html"))).toBe(false);
  });
});
