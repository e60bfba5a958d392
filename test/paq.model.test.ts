/** PAQ with a real model: mini's ladder made, killed and gone on with, labels, and levels served. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  type PaqLadder,
  parseRecords,
  RECORDS_SCHEMA,
  type RecordsHeader,
  readLadder,
  recordLine,
} from "../src/route/index.ts";
import { type Finished, runCommand } from "./cli-run.ts";

const folder = mkdtempSync(join(tmpdir(), "paq-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (...names: string[]) => join(folder, ...names);
const paq = (...args: string[]) => runCommand(["route", "paq", ...args, "--threads", "1"], { folder });

const TEXT =
  "It was a bright cold morning in April, and the old man walked slowly down to the harbour, where the boats lay in the sun. He had been there every day since his wife had died.";
writeFileSync(path("text.txt"), TEXT);
const PROMPTS = [
  {
    id: "a",
    prompt: "Once upon a time there was a",
    reference: "king who had three daughters",
    domain: "tale",
  },
  { id: "b", prompt: "The ship sailed out of the", reference: "harbour in the morning", domain: "sea" },
  { id: "c", prompt: "He opened the door and", reference: "looked into the dark room." },
];
writeFileSync(path("prompts.jsonl"), PROMPTS.map((row) => `${JSON.stringify(row)}\n`).join(""));

/** Kills a command as soon as something is there. */
const killedWhen = (isThere: () => boolean, ...args: string[]): Promise<Finished> =>
  runCommand(["route", "paq", ...args, "--threads", "1"], {
    folder,
    meanwhile: (child) => {
      const watch = setInterval(() => {
        if (!isThere()) return;
        child.kill("SIGKILL");
        clearInterval(watch);
      }, 1);
      child.on("exit", () => clearInterval(watch));
    },
  });

const LADDER = ["ladder", "mini", "text.txt", "--out", "ladder"];
const LABEL = ["label", "prompts.jsonl", "--ladder", "ladder"];
const RUN = ["run", "Once upon a time there was a", "--ladder", "ladder", "--max-tokens", "8"];

