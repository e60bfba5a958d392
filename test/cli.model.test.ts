/** The command line with the model it has by itself: what it prints, writes and leaves behind. */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runCommand } from "./cli-run.ts";
import { mini } from "./mini.ts";
import { NOT_WINDOWS, needing } from "./needing.ts";

const TEXT = "The quick brown fox jumps over the lazy dog. It was a sunny day in the forest.\n";
const ESCAPE = "\u001b";
const withoutBos = await mini("Q8_0", { addsBos: false });

describe("surprisal score", () => {
  let folder = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-cli-"));
    writeFileSync(join(folder, "text.txt"), TEXT);
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const score = (args: readonly string[], options = {}) =>
    runCommand(["score", ...args], { folder, ...options });

  it("prints words for people, without colours in a pipe", async () => {
    const { code, stdout, stderr } = await score(["text.txt"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^perplexity +\d[\d.]* \(\d[\d.]* to \d[\d.]*\)\n/);
    for (const words of ["bits per byte", "gzip", "Most surprising tokens", "recipe  ", "sha256"])
      expect(stdout).toContain(words);
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).toMatch(/^note +mini is a very small model; --model smollm2 .*surprisal models list/m);
  });

  it("says nothing of other models to those who chose one, and none of it in a page or a document", async () => {
    const chosen = await score(["text.txt", "--model", "mini"]);
    expect(chosen.stdout).toMatch(/^model +mini /m);
    expect(chosen.stdout).not.toContain("smollm2");
    const { stdout } = await score(["text.txt", "--json", "--html", "hint.html"]);
    expect(JSON.parse(stdout).notes).toEqual([]);
    expect(readFileSync(join(folder, "hint.html"), "utf8")).not.toContain("smollm2");
    rmSync(join(folder, "hint.html"));
  });

  it("needs no network, no cache and no home, and leaves nothing there", async () => {
    const home = join(folder, "home");
    mkdirSync(home, { mode: 0o555 });
    const { SURPRISAL_CACHE: _, XDG_CACHE_HOME: __, ...inherited } = process.env;
    for (const HOME of [home, join(folder, "text.txt", "no-folder")]) {
      const environment = {
        ...inherited,
        HOME,
        USERPROFILE: HOME,
        LOCALAPPDATA: HOME,
        SURPRISAL_OFFLINE: "1",
      };
      const { code, stdout, stderr } = await score(["text.txt", "--json"], { environment, inherit: false });
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      expect(JSON.parse(stdout).model.name).toBe("mini");
    }
    expect(readdirSync(home)).toEqual([]);
    rmSync(home, { recursive: true });
  });

  it("takes colours from FORCE_COLOR, and NO_COLOR stands above it", async () => {
    expect((await score(["text.txt"], { environment: { FORCE_COLOR: "2" } })).stdout).toContain(
      "\u001b[48;5;",
    );
    expect(
      (await score(["text.txt"], { environment: { FORCE_COLOR: "3", NO_COLOR: "1" } })).stdout,
    ).not.toContain(ESCAPE);
  });

  it("--json is one document with the fields of surprisal.score/2, and equal numbers from a pipe", async () => {
    const { code, stdout, stderr } = await score(["--json"], { input: TEXT });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({
      schema: "surprisal.score/2",
      model: { name: "mini", quantisation: "Q8_0", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      recipe: { id: expect.stringMatching(/^[0-9a-f]{8}$/), name: "cached" },
      standardErrorMethod: "block-bootstrap",
      timing: { totalMs: expect.any(Number), loadMs: expect.any(Number), decodeMs: expect.any(Number) },
    });
    expect(document).not.toHaveProperty("tokenTable");
    expect(document.scored).toBe(document.tokens); // the first one is predicted from BOS
    expect(document.timing.tokensRun).toBe(document.scored);
    expect(document.perplexity).toBeCloseTo(Math.exp(document.nll), 9);
    expect(document.bitsPerToken).toBeCloseTo(document.nll / Math.LN2, 9);
    expect(document.bytePerplexity).toBeCloseTo(2 ** document.bitsPerByte, 9);
    expect(document.wordPerplexity).toBeGreaterThan(document.perplexity);
    expect(document.standardError).toBeGreaterThan(0);
    const file = JSON.parse((await score(["text.txt", "--json"])).stdout);
    expect(file.nll).toBe(document.nll);
  });

  it("leaves the first token without a number where the tokenizer adds no BOS", async () => {
    const { stdout } = await score(["text.txt", "--json", "--tokens", "--model", withoutBos]);
    const { scored, tokens, tokenTable, unscored } = JSON.parse(stdout);
    expect([scored, unscored.tokens]).toEqual([tokens - 1, 1]);
    expect([tokenTable[0].logprob, tokenTable[1].logprob]).toEqual([null, expect.any(Number)]);
  });

  it("--json --tokens has every token with its alternatives, and a special token's name is text", async () => {
    const hostile = "End<|endoftext|>\u001b[2J</script> 你🦔";
    const { stdout } = await score(["--text", hostile, "--json", "--tokens", "--top", "3"]);
    const { tokens, tokenTable } = JSON.parse(stdout);
    expect(tokenTable).toHaveLength(tokens);
    const bytes = tokenTable.flatMap(
      ({ text, bytes }: { text: string; bytes?: number[] }) => bytes ?? [...new TextEncoder().encode(text)],
    );
    expect(new TextDecoder().decode(Uint8Array.from(bytes))).toBe(hostile);
    expect(tokenTable.map(({ text }: { text: string }) => text)).not.toContain("<|endoftext|>");
    for (const { logprob, alternatives } of tokenTable) {
      expect(logprob).toBeLessThanOrEqual(0);
      expect(alternatives).toHaveLength(3);
    }
  });

  it("--tokens lists a line per token, and nothing of the text reaches the terminal as a command", async () => {
    const { stdout } = await score(["--text", "Beware \u001b[31mred\u202e text", "--tokens"]);
    expect(stdout.trim().split("\n")[0]).toMatch(/^token +bits +rank +entropy,bits +text +expected$/);
    expect(stdout).toContain("␛");
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
  });

  it("--quiet prints the perplexity alone; byte order mark and CRLF are no obstacle", async () => {
    const { code, stdout, stderr } = await score(["-q"], { input: `\ufeff${TEXT.replace("\n", "\r\n")}` });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^\d[\d.]*( ± \d[\d.]*| \(\d[\d.]* to \d[\d.]*\))?\n$/);
  });

  it("--html writes a page through a link, beside --json, and leaves nothing else", async () => {
    const before = readdirSync(folder);
    writeFileSync(join(folder, "page.html"), "old");
    symlinkSync("page.html", join(folder, "link.html"));
    const name = "</script><script>harm()<script>".replaceAll("/", "");
    writeFileSync(join(folder, name), `${TEXT}</script><script>harm()</script>`);
    const { code, stdout } = await score([name, "--html", "link.html", "--json"]);
    expect({ code, schema: JSON.parse(stdout).schema }).toEqual({ code: 0, schema: "surprisal.score/2" });
    expect(lstatSync(join(folder, "link.html")).isSymbolicLink()).toBe(true);
    const page = readFileSync(join(folder, "page.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/i);
    expect(page).not.toContain("<script>harm");
    expect(readdirSync(folder).sort()).toEqual([...before, "link.html", "page.html", name].sort());
  });

  needing(NOT_WINDOWS).it("--html does not replace a device by a file", async () => {
    expect((await score(["text.txt", "-q", "--html", "/dev/null"])).code).toBe(0);
    expect(lstatSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  it.each([
    ["one token, and no BOS", ["--text", "h", "--model", withoutBos], 1, "NOTHING_TO_SCORE"],
    ["too short for llama.cpp's chunks", ["text.txt", "-r", "llama.cpp"], 1, "TOO_FEW_TOKENS"],
    ["longer than the one window", ["text.txt", "-r", "full", "-c", "8"], 1, "CONTEXT_EXCEEDED"],
    ["a stride beyond the window", ["text.txt", "--stride", "9999"], 2, "INVALID_ARGUMENT"],
    ["a stride where there is none", ["text.txt", "-r", "full", "--stride", "5"], 2, "INVALID_ARGUMENT"],
  ])("%s: an error, an exit code, and nothing on stdout", async (_, args, exitCode, errorCode) => {
    const { code, stdout, stderr } = await score(args);
    expect(stderr).toContain(`[${errorCode}]`);
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: "" });
  });

  it.each([
    ["strided", "8", "4"],
    ["disjoint", "8", null],
    ["half", "8", null],
    ["cached", "8", "4"],
    ["hf-strided", "8", "4"],
    ["lm-eval", "8", null],
    ["llama.cpp", "8", null],
    ["full", null, null],
    ["hf-evaluate", null, null],
  ])(
    "--recipe %s with a context of %s and a stride of %s is what the document says",
    async (recipe, context, stride) => {
      const args = ["text.txt", "--json", "--recipe", recipe, "--threads", "1"];
      if (context) args.push("--context", context);
      if (stride) args.push("--stride", stride);
      const document = JSON.parse((await score(args)).stdout);
      expect(document.recipe).toMatchObject({ name: recipe, stride: stride && Number(stride) });
      if (context) expect(document.recipe.context).toBe(Number(context));
      expect(document.settings.threads).toBe(1);
      expect(document.perplexity).toBeGreaterThan(1);
    },
  );

  it("ends in silence when the reader of the pipe has enough", async () => {
    const { code, stderr } = await score(["text.txt"], {
      meanwhile: ({ stdout }: { stdout: NodeJS.ReadableStream & { destroy(): void } }) => stdout.destroy(),
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  it.each([100, 1000, 3000])(
    "Ctrl-C after %i ms ends it by the signal, at once, without half a file",
    async (after) => {
      let sent = 0;
      const { signal, stdout, ms } = await score(["--html", "interrupted.html"], {
        input: TEXT.repeat(5000),
        meanwhile: (child: { kill(signal: string): void }) => {
          setTimeout(() => {
            sent = performance.now();
            child.kill("SIGINT");
          }, after);
        },
      });
      expect({ signal, stdout }).toEqual({ signal: "SIGINT", stdout: "" });
      expect(performance.now() - sent).toBeLessThan(1000);
      expect(ms).toBeGreaterThan(after - 50);
      expect(existsSync(join(folder, "interrupted.html"))).toBe(false);
      expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
    },
  );
});
