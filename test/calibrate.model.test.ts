/** `surprisal calibrate`: the command as a person starts it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  fitCalibration,
  fitModelTemperature,
  fitTemperature,
  parseCalibration,
  saveCalibration,
} from "../src/calibrate/index.ts";
import { planFor, resolveRecipe, seededRandom } from "../src/core/index.ts";
import { factsOf } from "../src/evaluate/scoring/index.ts";
import { resolve } from "../src/models/index.ts";
import { runCommand } from "./cli-run.ts";

let folder = "";
const run = (...args: string[]) => runCommand(args, { folder });
const lines = (rows: readonly object[]) => `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`;

const random = seededRandom(5);
const SCORES = Array.from({ length: 300 }, (_, i) => {
  const score = Number(random().toFixed(4));
  return {
    score: i % 60 === 7 ? null : score,
    correct: random() < 0.3 + 0.4 * score,
    group: `q${Math.floor(i / 3)}`,
    perplexity: Number((1 + 9 * random()).toFixed(2)),
  };
});
const OPTIONS = Array.from({ length: 300 }, (_, i) => {
  const logprobs = { yes: Number((-4 * random()).toFixed(3)), no: Number((-4 * random()).toFixed(3)) };
  const likely = logprobs.yes > logprobs.no === random() < 0.75;
  return { logprobs, label: likely ? "yes" : "no", kind: i % 2 === 0 ? "predicate" : "other" };
});

/** What the command fits to SCORES. */
const EXPECTED = fitCalibration(
  {
    scores: SCORES.map(({ score }) => score),
    correct: SCORES.map(({ correct }) => correct),
    groups: SCORES.map(({ group }) => group),
  },
  { kind: "beta", resamples: 30, identity: { model: { name: "mini", sha256: null } } },
).artefact;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-calibrate-"));
  writeFileSync(join(folder, "scores.jsonl"), lines(SCORES));
  await saveCalibration(join(folder, "a.json"), EXPECTED);
  writeFileSync(join(folder, "options.jsonl"), lines(OPTIONS));
  writeFileSync(join(folder, "prompt.txt"), "{state}\n\nIs it so?\nAnswer:");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("fitModelTemperature", () => {
  it("finds mini's own temperature: what a fit to all its rows at once finds", async () => {
    await using mini = await resolve("mini");
    const text = "Once upon a time there was a little girl who lived in a village near the forest. ".repeat(
      3,
    );
    const { calibrator, tokens } = await fitModelTemperature(mini, [text]);
    const { ids } = await mini.tokenize(text);
    const recipe = resolveRecipe("cached", {}, factsOf(mini));
    const logprobs: Float32Array[] = [];
    const labels: number[] = [];
    for await (const span of mini.scoreTokens(ids, planFor(recipe, ids.length, factsOf(mini)), {
      distributions: true,
    })) {
      const { logits } = span.distributions!;
      const size = logits.length / span.logprobs.length;
      for (const [i, logprob] of span.logprobs.entries()) {
        if (Number.isNaN(logprob)) continue;
        logprobs.push(logits.slice(i * size, (i + 1) * size));
        labels.push(ids[span.start + i]!);
      }
    }
    expect(tokens).toBe(labels.length);
    expect(calibrator.temperature / fitTemperature({ logprobs, labels }).temperature).toBeCloseTo(1, 3);
  });
});

