/** `surprisal decide`: the command as a person starts it, with mini. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseCalibration } from "../src/calibrate/index.ts";
import { decide, type Question } from "../src/decide/index.ts";
import { resolve } from "../src/models/index.ts";
import { runCommand } from "./cli-run.ts";

let folder = "";
const run = (...args: string[]) => runCommand(["decide", ...args], { folder });
const path = (name: string) => join(folder, name);
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;
const rowsOf = (file: string): Record<string, unknown>[] =>
  readFileSync(path(file), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

const rowsIn = (file: string): number => readFileSync(path(file), "utf8").split("\n").length - 1;

const STATE = "The parcel lay in the rain.";
const QUESTIONS: Question[] = [
  { type: "predicate", instructions: "Is the parcel wet?", name: "wet" },
  { type: "choice", instructions: "What now?", choices: ["return it", "keep it", "dry it"] },
  { type: "score", instructions: "How bad is it?", levels: ["not at all", "a little", "very"] },
];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-decide-"));
  writeFileSync(path("state.txt"), `${STATE}\n`);
  writeFileSync(path("questions.json"), `\ufeff${JSON.stringify(QUESTIONS)}`);
  writeFileSync(path("empty.json"), "");
  writeFileSync(path("typo.json"), '[{"type": "predicate", "instruction": "Is it wet?"}]');
  const states = ["The box is dry.", "", "The box is wet.", "The box is torn."];
  writeFileSync(path("states.jsonl"), lines(states.map((state, i) => ({ state, id: `box ${i}` }))));
  const labelled = Array.from({ length: 100 }, (_, i) => ({
    state: `Box ${i} is ${i % 2 === 0 ? "wet" : "dry"}.`,
    question: QUESTIONS[0],
    label: i % 4 < 2,
  }));
  writeFileSync(path("labelled.jsonl"), lines(labelled));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("one state", () => {
  it("prints what the library answers as JSON", async () => {
    const { stdout, code } = await run("--state", "state.txt", "--questions", "questions.json", "--json");
    expect(code).toBe(0);
    await using mini = await resolve("mini");
    const { decisions, usage } = await decide(mini, { state: STATE, questions: QUESTIONS });
    const document = JSON.parse(stdout);
    expect(document).toMatchObject({ schema: "surprisal.decide/1", recipe: "decide sum", usage });
    expect(document.decisions).toEqual(JSON.parse(JSON.stringify(decisions)));
  });

  it("draws bars, and says how it was asked", async () => {
    const { stdout } = await run(
      "--text",
      STATE,
      "--questions",
      "questions.json",
      "--rule",
      "label",
      "--orders",
      "3",
    );
    expect(stdout).toMatch(/Is the parcel wet\? \(wet, predicate\)\n {2}Yes {2}█+. +\d+\.\d %/);
    expect(stdout).toMatch(/expected level/);
    expect(stdout).toMatch(/of 3 orders choose another/);
    expect(stdout).toMatch(/mini · decide label, 3 orders · not calibrated/);
    expect(stdout).toContain("note: mini has no chat template: it is asked in plain text.");
  });

  it.each([
    [[], /Give a state/],
    [["--text", "a", "--state", "state.txt", "--questions", "questions.json"], /--state and --text/],
    [["--text", "a"], /no questions/],
    [["--text", "a", "--questions", "state.txt"], /not JSON/],
    [["--text", "a", "--questions", "questions.json", "--orders", "2"], /have no order/],
    [["--text", "a", "--questions", "questions.json", "--risk", "0.05"], /--risk needs --artefact/],
    [["--text", "a", "--questions", "questions.json", "--resume"], /--resume needs/],
    [["--text", " ", "--questions", "questions.json"], /empty/],
    [["--text", "a", "--questions", "empty.json"], /There are no questions/],
    [["--text", "a", "--questions", "typo.json"], /no field "instruction" in a predicate/],
  ])("refuses %j", async (args, what) => {
    const { stderr, code } = await run(...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(what);
    expect(stderr).not.toContain("INTERNAL");
  });
});

describe("many states", () => {
  const args = ["--states", "states.jsonl", "--questions", "questions.json", "--out", "decided.jsonl"];

  it("writes a row each, goes on behind one that fails, and tries it again with --resume", async () => {
    const first = await run(...args);
    expect(first.code).toBe(1);
    expect(first.stderr).toMatch(/1 of 4 states failed; the first with EMPTY_INPUT/);
    const rows = rowsOf("decided.jsonl");
    expect(rows.map(({ type, prompt, id }) => [type, prompt, id])).toEqual([
      ["answer", 0, "box 0"],
      ["error", 1, "box 1"],
      ["answer", 2, "box 2"],
      ["answer", 3, "box 3"],
    ]);
    expect((rows[0]!.decisions as { name: string }[]).map(({ name }) => name)).toEqual(["wet", "q2", "q3"]);
    // As if it had been killed in the last row.
    const whole = readFileSync(path("decided.jsonl"), "utf8");
    writeFileSync(path("decided.jsonl"), whole.slice(0, -40));
    expect((await run(...args)).stderr).toMatch(/--resume goes on with it/);
    const second = await run(...args, "--resume");
    expect(second.stderr).toMatch(/1 of 2 states failed/);
    expect(readFileSync(path("decided.jsonl"), "utf8")).toBe(whole);
    const other = await run(...args, "--resume", "--rule", "mean");
    expect(other.stderr).toMatch(/RUN_MISMATCH/);
    expect(readFileSync(path("decided.jsonl"), "utf8")).toBe(whole);
  });

  it("gives the same file after kill -9 and --resume", async () => {
    const states = Array.from({ length: 80 }, (_, i) => ({ state: `Box ${i} lay in the rain. `.repeat(8) }));
    writeFileSync(path("rain.jsonl"), lines(states).replaceAll("\n", "\r\n")); // as Windows ends lines
    const args = ["--states", "rain.jsonl", "--questions", "questions.json", "--out"];
    expect((await run(...args, "whole.jsonl")).code).toBe(0);
    const killed = await runCommand(["decide", ...args, "killed.jsonl"], {
      folder,
      meanwhile: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(path("killed.jsonl")) || rowsIn("killed.jsonl") < 5) return;
          clearInterval(timer);
          child.kill("SIGKILL");
        }, 2);
        child.once("exit", () => clearInterval(timer));
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(rowsIn("killed.jsonl")).toBeLessThan(80);
    expect((await run(...args, "killed.jsonl", "--resume")).code).toBe(0);
    const content = (file: string) => readFileSync(path(file), "utf8");
    expect(content("killed.jsonl")).toBe(content("whole.jsonl"));
    writeFileSync(path("killed.jsonl"), content("whole.jsonl").replace('"type":"answer"', '"type":"other"'));
    expect((await run(...args, "killed.jsonl", "--resume")).stderr).toMatch(
      /killed.jsonl:1[\s\S]*RUN_DAMAGED/,
    );
  });

  it("prints rows without --out, and names a line that is no state", async () => {
    writeFileSync(path("bad.jsonl"), '{"state": "a"}\n{"text": "b"}\n');
    const { stderr } = await run("--states", "bad.jsonl", "--questions", "questions.json");
    expect(stderr).toMatch(/bad.jsonl:2/);
    writeFileSync(path("good.jsonl"), '{"state": "a"}\n');
    const { stdout } = await run("--states", "good.jsonl", "--questions", "questions.json");
    expect(JSON.parse(stdout)).toMatchObject({ type: "answer", prompt: 0, sample: 0 });
  });
});

describe("a server that decides itself", () => {
  let server: Server;
  let address = "";
  const asked: string[] = [];
  beforeAll(async () => {
    server = createServer(async (incoming, response) => {
      const { input, questions } = (await json(incoming)) as { input: string; questions: { name: string }[] };
      asked.push(input);
      const hostile = input.includes("torn");
      const answers = questions.map(({ name }) => ({
        type: "predicate",
        name,
        probability: hostile ? 7 : 0.9,
      }));
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ answers, usage: { input_tokens: 9, output_tokens: 0 } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    address = `decisions:http://127.0.0.1:${(server.address() as AddressInfo).port}/v1#luna`;
    writeFileSync(path("wet.json"), JSON.stringify([QUESTIONS[0]]));
  });
  afterAll(() => server.close());
  const ask = (...args: string[]) => run("--questions", "wet.json", "--model", address, ...args);

  it("is asked once, and shown as it answers", async () => {
    const { stdout } = await ask("--text", STATE);
    expect(stdout).toMatch(/Yes {2}█+. +90\.0 % {2}←/);
    expect(stdout).toContain("/decisions · the server's own probabilities\n9 tokens in · 0 tokens out");
    const document = JSON.parse((await ask("--text", STATE, "--json")).stdout);
    expect(document).toMatchObject({
      schema: "surprisal.decide/1",
      form: "decisions",
      model: { name: "luna" },
      usage: { inputTokens: 9 },
      decisions: [{ choice: true, probability: 0.9, optionMass: null }],
    });
  });

  it("is asked many states, goes on behind an answer that is none, and can be gone on with", async () => {
    const first = await ask("--states", "states.jsonl", "--out", "served.jsonl");
    expect(first.stderr).toMatch(/2 of 4 states failed; the first with EMPTY_INPUT/);
    const rows = rowsOf("served.jsonl");
    expect(rows.map(({ prompt, type, code }) => [prompt, type, code])).toEqual([
      [0, "answer", undefined],
      [1, "error", "EMPTY_INPUT"],
      [2, "answer", undefined],
      [3, "error", "WIRE_MALFORMED"],
    ]);
    asked.length = 0;
    await ask("--states", "states.jsonl", "--out", "served.jsonl", "--resume");
    expect(asked).toEqual(["The box is torn."]);
    expect(rowsOf("served.jsonl")).toEqual(rows);
  });

  it("is not asked on where nothing that it says is an answer", async () => {
    const states = Array.from({ length: 50 }, (_, i) => ({ state: `Box ${i} is torn.` }));
    writeFileSync(path("torn.jsonl"), lines(states));
    asked.length = 0;
    const { stderr, code } = await ask("--states", "torn.jsonl", "--out", "torn-served.jsonl");
    expect(code).toBe(1);
    expect(stderr).toMatch(/WIRE_MALFORMED/);
    expect(stderr).not.toMatch(/of 50 states failed/);
    expect(asked.length).toBeLessThan(20);
  });

  it.each([
    [["--rule", "mean", "--plain"], /leave out --rule, --plain/],
    [["--artefact", "c.json", "--risk", "0.1"], /--artefact, --risk|c.json/],
  ])("leaves what it is asked by to it: %j", async (args, what) => {
    const { stderr, code } = await ask("--text", STATE, ...args);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(what);
  });

  it.each([
    ["decisions:http://127.0.0.1:1/v1", /not named/],
    ["systemone:http://127.0.0.1:1/v1#m", /SERVER_UNREACHABLE/],
    ["decisions:luna", /http:\/\//],
  ])("says what is wrong with %s", async (model, what) => {
    const { stderr, code } = await run("--text", STATE, "--questions", "wet.json", "--model", model);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(what);
  });

  it("is not calibrated here", async () => {
    const { stderr } = await ask("--calibrate", "labelled.jsonl");
    expect(stderr).toMatch(/surprisal calibrate/);
  });
});

describe("calibration", () => {
  it("fits an artefact and a threshold, uses both, and says beside what they were fitted", async () => {
    const fitted = await run(
      "--calibrate",
      "labelled.jsonl",
      "--risk",
      "0.6",
      "--least",
      "5",
      "--out",
      "c.json",
    );
    expect(fitted.code).toBe(0);
    expect(fitted.stdout).toMatch(/Risk 0.6: it answers from|No threshold keeps to a risk of 0.6/);
    const artefact = parseCalibration(readFileSync(path("c.json"), "utf8"), "c.json");
    expect(artefact).toMatchObject({
      kind: "temperature",
      identity: { recipe: "decide sum", model: { name: "mini" } },
    });
    expect(artefact.threshold?.parameters).toMatchObject({ kind: "risk-threshold", risk: 0.6 });
    const ask = (...more: string[]) =>
      run("--text", STATE, "--questions", "wet.json", "--artefact", "c.json", "--json", ...more);
    writeFileSync(path("wet.json"), JSON.stringify([QUESTIONS[0]]));
    const used = JSON.parse((await ask("--risk", "0.6", "--strict")).stdout);
    expect(used.calibration).toMatchObject({ kind: "temperature", warnings: [] });
    expect(used.abstention).toMatchObject({ risk: 0.6, warnings: [] });
    expect(used.decisions[0].calibrated).toBe(true);
    const other = JSON.parse((await ask("--rule", "mean")).stdout);
    expect(other.notes.join()).toMatch(/recipe decide sum, and is used beside decide mean/);
    expect((await ask("--rule", "mean", "--strict")).stdout).toMatch(/CALIBRATION_MISMATCH/);
  });

  it("takes labels by the names of questions, and refuses others", async () => {
    const row = (labels: object) => lines([{ state: "a", labels }]);
    writeFileSync(path("named.jsonl"), row({ wet: true, q2: "keep it", q3: 1 }));
    const args = ["--calibrate", "named.jsonl", "--questions", "questions.json"];
    expect((await run(...args)).stderr).toMatch(/CALIBRATION_TOO_SMALL/);
    writeFileSync(path("named.jsonl"), row({ dry: true }));
    expect((await run(...args)).stderr).toMatch(/There is no question "dry"[\s\S]*There are wet, q2, q3/);
    writeFileSync(path("named.jsonl"), row({ q2: "keep it" }) + row({ q2: "burn it" }));
    expect((await run(...args)).stderr).toMatch(
      /"burn it" is none of the 3 options \(named.jsonl:2, label\)/,
    );
  });
});