describe("surprisal route paq", () => {
  let ladder: PaqLadder;

  it("makes a ladder, and goes on with it after a kill -9", async () => {
    const killed = await killedWhen(() => existsSync(path("ladder", "mini-Q4_0.gguf")), ...LADDER, "--quiet");
    expect(killed.signal).toBe("SIGKILL");
    expect(existsSync(path("ladder", "ladder.json"))).toBe(false);
    writeFileSync(
      path("ladder", "mini-Q8_0.gguf.01234567-89ab-cdef-0123-456789abcdef.partial"),
      "half of it",
    );
    const { code, stdout, stderr } = await paq(...LADDER);
    expect([code, stderr]).toEqual([0, "There already: 2-bit\n"]);
    expect(readdirSync(path("ladder")).sort()).toEqual([
      "ladder.json",
      ...["F16", "Q2_0", "Q4_0", "Q8_0"].map((type) => `mini-${type}.gguf`),
    ]);
    expect(stdout).toContain("note: The 16-bit level is Q8_0, dequantised: it is no better than that file.");
    ladder = await readLadder(path("ladder"));
    expect(ladder.source).toMatchObject({ name: "mini", type: "Q8_0", isQuantised: true });
    expect(ladder.levels.map(({ name, type }) => [name, type])).toEqual([
      ["2-bit", "Q2_0"],
      ["4-bit", "Q4_0"],
      ["8-bit", "Q8_0"],
      ["16-bit", "F16"],
    ]);
    // 56 matrices in blocks of 64 weights and 18 bytes (32 and 18; 32 and 34; 2 each), the rest as `quantize --dry-run` says.
    expect(ladder.levels.map(({ bitsPerWeight }) => Number(bitsPerWeight.toFixed(2)))).toEqual([
      2.92, 4.83, 8.51, 16.01,
    ]);
    const [two, , eight, sixteen] = ladder.levels.map(({ perplexity }) => perplexity!);
    expect(Math.abs(Math.log(eight!.value / sixteen!.value))).toBeLessThan(0.02); // the same weights
    expect(two!.value).toBeGreaterThan(5 * sixteen!.value); // it has collapsed
    for (const { low, value, high } of [two!, eight!, sixteen!])
      expect(low <= value && value <= high).toBe(true);
    for (const level of ladder.levels) {
      expect(level.memoryBytes).toBeGreaterThanOrEqual(level.bytes);
      expect(level.cacheBytesPerToken).toBe(8 * 2 * 2 * 64 * 2); // layers, keys and values, heads, values of a head, bytes
      expect(level.prefillTokensPerSecond! * level.generationTokensPerSecond!).toBeGreaterThan(0);
    }
  });

  it("makes again only what is missing or another file, and refuses another model's folder", async () => {
    truncateSync(path("ladder", "mini-F16.gguf"), 1000);
    rmSync(path("ladder", "mini-Q4_0.gguf"));
    const again = await paq(...LADDER, "--json");
    expect(again.code).toBe(0);
    const { kept, levels } = JSON.parse(again.stdout) as PaqLadder & { kept: string[] };
    expect(kept).toEqual(["2-bit", "8-bit"]);
    expect(levels.map(({ identity }) => identity.model?.sha256)).toEqual(
      ladder.levels.map(({ identity }) => identity.model?.sha256),
    );
    expect(levels[0]!.perplexity).toEqual(ladder.levels[0]!.perplexity);
    const other = await paq("ladder", "lab", "--out", "ladder");
    expect(other.code).toBe(1);
    expect(other.stderr).toMatch(/a ladder of mini.*\[RUN_MISMATCH\]/s);
  });

  it("scores the same references under all levels, and goes on after a kill -9 to the same file", async () => {
    const whole = await paq(...LABEL, "-o", "whole.jsonl");
    expect(whole.code).toBe(0);
    expect(whole.stdout).toMatch(/3 of 3 prompts scored/);
    const scores = path("killed.jsonl.unfinished");
    const begun = () => existsSync(scores) && readFileSync(scores, "utf8").split("\n").length > 3;
    const killed = await killedWhen(begun, ...LABEL, "-o", "killed.jsonl", "--quiet");
    if (killed.signal === "SIGKILL") writeFileSync(scores, '{"id":"a","of":"', { flag: "a" });
    expect(killed.code === 0 || killed.signal === "SIGKILL").toBe(true);
    expect((await paq(...LABEL, "-o", "killed.jsonl", "--resume")).code).toBe(0);
    expect(readFileSync(path("killed.jsonl"), "utf8")).toBe(readFileSync(path("whole.jsonl"), "utf8"));
    const { header, records } = parseRecords(readFileSync(path("whole.jsonl"), "utf8"), "whole");
    expect(header.asked).toMatchObject({ reference: "given", form: "text", delimiter: " " });
    expect(header.levels!.map(({ name }) => name)).toEqual(["2-bit", "4-bit", "8-bit", "16-bit"]);
    for (const { paths } of records)
      expect(
        new Set(Object.values(paths).map(({ tokens, promptTokens }) => `${tokens} ${promptTokens}`)).size,
      ).toBe(1);
  });

  it("says which prompts fail, and keeps the others", async () => {
    const rows = [...PROMPTS.slice(0, 1), { prompt: "word ".repeat(1500), reference: "word" }];
    writeFileSync(path("some.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    const { code, stdout } = await paq(
      "label",
      "some.jsonl",
      "--ladder",
      "ladder",
      "-o",
      "some-records.jsonl",
      "--json",
    );
    expect(code).toBe(1);
    const { failed, prompts } = JSON.parse(stdout) as { failed: { code: string }[]; prompts: number };
    expect([failed.map((each) => each.code), prompts]).toEqual([["CONTEXT_EXCEEDED"], 2]);
    writeFileSync(path("empty.jsonl"), '{"prompt":" ","reference":"a"}\n');
    const empty = await paq("label", "empty.jsonl", "--ladder", "ladder", "-o", "never.jsonl");
    expect([empty.code, existsSync(path("never.jsonl"))]).toEqual([2, false]);
  });

  it("answers by a level, by the next higher one where it is missing, and within a budget", async () => {
    const fixed = await paq(...RUN, "--level", "8", "--json");
    expect(fixed.code).toBe(0);
    const answer = JSON.parse(fixed.stdout) as { level: string; tokens: number; text: string };
    expect([answer.level, answer.tokens]).toEqual(["8-bit", 8]);
    const shown = await paq(...RUN, "--level", "8", "--quiet");
    expect(shown.stdout.trim()).toBe(answer.text.trim());
    expect(shown.stderr).toMatch(/^8-bit · loaded in .* ms · 8 tokens in .* ms\n$/);
    renameSync(path("ladder", "mini-Q4_0.gguf"), path("ladder", "away.gguf"));
    const higher = await paq(...RUN, "--level", "4", "--memory", "0.05");
    expect(higher.stdout.trim()).toBe(answer.text.trim());
    expect(higher.stderr).toMatch(/^8-bit · /m);
    expect(higher.stderr).toMatch(/The file of 4-bit is missing.*: 8-bit answers instead\./);
    renameSync(path("ladder", "away.gguf"), path("ladder", "mini-Q4_0.gguf"));
    const small = await paq(...RUN, "--level", "16", "--memory", "0.001");
    expect(small.stderr).toMatch(/16-bit takes .*\[OUT_OF_MEMORY\]/s);
    const empty = await paq("run", " ", "--ladder", "ladder", "--level", "4");
    expect([empty.code, empty.stdout]).toEqual([2, ""]);
    const none = await paq("run", "a", "--ladder", "ladder");
    expect(none.stderr).toMatch(/There is no router/);
  });

  it("takes the file of prompts that labels were made of, and says how probable it is of the level that answered", async () => {
    const header: RecordsHeader = {
      schema: RECORDS_SCHEMA,
      paths: ladder.levels.map(({ name }) => name),
      counting: null,
      identity: null,
    };
    const rows = Array.from({ length: 80 }, (_, i) => ({
      id: `${i}`,
      question: `${"word ".repeat(1 + (i % 7))}${i}`,
      // 2 bits never are enough, 4 bits in nine of ten, 8 bits always
      paths: Object.fromEntries(
        ladder.levels.map(({ name, bits }) => {
          const nll = bits === 2 ? 90 : bits === 4 && i % 10 === 0 ? 60 : 20;
          return [name, { correct: null, tokens: 10, nll }];
        }),
      ),
    }));
    writeFileSync(path("many.jsonl"), recordLine(header) + rows.map((row) => recordLine(row)).join(""));
    const fitted = await paq("fit", "many.jsonl", "--features", "statistics", "-o", "router.json");
    expect(fitted.code).toBe(0);
    renameSync(path("ladder", "mini-Q4_0.gguf"), path("ladder", "away.gguf"));
    const one = await paq(...RUN, "-a", "router.json");
    renameSync(path("ladder", "away.gguf"), path("ladder", "mini-Q4_0.gguf"));
    const { probabilities } = JSON.parse((await paq(...RUN, "-a", "router.json", "--json")).stdout).decision;
    expect(probabilities["4-bit"]).toBeLessThan(0.95);
    expect(probabilities["8-bit"]).toBeGreaterThan(0.98);
    expect(one.stderr).toMatch(/^8-bit, P\(enough\) (100|99)/m);
    const many = await paq(
      "run",
      "prompts.jsonl",
      "--ladder",
      "ladder",
      "-a",
      "router.json",
      "--max-tokens",
      "2",
    );
    expect(many.code).toBe(0);
    const levels = many.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).level);
    expect(levels).toEqual(["4-bit", "4-bit", "4-bit"]);
  });
});
