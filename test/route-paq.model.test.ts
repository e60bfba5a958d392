/** `surprisal route paq fit` and `eval`: what a person gets. By statistics of the prompts, which need no model. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../src/core/index.ts";
import { type PaqEvaluation, RECORDS_SCHEMA, type RouteRecord, recordLine } from "../src/route/index.ts";
import { runCommand } from "./cli-run.ts";

const folder = mkdtempSync(join(tmpdir(), "route-paq-"));
const path = (name: string) => join(folder, name);
const paq = (...args: string[]) => runCommand(["route", "paq", ...args], { folder });
const LEVELS = ["2-bit", "4-bit", "16-bit"];

/** Prose can do with 4 bits, code cannot; 2 bits have collapsed. */
function records(count: number, seed: number): RouteRecord[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, i) => {
    const isCode = random() < 0.5;
    const words = Array.from(
      { length: 3 + Math.floor(20 * random()) },
      () => ["rain", "old", "hill"][Math.floor(3 * random())],
    );
    const nll = [random() < 0.1 ? Infinity : 200, (isCode ? 60 : 40.2) + random(), 40];
    return {
      id: `${i}`,
      group: `g${Math.floor(i / 2)}`,
      kind: isCode ? "code" : "prose",
      question: isCode ? `f(x) { ${words.join("; ")}; }` : `${words.join(" ")}.`,
      paths: Object.fromEntries(
        LEVELS.map((name, k) => [name, { correct: null, tokens: 20, nll: nll[k]!, ms: [90, 60, 100][k]! }]),
      ),
    };
  });
}

function write(name: string, all: readonly RouteRecord[], paths: readonly string[] = LEVELS): void {
  const header = recordLine({ schema: RECORDS_SCHEMA, paths, counting: null, identity: null, atOnce: 1 });
  writeFileSync(path(name), [header, ...all.map(recordLine)].join(""));
}

beforeAll(() => {
  const [first, second, third, ...rest] = records(120, 1) as [
    RouteRecord,
    RouteRecord,
    RouteRecord,
    ...RouteRecord[],
  ];
  const { "4-bit": _, ...without } = first.paths;
  write("records.jsonl", [{ ...first, paths: without }, { ...second, question: "" }, third, ...rest]);
  write("others.jsonl", records(80, 2));
  write("few.jsonl", records(12, 3));
  write("car.jsonl", [], ["short", "long"]);
});

describe("surprisal route paq", () => {
  it("fits a router, judges it on other prompts, and draws it", async () => {
    const fitted = await paq("fit", "records.jsonl", "--features", "statistics", "-o", "router.json");
    expect(fitted.stderr).toBe("");
    expect(fitted.stdout).toContain("Left out: 1 × 4-bit: no surprisal, 1 × empty prompt.");
    expect(fitted.stdout).toContain("2-bit is never chosen");
    expect(fitted.stdout).toContain("Reconstructed, not the paper's");
    expect(fitted.stdout).toContain("Written to router.json");
    const judged = await paq(
      "eval",
      "others.jsonl",
      "-a",
      "router.json",
      "--svg",
      "a.svg",
      "--html",
      "a.html",
    );
    expect(judged.code).toBe(0);
    for (const way of [...LEVELS.map((name) => `always ${name}`), "random", "length", "oracle", "router"])
      expect(judged.stdout).toMatch(new RegExp(`^${way} `, "m"));
    expect(judged.stdout).toMatch(/within tau = 0\.1/);
    expect(readFileSync(path("a.svg"), "utf8")).toContain("Perplexity against time");
    expect(readFileSync(path("a.html"), "utf8")).toContain("by length alone");
  });

  it("decides about each prompt by a router of the others, as JSON", async () => {
    const { stdout, code } = await paq(
      "eval",
      "records.jsonl",
      "--features",
      "statistics",
      "--quality-bound",
      "0.02",
      "--json",
    );
    expect(code).toBe(0);
    const { schema, evaluation, chosen, points, reconstructed } = JSON.parse(stdout) as {
      schema: string;
      evaluation: PaqEvaluation;
      chosen: { tau: number; bound: number };
      points: unknown[];
      reconstructed: string[];
    };
    expect(schema).toBe("surprisal.route-paq/1");
    expect(evaluation.n).toBe(119);
    expect(evaluation.leftOut).toEqual({ "4-bit: no surprisal": 1 });
    expect(evaluation.tau).toBe(chosen.tau);
    expect(chosen.bound).toBe(0.02);
    expect(points).toHaveLength(5);
    expect(reconstructed.length).toBeGreaterThan(0);
    expect(evaluation.randomPValue!.perplexity).toBeLessThan(0.01);
  });

  it.each([
    [["fit", "few.jsonl"], /8 more|14 more|CALIBRATION_TOO_SMALL/],
    [["fit", "records.jsonl", "--risk", "0.001"], /CALIBRATION_TOO_SMALL/],
    [["fit", "records.jsonl", "--tau", "0.1", "--quality-bound", "0.1"], /exclude each other/],
    [["fit", "records.jsonl", "--delta", "0.1"], /--delta needs --risk/],
    [["fit", "car.jsonl"], /no records of `surprisal route paq`/],
    [["eval", "others.jsonl", "-a", "router.json", "--tau", "0.2"], /fitted already: leave out --tau/],
    [["eval", "records.jsonl", "--svg", "records.jsonl"], /would be overwritten/],
  ])("refuses %j", async ([command, ...args], message) => {
    const statistics = args.includes("-a") ? [] : ["--features", "statistics"];
    const { code, stderr } = await paq(command!, ...args, ...statistics);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(message);
  });
});
