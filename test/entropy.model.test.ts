/** `surprisal entropy` as people call it: every command as text, JSON and page, and what cannot be measured. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderEntropy } from "../src/cli/render/index.ts";
import { characterSymbols, entropyLab } from "../src/entropy/index.ts";
import { displayWidth } from "../src/text/index.ts";
import { type Finished, type RunOptions, runCommand } from "./cli-run.ts";
import { mini } from "./mini.ts";

const TEXT =
  "The cat sat on the mat, and the dog sat on the log. A bird sang in the tree near the house. ".repeat(40);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "entropy-"));
  writeFileSync(join(folder, "text.txt"), TEXT);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const entropy = (args: string[], options: RunOptions = {}): Promise<Finished> =>
  runCommand(["entropy", ...args, "-q"], { folder, ...options });
const MODEL = ["-m", "mini", "--kernels", "portable", "--threads", "1"];

describe("surprisal entropy", () => {
  it("counts a file: what the library says, and a page", async () => {
    const { code, stdout } = await entropy(["text.txt", "--json", "--order", "3", "--html", "page.html"]);
    expect(code).toBe(0);
    const document = JSON.parse(stdout);
    const lab = entropyLab(characterSymbols(TEXT), { order: 3 });
    expect(document).toMatchObject({
      schema: "surprisal.entropy/1",
      unit: "characters",
      symbols: TEXT.length,
    });
    expect(document.blocks).toEqual(JSON.parse(JSON.stringify(lab.blocks)));
    expect(document.lempelZiv).toEqual(JSON.parse(JSON.stringify(lab.lempelZiv)));
    const page = readFileSync(join(folder, "page.html"), "utf8");
    for (const part of ["Conditional entropy by order", "Mutual information by distance", "<svg"])
      expect(page).toContain(part);
  });

  it("takes tokens and a model's perplexity, bytes of any file, and standard input", async () => {
    const tokens = await entropy(["text.txt", "-u", "tokens", ...MODEL, "--tokens", "200", "--json"]);
    const document = JSON.parse(tokens.stdout);
    expect(document).toMatchObject({ unit: "tokens", model: { tokens: 200, symbols: 200 } });
    expect(document.model.rate).toBeCloseTo(Math.log(document.model.perplexity), 10);
    writeFileSync(
      join(folder, "binary"),
      Uint8Array.from({ length: 3000 }, (_, i) => (i * i) % 256),
    );
    const refused = await entropy(["binary"]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("--unit bytes")]);
    const bytes = await entropy(["binary", "--unit", "bytes", "--blocks-only", "--json"]);
    expect(JSON.parse(bytes.stdout)).toMatchObject({
      unit: "bytes",
      symbols: 3000,
      lempelZiv: [],
      distances: [],
    });
    const piped = await entropy(["--json"], { input: "x" });
    expect(JSON.parse(piped.stdout)).toMatchObject({ symbols: 1, plugin: null, trustedOrder: null });
    const empty = await entropy(["--json"], { input: "" });
    expect([empty.code, JSON.parse(empty.stdout).code]).toEqual([1, "EMPTY_INPUT"]);
    const misspelt = await entropy(["nxet"]);
    expect(misspelt.stderr).toContain("next, converge, context, cross");
  });

  it("next: what comes, prompt beside prompt; a blank is not read", async () => {
    const args = ["next", "The capital of France is ___", "我想___", "-k", "3", ...MODEL];
    const { stdout } = await entropy([...args, "--json"]);
    const { prompts } = JSON.parse(stdout);
    expect(prompts.map(({ read }: { read: string }) => read)).toEqual(["The capital of France is", "我想"]);
    for (const { entropy: nats, choices, top, topMass } of prompts) {
      expect(choices).toBeCloseTo(Math.exp(nats), 10);
      expect(top).toHaveLength(3);
      expect(
        top.reduce((sum: number, { probability }: { probability: number }) => sum + probability, 0),
      ).toBeCloseTo(topMass, 10);
    }
    const shown = await entropy([...args, "--svg", "next.svg"]);
    expect(shown.stdout).toMatch(/The capital of France is +我想/);
    expect(existsSync(join(folder, "next.svg"))).toBe(true);
    const piped = await entropy(["next", ...MODEL, "--json"], { input: "One\n\nTwo\n" });
    expect(JSON.parse(piped.stdout).prompts).toHaveLength(2);
  });

  it("converge, context and cross, each a document", async () => {
    const converge = await entropy([
      "converge",
      "text.txt",
      ...MODEL,
      "--starts",
      "4",
      "--tokens",
      "400",
      "--json",
      "--html",
      "converge.html",
    ]);
    const convergence = JSON.parse(converge.stdout);
    expect(convergence).toMatchObject({ schema: "surprisal.entropy-converge/1", length: 100, tokens: 400 });
    expect(convergence.limit.interval.low).toBeLessThanOrEqual(convergence.limit.interval.high);
    const context = await entropy([
      "context",
      "text.txt",
      ...MODEL,
      "--places",
      "8",
      "--longest",
      "16",
      "--json",
      "--html",
      "context.html",
    ]);
    const worth = JSON.parse(context.stdout);
    expect(worth.points.map((point: { context: number }) => point.context)).toEqual([0, 1, 2, 4, 8, 16]);
    for (const point of worth.points)
      expect(point.saved.value).toBeCloseTo(worth.points[0].rate.value - point.rate.value, 10);
    const q4 = await mini("Q4_0");
    const cross = await entropy([
      "cross",
      "text.txt",
      "--p",
      "mini",
      "--q",
      q4,
      "--tokens",
      "60",
      "--json",
      "--html",
      "cross.html",
      ...MODEL.slice(2),
    ]);
    const report = JSON.parse(cross.stdout);
    expect(report.crossEntropy.value).toBeCloseTo(report.entropyP.value + report.divergence.value, 9);
    expect(report.divergence.value).toBeGreaterThan(0);
    for (const page of ["converge", "context", "cross"])
      expect(readFileSync(join(folder, `${page}.html`), "utf8")).toContain("<svg");
    const missing = await entropy(["cross", "text.txt", "--p", "mini"]);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining("--q is missing")]);
  });

  it("would not write over the text", async () => {
    const { code } = await entropy(["text.txt", "--html", "text.txt"]);
    expect([code, readFileSync(join(folder, "text.txt"), "utf8")]).toEqual([2, TEXT]);
  });
});

it.each([60, 80, 120])("fits a terminal of %i columns", (columns) => {
  const lab = entropyLab(characterSymbols(TEXT));
  const shown = renderEntropy(
    { kind: "lab", name: "text.txt", lab, model: null, level: 0.95 },
    { isTTY: true, columns },
  );
  for (const line of shown.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(columns);
});
