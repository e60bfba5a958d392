/** `surprisal generate` as people start it: with the shipped model, in pipes, interrupted, and against servers. */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resolve } from "../src/models/index.ts";
import { BUILT, type RunOptions, runCommand } from "./cli-run.ts";
import { needing } from "./needing.ts";
import { startFakeServer } from "./wire/fake-server.ts";

const folder = mkdtempSync(join(tmpdir(), "surprisal-generate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Row {
  type: "answer" | "error";
  prompt: number;
  sample: number;
  [field: string]: unknown;
}

const generate = (args: readonly string[], options: RunOptions = {}) =>
  runCommand(["generate", ...args], { folder, ...options });
const rowsIn = (text: string): Row[] =>
  text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
const rowsOf = (file: string) => rowsIn(readFileSync(join(folder, file), "utf8"));
const places = (rows: readonly Row[]) =>
  rows.map(({ type, prompt, sample }) => `${type[0]}${prompt}.${sample}`);

writeFileSync(
  join(folder, "prompts.jsonl"),
  ["Once upon a time", "The old man", "It was a dark night"]
    .map((prompt, i) => `${JSON.stringify({ id: `p${i}`, prompt })}\n`)
    .join(""),
);
const FEW = ["prompts.jsonl", "--samples", "2", "--max-tokens", "8", "--seed", "4"];

describe("surprisal generate", () => {
  it("writes a row an answer, with the model's own numbers, as the library does", async () => {
    const { code, stdout, stderr } = await generate([...FEW, "--logprobs", "--alternatives", "2"]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^6 answers to 3 prompts · perplexity [\d.]+ · 48 tokens · [\d,.]+ tokens\/s$/m);
    const rows = rowsIn(stdout);
    expect(places(rows)).toEqual(["a0.0", "a0.1", "a1.0", "a1.1", "a2.0", "a2.1"]);
    await using model = await resolve("mini");
    for (const [i, row] of rows.entries()) {
      expect(row).toMatchObject({
        id: `p${row.prompt}`,
        seed: 4 + row.sample,
        finishReason: "length",
        ...{ tokens: 8, scored: 8, partial: false, recipe: "written", warnings: [] },
        request: { model: { name: "mini" }, options: { maxTokens: 8, temperature: 0.7, seed: 4 } },
        provenance: { model: { name: "mini" }, probabilities: "raw", eosCounted: false },
      });
      const tokens = row.logprobs as { id: number; logprob: number; alternatives: unknown[] }[];
      expect(tokens.every(({ alternatives }) => alternatives.length === 2)).toBe(true);
      const mean = tokens.reduce((sum, { logprob }) => sum + logprob, 0) / 8;
      expect(row.meanLogprob).toBeCloseTo(mean, 10);
      expect(row.perplexity).toBeCloseTo(Math.exp(-mean), 8);
      if (i % 2 === 1) continue; // one at a time: other batches, other last digits of quantised weights
      const prompt = ["Once upon a time", "The old man", "It was a dark night"][row.prompt]!;
      const { ids } = await model.tokenize(prompt, { addSpecial: true });
      expect(row.usage).toEqual({ promptTokens: ids.length, sharedTokens: 0, tokens: 8 });
    }
  });

  it("writes the same whether side by side or one after another, with float weights", async () => {
    const args = [...FEW, "--exact", "--cache-type", "f32"];
    const environment = { SURPRISAL_CACHE: join(folder, "cache") };
    const [one, many] = [
      await generate([...args, "--at-once", "1"], { environment }),
      await generate([...args, "--at-once", "6"], { environment }),
    ];
    const texts = (stdout: string) => rowsIn(stdout).map(({ text }) => text);
    expect(texts(one.stdout)).toHaveLength(6);
    expect(texts(many.stdout)).toEqual(texts(one.stdout));
  });

  it("begins with a prefill, ends at a stop string, and says what lay behind it", async () => {
    const plain = rowsIn(
      (await generate(["Once upon a time", "--temperature", "0", "--max-tokens", "12"])).stdout,
    );
    const text = plain[0]!.text as string;
    const stop = text.slice(6, 9);
    const { stdout } = await generate([
      ...["Once upon a", "--prefill", " time", "--temperature", "0", "--max-tokens", "12", "--stop", stop],
    ]);
    expect(rowsIn(stdout)[0]).toMatchObject({
      prefill: " time",
      text: text.slice(0, text.indexOf(stop)),
      finishReason: "stop",
      stop: { text: stop, behind: expect.any(String) },
    });
  });

  it("chooses one of some texts, from options and a file", async () => {
    writeFileSync(join(folder, "choices.txt"), " red\r\n blue\n");
    const args = [
      "The sky is",
      "-n",
      "8",
      "--temperature",
      "2",
      "--one-of",
      " grey",
      "--one-of-file",
      "choices.txt",
    ];
    const rows = rowsIn((await generate(args)).stdout);
    const texts = [" grey", " red", " blue"];
    for (const row of rows) {
      expect(texts).toContain(row.text);
      expect(row).toMatchObject({
        finishReason: "stop",
        choice: { index: texts.indexOf(row.text as string) },
      });
    }
    expect(new Set(rows.map(({ text }) => text)).size).toBeGreaterThan(1);
  });

  it("reads prompts from a pipe, and from a text file a line each", async () => {
    const piped = await generate(["--max-tokens", "2", "-q"], { input: "One\n\nTwo\n" });
    expect(places(rowsIn(piped.stdout))).toEqual(["a0.0", "a1.0"]);
    expect(piped.stderr).toBe("");
    const rows = await generate(["-", "--max-tokens", "2"], { input: '{"text": "One", "id": 5}\n' });
    expect(rowsIn(rows.stdout)).toMatchObject([{ id: 5 }]);
  });

  it("goes on after a bad prompt, and its exit code says that there was one", async () => {
    const input = `{"prompt":"Once"}\nno json\n{"prompt":${JSON.stringify("word ".repeat(3000))}}\n{"prompt":"The"}\n`;
    const { code, stdout, stderr } = await generate(["--max-tokens", "3"], { input: input });
    expect(code).toBe(1);
    expect(rowsIn(stdout)).toMatchObject([
      { type: "answer", prompt: 0 },
      { type: "error", prompt: 1, code: "CORPUS_MALFORMED", where: "standard input:2" },
      { type: "error", prompt: 2, code: "CONTEXT_EXCEEDED" },
      { type: "answer", prompt: 3 },
    ]);
    expect(stderr).toMatch(
      /2 of 4 answers failed; the first with CORPUS_MALFORMED: .*\n.*\[MODEL_FAILED\]$/m,
    );
  }, 60_000);

  it("takes prompts as long as the context that it is given", async () => {
    const prompt = "word ".repeat(5000);
    const short = await generate(["--text", prompt, "--max-tokens", "2"]);
    expect(rowsIn(short.stdout)).toMatchObject([{ type: "error", code: "CONTEXT_EXCEEDED" }]);
    const long = await generate(["--text", prompt, "--max-tokens", "2", "--context-size", "6000"]);
    expect(rowsIn(long.stdout)).toMatchObject([{ type: "answer", tokens: 2 }]);
  }, 60_000);

  it("writes into the file of --out, and nothing on standard output", async () => {
    const { stdout, code } = await generate(["Once", "--max-tokens", "3", "--out", "quiet.jsonl", "-q"]);
    expect({ stdout, code }).toEqual({ stdout: "", code: 0 });
    expect(places(rowsOf("quiet.jsonl"))).toEqual(["a0.0"]);
  });

  it.each([
    ["no file to go on with", ["a", "--resume"], "USAGE", 2],
    ["alternatives of no numbers", ["a", "--alternatives", "2"], "USAGE", 2],
    ["stops and choices", ["a", "--stop", "b", "--one-of", "c"], "USAGE", 2],
    ["no samples", ["a", "--samples", "0"], "USAGE", 2],
    ["an empty stop string", ["a", "--stop", ""], "USAGE", 2],
    ["a file that is not there", ["none.jsonl"], "FILE_NOT_FOUND", 1],
    ["nothing at all", [], "EMPTY_INPUT", 1],
    ["a system text for no chat", ["a", "--system", "b"], "USAGE", 2],
    ["a field of no rows", ["a", "--field", "b"], "USAGE", 2],
    ["more alternatives than the model gives", ["a", "--logprobs", "--alternatives", "300"], "USAGE", 2],
    ["a chat of a base model", ["a", "--chat"], "UNSUPPORTED_CAPABILITY", 1],
    ["a model that is none", ["a", "-m", "minni"], "UNKNOWN_MODEL", 2],
  ])("refuses %s, also as a row", async (_, args, errorCode, exitCode) => {
    const { code, stdout, stderr } = await generate([...args, "--jsonl"]);
    expect(code).toBe(exitCode);
    expect(stderr.trimEnd()).toMatch(new RegExp(`\\[${errorCode}\\]$`));
    expect(rowsIn(stdout)).toMatchObject([{ type: "error", code: errorCode }]);
  });
});

needing(!hasScript() && "no util-linux script").describe("surprisal generate at a terminal", () => {
  it("shows each answer under its prompt, with its perplexity, and how far it is", () => {
    const command = `stty cols 100; "${process.execPath}" "${BUILT}cli/main.js" generate prompts.jsonl -n 2 --max-tokens 6 --prefill " there"`;
    const { NO_COLOR: _, CI: __, ...inherited } = process.env; // Node takes a terminal in CI for colourless
    const environment = { ...inherited, TERM: "xterm-256color", COLORTERM: "truecolor" };
    const shown = execFileSync("script", ["-qec", command, "/dev/null"], {
      cwd: folder,
      encoding: "utf8",
      env: environment,
    });
    expect(shown).toContain("\u001b[48;2;"); // coloured by surprisal
    const lines = shown
      .replaceAll(/\u001b\[[?\d;]*[A-Za-z]/g, "")
      .replaceAll("\r", "")
      .split("\n");
    expect(lines.filter((line) => /^prompt \d of 3: /.test(line))).toEqual([
      "prompt 1 of 3: p0: Once upon a time",
      "prompt 2 of 3: p1: The old man",
      "prompt 3 of 3: p2: It was a dark night",
    ]);
    expect(lines.filter((line) => /^answer [12]$/.test(line))).toHaveLength(6);
    expect(lines.filter((line) => line.startsWith(" there"))).toHaveLength(6);
    expect(lines.filter((line) => /^perplexity [\d.]+ · 6 tokens/.test(line))).toHaveLength(6);
    expect(lines.join("\n")).toMatch(/6 answers to 3 prompts · perplexity [\d.]+ · 36 tokens/);
  });
});

function hasScript(): boolean {
  try {
    execFileSync("script", ["--version"], { stdio: "pipe" });
    return true;
  } catch {
    return false;
  }
}

describe("surprisal generate --out --resume", () => {
  it("keeps what is done, after a torn line and a row that is missing, and comes to the same file", async () => {
    const whole = ["prompts.jsonl", "-n", "3", "--max-tokens", "4", "--at-once", "1"];
    expect((await generate([...whole, "--out", "whole.jsonl"])).code).toBe(0);
    const lines = readFileSync(join(folder, "whole.jsonl"), "utf8").split("\n");
    writeFileSync(join(folder, "torn.jsonl"), `${lines.slice(0, 4).join("\n")}\n${lines[4]!.slice(0, 50)}`);
    const { code, stderr } = await generate([...whole, "--out", "torn.jsonl", "--resume"]);
    expect(code).toBe(0);
    expect(stderr).toContain("5 answers to 3 prompts");
    const strip = (file: string) =>
      rowsOf(file).map(({ text, seed, prompt, sample }) => ({ text, seed, prompt, sample }));
    expect(strip("torn.jsonl")).toEqual(strip("whole.jsonl"));
    const again = await generate([...whole, "--out", "torn.jsonl", "--resume"]);
    expect(again.stderr).toContain("0 answers to 3 prompts");
  });

  it("refuses another file, other options, and a file that is there", async () => {
    writeFileSync(join(folder, "poem.jsonl"), "a poem\n");
    const over = await generate(["Once", "--out", "poem.jsonl"]);
    expect([over.code, over.stderr]).toEqual([2, expect.stringContaining("--resume goes on with it")]);
    const damaged = await generate(["Once", "--out", "poem.jsonl", "--resume"]);
    expect(damaged.stderr).toContain("[RUN_DAMAGED]");
    const other = await generate([
      "prompts.jsonl",
      "-n",
      "3",
      "--max-tokens",
      "5",
      "--out",
      "whole.jsonl",
      "--resume",
    ]);
    expect(other.stderr).toMatch(/another maxTokens: 4, now 5 .*\n.*\[RUN_MISMATCH\]$/m);
    expect(readFileSync(join(folder, "poem.jsonl"), "utf8")).toBe("a poem\n");
  });

  it.skipIf(process.platform === "win32")(
    "keeps what is done at Ctrl-C, says how to go on, and goes on",
    async () => {
      const args = [
        "prompts.jsonl",
        "-n",
        "10",
        "--max-tokens",
        "40",
        "--at-once",
        "2",
        "--out",
        "cut.jsonl",
      ];
      const { signal, stderr } = await generate(args, {
        meanwhile: (child) => {
          const file = join(folder, "cut.jsonl");
          const look = setInterval(() => {
            if (!existsSync(file) || readFileSync(file).length === 0) return;
            clearInterval(look);
            child.kill("SIGINT");
          }, 5);
          child.once("close", () => clearInterval(look));
        },
      });
      expect(signal).toBe("SIGINT");
      expect(stderr).toMatch(
        /^Interrupted: \d+ of 30 answers are in cut\.jsonl now\. Go on with the same command and --resume\.$/m,
      );
      const done = rowsOf("cut.jsonl").length;
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(30);
      expect(existsSync(join(folder, "cut.jsonl.lock"))).toBe(false);
      appendFileSync(join(folder, "cut.jsonl"), "{");
      const more = await generate([...args, "--resume"]);
      expect([more.code, more.stderr]).toEqual([
        0,
        expect.stringContaining(`${30 - done} answers to 3 prompts`),
      ]);
      const all = Array.from({ length: 30 }, (_, i) => `a${Math.floor(i / 10)}.${i % 10}`);
      expect(places(rowsOf("cut.jsonl"))).toEqual(all);
    },
  );
});

describe("surprisal generate of a server", () => {
  it("asks for answers side by side, passes on what the server takes, and refuses the rest by name", async () => {
    await using server = await startFakeServer({ dialect: "openai" });
    const environment = { OPENAI_API_KEY: "", SURPRISAL_API_KEY: "" };
    const model = `${server.url}#table`;
    const args = ["prompts.jsonl", "--chat", "-m", model, "--max-tokens", "5"];
    const { code, stdout, stderr } = await generate([...args, "-n", "2", "--stop", "zzz"], { environment });
    expect(stderr).not.toContain("[");
    expect(code).toBe(0);
    const rows = rowsIn(stdout);
    expect(places(rows)).toEqual(["a0.0", "a0.1", "a1.0", "a1.1", "a2.0", "a2.1"]);
    expect(rows[0]).toMatchObject({
      usage: { promptTokens: null, sharedTokens: null, tokens: 5 },
      provenance: { probabilities: "raw" },
    });
    const asked = server.requests.filter(({ method }) => method === "POST").map(({ body }) => body);
    expect(asked.at(-1)).toMatchObject({ stop: ["zzz"], max_tokens: 5 });
    const refused = await generate([...args, "--one-of", "a"], { environment });
    expect(refused.code).toBe(1);
    expect(rowsIn(refused.stdout)).toMatchObject([
      { type: "error", code: "UNSUPPORTED_CAPABILITY", message: expect.stringContaining("oneOf") },
      { type: "error" },
      { type: "error" },
    ]);
  });

  it("ends where the server is gone, and says what is kept", async () => {
    const server = await startFakeServer({ dialect: "openai" });
    const url = server.url;
    await server.close();
    const { code, stdout } = await generate(["a", "--chat", "-m", `${url}#table`]);
    expect(code).toBe(1);
    expect(rowsIn(stdout.trim() === "" ? "" : stdout).every(({ type }) => type === "error")).toBe(true);
  });
});
