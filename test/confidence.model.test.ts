/** `surprisal confidence`: the command as a person starts it, with mini and with a server on this machine. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BUILT, runCommand } from "./cli-run.ts";
import { EVENT_STREAM, events, json, startRawServer } from "./wire/raw-server.ts";

let folder = "";
const path = (name: string) => join(folder, name);
const run = (...args: string[]) => runCommand(["confidence", ...args], { folder });
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
const parsed = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
interface Said {
  name: string;
  uncertainty: number | null;
  reason?: string;
}
const estimatesOf = (row: Record<string, unknown>) => row.estimates as Said[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-confidence-"));
  writeFileSync(
    path("known.jsonl"),
    lines([
      {
        id: "a",
        question: "Capital of France?",
        answer: "Paris",
        samples: ["Paris", "paris"],
        correct: true,
      },
      { id: "b", question: "Capital of Peru?", answer: "Lyon", samples: ["Lyon", "Lima"], correct: false },
    ]),
  );
  writeFileSync(
    path("questions.jsonl"),
    lines(Array.from({ length: 6 }, (_, i) => ({ question: `The train number ${i} was` }))),
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("without a model", () => {
  it("prints plan, rows and ranking as JSON lines, and says what is missing", async () => {
    const { stdout, stderr, code } = await run("known.jsonl", "--methods", "samples,mean-nll", "--json");
    expect([code, stderr]).toEqual([0, "price: nothing is run; 2 answers as the lines have them\n"]);
    const [plan, first, second, ranking] = parsed(stdout);
    expect(plan).toMatchObject({ type: "plan", schema: "surprisal.confidence/1", calls: 0, model: null });
    expect(first).toMatchObject({
      type: "answer",
      id: "a",
      answer: "Paris",
      correct: true,
      clusters: [[0, 1]],
    });
    expect(estimatesOf(second!).find(({ name }) => name === "self-consistency")).toMatchObject({
      ...{
        uncertainty: 0.5,
        confidence: 0.5,
        family: "samples",
        variant: "1 - majority share, same normalised text",
      },
    });
    expect(estimatesOf(first!).find(({ name }) => name === "mean-nll")).toMatchObject({ uncertainty: null });
    const ranked = ranking!.methods as { name: string; auroc: { value: number } }[];
    expect(ranked.find(({ name }) => name === "self-consistency")!.auroc.value).toBe(1);
  });

  it("lists the methods with their price", async () => {
    const { stdout } = await run("--list", "--samples", "5");
    expect(stdout).toMatch(/^introspective +calls +2 calls, 288 tokens +review-en$/m);
    expect(stdout).toMatch(/^semantic-entropy\/strict +samples, entailment +5 samples, 20 pairs judged/m);
  });

  it.each([
    [["known.jsonl", "--methods", "mean-nl"], /Did you mean mean-nll/],
    [["known.jsonl", "--prompt", "a"], /not both/],
    [["--answer", "a", "known.jsonl"], /--answer needs --prompt/],
    [["known.jsonl", "--resume"], /--resume needs --out/],
    [["known.jsonl", "--out", "known.jsonl"], /names the file that is read/],
    [["known.jsonl", "--html", "known.jsonl"], /names the file that is read/],
    [["none.jsonl"], /none.jsonl/],
    [["known.jsonl", "--judge", "self"], /--judge self needs --model/],
    [["--prompt", " "], /empty/],
  ])("refuses %j", async (args, what) => {
    const { stderr, code } = await run(...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(what);
    expect(stderr).not.toContain("INTERNAL");
  });
});

const WRITES = ["questions.jsonl", "-m", "mini", "--samples", "2", "--max-tokens", "6", "--threads", "1"];

describe("with mini", () => {
  it("says the price, and runs nothing with --dry-run", async () => {
    const { stdout, code } = await run(...WRITES, "--methods", "one-pass,samples,verbalised", "--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^price: 6 answers to write, 12 samples to draw, 6 calls that ask · at most 300 tokens written/,
    );
  });

  it("goes on after a kill -9, to the same file as without it", async () => {
    const whole = await run(...WRITES, "--out", "whole.jsonl", "--html", "page.html");
    expect([whole.code, whole.stderr]).toEqual([
      0,
      expect.stringContaining("6 of 6 answers, in whole.jsonl"),
    ]);
    expect(readFileSync(path("page.html"), "utf8").match(/class="answer" role="group"/g)).toHaveLength(6);
    const rows = parsed(readFileSync(path("whole.jsonl"), "utf8"));
    expect(rows.map(({ prompt }) => prompt)).toEqual([0, 1, 2, 3, 4, 5]);
    for (const row of rows) {
      expect(row).toMatchObject({ answerFrom: "written", numbersFrom: "written", usage: { calls: 3 } });
      const silent = estimatesOf(row).filter(({ uncertainty }) => uncertainty === null);
      expect(silent.map(({ name }) => name)).toEqual(["claim-conditioned-probability"]);
    }
    await runCommand(["confidence", ...WRITES, "--at-once", "1", "--out", "killed.jsonl"], {
      folder,
      meanwhile: (child) => {
        const watching = setInterval(() => {
          try {
            if (readFileSync(path("killed.jsonl"), "utf8").includes("\n")) child.kill("SIGKILL");
          } catch {
            // not there yet
          }
        }, 5);
        child.once("close", () => clearInterval(watching));
      },
    });
    // What was half written when it was killed.
    writeFileSync(path("killed.jsonl"), `${readFileSync(path("killed.jsonl"), "utf8")}{"type":"ans`);
    const again = await run(...WRITES, "--out", "killed.jsonl", "--resume");
    expect(again.code).toBe(0);
    const after = parsed(readFileSync(path("killed.jsonl"), "utf8"));
    expect(after.map(({ prompt, answer }) => [prompt, answer])).toEqual(
      rows.map(({ prompt, answer }) => [prompt, answer]),
    );
    const other = await run(...WRITES, "--out", "killed.jsonl", "--resume", "--seed", "3");
    expect(other.stderr).toMatch(/RUN_MISMATCH/);
  });

  it("judges one answer in words, and goes on behind a damaged line", async () => {
    writeFileSync(
      path("damaged.jsonl"),
      `${lines([{ question: "The train", answer: " was late." }])}{"question"\n`,
    );
    const { stdout, stderr, code } = await run("damaged.jsonl", "-m", "mini", "--methods", "mean-nll,margin");
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /given · \d+ tokens, numbers scored[\s\S]+mean-nll +\d[\s\S]+2 of 2: no answer: The line is not JSON/,
    );
    expect(stderr).toMatch(
      /1 of 2 answers failed; the first with INVALID_ARGUMENT: The line is not JSON.*damaged\.jsonl:2/,
    );
  });
});

it("asks a server without log-probabilities what it can: null with the reason for the rest", async () => {
  expect(BUILT).not.toBe("");
  const server = await startRawServer((request, response) => {
    if (request.path.endsWith("/models")) return json(response, 200, { object: "list", data: [{ id: "m" }] });
    if (!request.path.endsWith("/chat/completions"))
      return json(response, 404, { error: { message: "no such route" } });
    const asks = JSON.stringify(request.body).includes("How confident");
    response.writeHead(200, EVENT_STREAM);
    response.end(
      events(
        { choices: [{ index: 0, delta: { role: "assistant", content: asks ? "80" : "It is Paris." } }] },
        { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
        "data: [DONE]\n\n",
      ),
    );
  });
  try {
    const { stdout, code } = await run(
      "-p",
      "Capital of France?",
      "-m",
      `${server.origin}/v1#m`,
      "-n",
      "3",
      "--methods",
      "mean-nll,self-consistency,cocoa,verbalised",
      "--json",
    );
    expect(code).toBe(0);
    const [, row] = parsed(stdout);
    expect(row).toMatchObject({ answer: "It is Paris.", numbersFrom: null, usage: { calls: 5 } });
    const said = Object.fromEntries(
      estimatesOf(row!).map(({ name, uncertainty, reason }) => [name, [uncertainty, reason]]),
    );
    expect(said["mean-nll"]).toEqual([null, expect.stringContaining("no log-probabilities")]);
    expect(said["self-consistency"]).toEqual([0, undefined]);
    expect(said.cocoa).toEqual([null, expect.stringContaining("without a log-probability")]);
    expect(said.verbalised![0]).toBeCloseTo(0.2, 12);
  } finally {
    await server.close();
  }
});
