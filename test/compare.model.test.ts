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
    const given = ["--base", "mini", "-m", q4, "-m", "lab", "--tokens", "3", "text.txt", "--json"];
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

  it("says what is missing before anything is loaded", async () => {
    for (const [args, words] of [
      [["text.txt"], "--base is missing"],
      [["--base", "mini"], "CORPUS is missing"],
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
