/** `surprisal refine` as people call it, with the lab model: broken off and gone on with, layouts, and lines that are none. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { completion, problems, prompt } from "../src/problems/index.ts";
import { type Finished, type RunOptions, runCommand } from "./cli-run.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "refine-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const refine = (args: string[], options: RunOptions = {}): Promise<Finished> =>
  runCommand(["refine", ...args, "-m", "lab", "--kernels", "portable", "--threads", "1"], {
    folder,
    ...options,
  });
const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const write = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content);
  return name;
};
const lines = (name: string): string[] => read(name).trimEnd().split("\n");
const chains = (count: number) => [...problems({ seed: 21, count, split: "test", difficulties: [2] })];
const asFields = (count: number) =>
  chains(count).map((problem, i) => ({
    ...{ id: `p${i}`, question: prompt(problem, "reasoning") },
    ...{
      reasoning: problem.steps.map(({ text }) => text).join("\n"),
      answer: String(problem.answer),
      level: 1,
    },
  }));
const jsonl = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const asChat = (count: number) =>
  chains(count).map((problem) => ({
    messages: [
      { role: "user", content: prompt(problem, "reasoning") },
      { role: "assistant", content: completion(problem, "reasoning") },
    ],
  }));

describe("ft", () => {
  it("killed in the middle and gone on with writes what it writes undisturbed", async () => {
    write("train.jsonl", jsonl(asFields(20)));
    const args = ["train.jsonl", "--baselines", "2", "--draws", "2", "-q"];
    const whole = await refine([...args, "--out", "whole.jsonl"]);
    expect([whole.code, whole.stderr]).toEqual([0, ""]);
    const journal = join(folder, "broken.samples.jsonl");
    const broken = await refine([...args, "--out", "broken.jsonl"], {
      meanwhile: (child) => {
        const watching = setInterval(() => {
          if (!existsSync(journal) || !readFileSync(journal, "utf8").includes("\n")) return;
          clearInterval(watching);
          child.kill("SIGKILL");
        }, 2);
        child.once("close", () => clearInterval(watching));
      },
    });
    expect([broken.signal, existsSync(join(folder, "broken.jsonl"))]).toEqual(["SIGKILL", false]);
    writeFileSync(journal, '{"type":"answer","half', { flag: "a" }); // what a line is when the power goes
    const other = await refine([...args, "--out", "broken.jsonl", "--resume", "--remove", "1.2"]);
    expect([other.code, other.stderr]).toEqual([
      1,
      expect.stringMatching(/remove: 1.05, now 1.2.*RUN_MISMATCH/s),
    ]);
    const resumed = await refine([...args, "--out", "broken.jsonl", "--resume", "--at-once", "2"]);
    expect([resumed.code, resumed.stderr]).toEqual([0, ""]);
    for (const part of ["jsonl", "samples.jsonl"]) expect(read(`broken.${part}`)).toBe(read(`whole.${part}`));
    expect(read("broken.manifest.json").replaceAll("broken.", "whole.")).toBe(read("whole.manifest.json"));
    expect(resumed.stdout).toBe(whole.stdout);
    const { totals, model, reconstructed } = JSON.parse(read("whole.manifest.json"));
    expect(totals).toMatchObject({ samples: 20, refined: 20, baselines: { samples: 2, draws: 2 } });
    expect([model.name, reconstructed.length > 0]).toEqual(["lab", true]);
    expect(totals.tokens.after).toBeLessThan(totals.tokens.before);
    // Every line is its own with fewer steps, in order, with its other fields.
    for (const [i, line] of lines("whole.jsonl").entries()) {
      const [before, after] = [asFields(20)[i]!, JSON.parse(line)];
      expect({ ...after, reasoning: before.reasoning }).toEqual(before);
      const steps = before.reasoning.split("\n");
      for (const step of after.reasoning.split("\n")) expect(steps).toContain(step);
    }
    const again = await refine([...args, "--out", "whole.jsonl"]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/there already; --resume goes on/)]);
    expect(readdirSync(folder).filter((name) => /lock|part|draft/.test(name))).toEqual([]);
  });

  it("writes the layouts of trainers, which it reads again", async () => {
    write("chat.jsonl", jsonl(asChat(2)));
    const first = await refine([
      "chat.jsonl",
      "--baselines",
      "0",
      "--json",
      "--out",
      "same.jsonl",
      "--html",
      "page.html",
    ]);
    expect([first.code, read("page.html").startsWith("<!")]).toEqual([0, true]);
    const report = JSON.parse(first.stdout);
    expect(report).toMatchObject({
      schema: "surprisal.refine/1",
      mode: "ft",
      samples: [{ outcome: "refined" }, { outcome: "refined" }],
    });
    const said = (line: string) => JSON.parse(line).messages.at(-1).content;
    const texts = lines("same.jsonl").map(said);
    for (const format of ["openai", "trl", "llamafactory", "alpaca"]) {
      const out = `${format}.jsonl`;
      expect(
        (await refine(["chat.jsonl", "--baselines", "0", "-q", "--format", format, "--out", out])).code,
      ).toBe(0);
      const full = await refine([
        out,
        "--baselines",
        "0",
        "-q",
        "--method",
        "full",
        "--format",
        "openai",
        "--out",
        `${format}-again.jsonl`,
      ]);
      expect([full.code, lines(`${format}-again.jsonl`).map(said)]).toEqual([0, texts]);
    }
    const page = await refine(["chat.jsonl", "--limit", "1", "--baselines", "0", "-q", "-o", "only.html"]);
    expect([page.code, read("only.html").startsWith("<!"), page.stdout]).toEqual([
      0,
      true,
      expect.stringMatching(/refined/i),
    ]);
  });

  it("says what cannot be refined, and loses nothing", async () => {
    const [good] = asFields(1) as [ReturnType<typeof asFields>[number]];
    const rows = [
      { question: "q", reasoning: "", answer: "5" },
      { question: "q", reasoning: "one step", answer: "5" },
      { question: good.question, reasoning: `a\n${"1+1=2 ".repeat(2000)}\nb`, answer: "5" },
      { question: "q", answer: "no mark of an answer" },
      good,
    ];
    write("mixed.jsonl", jsonl(rows));
    const kept = await refine(["mixed.jsonl", "--baselines", "0", "-q", "--out", "kept.jsonl"]);
    expect(kept.code).toBe(0);
    expect(lines("kept.jsonl").slice(0, 4)).toEqual(lines("mixed.jsonl").slice(0, 4));
    const { totals } = JSON.parse(read("kept.manifest.json"));
    expect(totals).toMatchObject({ samples: 5, dropped: 0 });
    expect(totals.reasons.map(({ code }: { code: string }) => code)).toEqual(
      expect.arrayContaining(["CONTEXT_EXCEEDED", "EMPTY_INPUT", "CORPUS_MALFORMED"]),
    );
    const dropped = await refine([
      "mixed.jsonl",
      "--baselines",
      "0",
      "-q",
      "--unrefined",
      "drop",
      "--out",
      "dropped.jsonl",
    ]);
    expect([dropped.code, lines("dropped.jsonl").length]).toEqual([
      0,
      5 - JSON.parse(read("dropped.manifest.json")).totals.dropped,
    ]);
  });

  it.each<[name: string, content: string | Uint8Array, args: string[], said: RegExp]>([
    ["empty", "", [], /no lines.*EMPTY_INPUT/s],
    [
      "bytes",
      Buffer.concat([Buffer.from(jsonl(asFields(1))), Buffer.from([0x7b, 0xff, 0x0a])]),
      [],
      /bytes.jsonl:2.*--skip-unreadable.*INVALID_UTF8/s,
    ],
    ["half", `${jsonl(asFields(1))}{"question": "q", "reas`, [], /looks cut off.*CORPUS_MALFORMED/s],
    ["list", "[\n{}\n]\n", [], /one JSON list/],
    ["names", jsonl([{ q: "q", r: "a\nb", a: "5" }]), [], /its fields are "q", "r", "a".*--prompt-field/s],
    ["field", jsonl(asFields(1)), ["--reasoning-field", "nope"], /no field "nope"/],
    ["less", jsonl(asFields(1)), ["--remove", "2", "--merge", "1"], /--merge 1 is less/],
    ["much", jsonl(asFields(1)), ["--method", "random"], /how much is to be left/],
    ["own", jsonl(asFields(1)), ["--out", "own.jsonl"], /written over|there already/],
    ["resume", jsonl(asFields(1)), ["--resume"], /--resume needs --out/],
    ["fs", jsonl(asFields(1)), ["--mode", "fs"], /One line is not enough/],
    ["mode", jsonl(asFields(1)), ["--mode", "fs", "--share", "0.5"], /--share is of --mode ft/],
  ])("refuses what is wrong before a model is asked: %s", async (name, content, args, said) => {
    const file = write(`${name}.jsonl`, content);
    const { code, stdout, stderr } = await refine([file, ...args]);
    expect([code === 1 || code === 2, stdout, stderr]).toEqual([true, "", expect.stringMatching(said)]);
    expect(read(file)).toBe(Buffer.from(content).toString("utf8"));
  });

  it("goes on without lines that cannot be read where that is asked for, and says which", async () => {
    write("skip.jsonl", `${jsonl(asFields(1))}{"question": "q", "reas`);
    const { code, stderr } = await refine([
      "skip.jsonl",
      "--skip-unreadable",
      "--baselines",
      "0",
      "--out",
      "skipped.jsonl",
    ]);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/1 line could not be read and is left out/)]);
    expect(JSON.parse(read("skipped.manifest.json")).skippedLines).toMatchObject([
      { line: 2, code: "CORPUS_MALFORMED" },
    ]);
  });
});

describe("fs", () => {
  it("writes a prompt with fewer steps, and says of every step why", async () => {
    const shot = (name: string, count: number, price: number) => ({
      question: `${name} has ${count} pens at ${price} dollars each. What do they cost?`,
      reasoning: `There are ${count} pens.\nEach costs ${price} dollars.\n${count}*${price}=${count * price}`,
      answer: count * price,
    });
    write("shots.jsonl", jsonl([shot("Tom", 3, 2), shot("Ann", 4, 5), shot("Bob", 6, 3), shot("Eve", 2, 7)]));
    const args = ["shots.jsonl", "--mode", "fs", "--steps", "2", "--draws", "3", "-q"];
    const { code, stdout } = await refine([...args, "--json", "--out", "prompt.txt"]);
    const report = JSON.parse(stdout);
    expect([code, report.mode, report.calibration, report.steps.length]).toEqual([0, "fs", 2, 3]);
    expect(read("prompt.txt")).toBe(report.text);
    expect(report.text.split("\n").filter((line: string) => line !== "")).toHaveLength(8);
    const shown = await refine(args);
    expect([shown.code, shown.stdout]).toEqual([0, expect.stringContaining("Answer: 20")]);
    write(
      "odd.jsonl",
      jsonl([shot("Tom", 3, 2), { ...shot("Ann", 4, 5), reasoning: "a\nb" }, shot("Bob", 6, 3)]),
    );
    const odd = await refine(["odd.jsonl", "--mode", "fs"]);
    expect([odd.code, odd.stderr]).toEqual([2, expect.stringMatching(/odd.jsonl:2.*/s)]);
  });
});