describe("surprisal calibrate", () => {
  it("fits what the library fits, shows it, and writes an artefact and a page", async () => {
    const fit = await run(
      ...["calibrate", "fit", "scores.jsonl", "--kind", "beta", "-o", "a.json", "--html", "p.html"],
      ...["--resamples", "30", "--model", "mini", "--wording", "prompt.txt"],
    );
    expect({ code: fit.code, stderr: fit.stderr }).toEqual({ code: 0, stderr: "" });
    expect(fit.stdout).toMatch(
      /^295 answers, \d+ right, in 100 groups; left out: 5 without a score, 0 without a label\n/,
    );
    for (const name of [
      "ECE, equal width",
      "smooth ECE",
      "miscalibration \\(CORP\\)",
      "AUROC",
      "PRR",
      "noise floor",
    ])
      expect(fit.stdout).toMatch(new RegExp(`^ *${name}.* 0\\.\\d`, "m"));
    expect(fit.stdout).toMatch(/The calibration error \(ECE .*\n.*log loss/);
    expect(fit.stdout).toMatch(/beta, fitted to 295 answers \(sha256 \w{12}…\), written to a.json\n$/);
    const artefact = parseCalibration(readFileSync(join(folder, "a.json"), "utf8"), "a.json");
    expect(artefact.parameters).toEqual(EXPECTED.parameters);
    expect(artefact.fittedOn).toEqual(EXPECTED.fittedOn);
    expect(artefact.identity).toMatchObject({
      model: { name: "mini", sha256: null },
      wordingSha256: expect.stringMatching(/^\w{64}$/),
    });
    const page = readFileSync(join(folder, "p.html"), "utf8");
    for (const title of [
      "Calibration error and noise floor",
      "Reliability before calibration",
      "Reliability after calibration",
      "Risk and coverage",
      "All measures",
    ])
      expect(page).toContain(`>${title}</h2>`);
    expect(page).not.toMatch(/NaN|undefined/);
  });

  it("applies it line by line, warns beside another model, and refuses it under --strict", async () => {
    const same = await run(
      "calibrate",
      "apply",
      "scores.jsonl",
      "-a",
      "a.json",
      "--model",
      "mini",
      "--strict",
    );
    expect({ code: same.code, stderr: same.stderr }).toEqual({
      code: 0,
      stderr: '5 of 300 answers have no score, and null for "calibrated".\n',
    });
    const rows = same.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(rows).toHaveLength(300);
    expect(rows[0]).toMatchObject(SCORES[0]!);
    expect(rows[0].calibrated).toBeGreaterThan(0);
    expect(rows[7].calibrated).toBeNull();
    const other = await run(
      "calibrate",
      "apply",
      "scores.jsonl",
      "-a",
      "a.json",
      "--model",
      "big",
      "-o",
      "out.jsonl",
    );
    expect(other).toMatchObject({ code: 0, stdout: "" });
    expect(other.stderr).toContain("fitted to the model mini, and is used beside big");
    expect(readFileSync(join(folder, "out.jsonl"), "utf8")).toBe(same.stdout);
    const strict = await run(
      "calibrate",
      "apply",
      "scores.jsonl",
      "-a",
      "a.json",
      "--model",
      "big",
      "--strict",
    );
    expect(strict.stderr).toContain("CALIBRATION_MISMATCH");
    expect(strict.code).not.toBe(0);
  });

  it("fits a temperature per kind to named options, and gives one probability for each", async () => {
    const fit = await run(
      "calibrate",
      "fit",
      "options.jsonl",
      "--kind",
      "temperature-by-kind",
      "-o",
      "t.json",
      "--json",
      "--resamples",
      "10",
    );
    expect(JSON.parse(fit.stdout)).toEqual(JSON.parse(readFileSync(join(folder, "t.json"), "utf8")));
    expect(Object.keys(JSON.parse(fit.stdout).parameters.temperatures)).toEqual(["other", "predicate"]);
    const { stdout } = await run("calibrate", "apply", "options.jsonl", "-a", "t.json");
    const { logprobs, calibrated } = JSON.parse(stdout.split("\n")[0]!);
    expect(calibrated.yes + calibrated.no).toBeCloseTo(1, 12);
    expect(calibrated.yes > calibrated.no).toBe(logprobs.yes > logprobs.no);
  });

  it("reports, from a pipe too, with perplexity and an artefact", async () => {
    const { code, stdout } = await runCommand(
      ["calibrate", "report", "-", "--json", "--resamples", "10", "-a", "a.json"],
      {
        folder,
        input: lines(SCORES),
      },
    );
    const report = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(report).toMatchObject({
      schema: "surprisal.calibration-report/1",
      before: { n: 295, missingScores: 5 },
      after: { n: 295 },
    });
    expect(report.perplexity.bins).toHaveLength(10);
    const text = await run("calibrate", "report", "scores.jsonl", "--resamples", "10");
    expect(text.stdout).toMatch(/^measure +value +better$/m);
  });

  it("reads the questions of a run: the model's own ln p of each choice", async () => {
    const items = Array.from({ length: 80 }, (_, i) => ({
      ctx: `The number after ${i} is`,
      endings: [String(i + 1), String(i + 7), "a cow"],
      label: i % 3 === 0 ? 1 : 0,
    }));
    writeFileSync(join(folder, "task.jsonl"), lines(items));
    const made = await run("eval", "--task", "task.jsonl", "-m", "mini", "--run", "one", "-q");
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    const { stdout, code } = await run(
      "calibrate",
      "fit",
      "one",
      "--least",
      "5",
      "--json",
      "--resamples",
      "10",
    );
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "temperature",
      fittedOn: { n: 80, groups: 80 },
      identity: { model: { name: "mini", sha256: expect.stringMatching(/^\w{64}$/) }, recipe: "sum" },
    });
  });

  it("asks which model of a run is meant, and takes its answers: --of", async () => {
    const items = Array.from({ length: 40 }, (_, i) => ({
      ctx: `The number after ${i} is`,
      endings: [String(i + 1), String(i + 7)],
      label: i % 2,
    }));
    writeFileSync(join(folder, "two.jsonl"), lines(items));
    const made = await run("eval", "--task", "two.jsonl", "-m", "mini", "-m", "lab", "--run", "two", "-q");
    expect({ code: made.code, stderr: made.stderr }).toMatchObject({ code: 0 });
    const report = (...more: string[]) => run("calibrate", "report", "two", "--resamples", "2", ...more);
    expect((await report()).stderr).toMatch(/answers of mini, lab: --of MODEL says whose/);
    expect((await report("--of", "other")).stderr).toMatch(/--of MODEL says whose/);
    const [mini, lab] = [await report("--of", "mini", "--json"), await report("--of", "lab", "--json")];
    const of = (answer: { stdout: string }) => JSON.parse(answer.stdout).before;
    expect([of(mini).n, of(lab).n]).toEqual([40, 40]);
    expect(of(mini).measures.meanConfidence.value).not.toBe(of(lab).measures.meanConfidence.value);
  });

  it("reads answers under other names, and as a table; shows which bins and groups", async () => {
    const rows = SCORES.filter(({ score }) => score !== null);
    const table = rows.map(({ score, correct, group }) => `${score},${correct ? "yes" : "no"},${group}`);
    writeFileSync(join(folder, "t.csv"), `how sure,outcome,question\n${table.join("\n")}\n`);
    const names = ["--score-field", "how sure", "--label-field", "outcome", "--group-field", "question"];
    const found = await run("calibrate", "report", "t.csv", ...names, "--resamples", "30");
    const usual = await run("calibrate", "report", "scores.jsonl", "--resamples", "30");
    const [, ...rest] = usual.stdout.split("\n"); // the first line has the number that is left out
    expect(found.stdout.split("\n").slice(1)).toEqual(rest);
    expect(found.stdout).toMatch(/^Bins: 15; a score on an edge counts to the bin below it.$/m);
    const unnamed = await run("calibrate", "report", "t.csv");
    expect(unnamed.stderr).toMatch(/no score; its fields are "how sure", "outcome", "question" \(t.csv:2\)/);
  });

  it.each([
    ["", "EMPTY_INPUT", /no answers/],
    ["{", "INVALID_ARGUMENT", /not JSON/],
    ['{"score": 1.5, "correct": true}', "INVALID_ARGUMENT", /1.5 is no probability \(bad.jsonl:1\)/],
    ['{"score": NaN, "correct": true}', "INVALID_ARGUMENT", /not JSON/],
    ['{"score": "high", "correct": true}', "INVALID_ARGUMENT", /"high" is no probability/],
    ['{"score": 0.5, "correct": "maybe"}', "INVALID_ARGUMENT", /"maybe" says neither/],
    ['{"correct": true}', "INVALID_ARGUMENT", /no score/],
    ['{"probabilities": [0.5, 0.5], "label": 2}', "INVALID_ARGUMENT", /2 is none of the 2 options/],
    ['{"probabilities": {"a": 0.5}, "label": "b"}', "INVALID_ARGUMENT", /"b" is none of the 1 options/],
    ['{"probabilities": [], "label": null}', "INVALID_ARGUMENT", /no options/],
    ['{"logprobs": [1, null], "label": 0}', "INVALID_ARGUMENT", /Option 1 has null/],
    [
      '{"score": 0.5, "correct": true}\n{"logprobs": [0], "label": 0}',
      "INVALID_ARGUMENT",
      /first has a score \(bad.jsonl:2\)/,
    ],
    [
      '{"score": 0.5, "correct": true, "group": 1}\n{"score": 0.5, "correct": true}',
      "INVALID_ARGUMENT",
      /this has none \(bad.jsonl:2\)/,
    ],
    [
      `${lines(Array.from({ length: 70 }, (_, i) => ({ probabilities: [0.7, 0.3], label: i % 2 })))}{"probabilities": [1, 0], "label": 1}`,
      "INVALID_ARGUMENT",
      /right option has probability 0.*\(bad.jsonl:71\)/,
    ],
    [
      lines(Array.from({ length: 40 }, () => ({ score: 0.5, correct: true }))),
      "CALIBRATION_TOO_SMALL",
      /0 answers are wrong: 30 more/,
    ],
  ])("refuses %.50s", async (text, code, what) => {
    writeFileSync(join(folder, "bad.jsonl"), text);
    const result = await run("calibrate", "fit", "bad.jsonl");
    expect(result.code).not.toBe(0);
    expect(result.stderr).toMatch(what);
    expect(result.stderr).toContain(code);
  });

  it("refuses artefacts of a newer form and of another kind, and to overwrite the answers", async () => {
    const artefact = JSON.parse(readFileSync(join(folder, "a.json"), "utf8"));
    writeFileSync(
      join(folder, "new.json"),
      JSON.stringify({ ...artefact, schema: "surprisal.calibration/9" }),
    );
    const newer = await run("calibrate", "apply", "scores.jsonl", "-a", "new.json");
    expect(newer.stderr).toMatch(/surprisal.calibration\/9, and this version of surprisal knows/);
    expect((await run("calibrate", "apply", "scores.jsonl")).stderr).toContain("--artefact FILE is missing");
    expect((await run("calibrate", "fit", "scores.jsonl", "-o", "scores.jsonl")).stderr).toContain(
      "would be overwritten",
    );
    expect((await run("calibrate", "fit", "nowhere.jsonl")).stderr).toContain("FILE_NOT_FOUND");
  });
});
