/** `surprisal route` with the shipped models: what a person gets, also after kill -9. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { RouteRecord } from "../src/route/index.ts";
import { runCommand } from "./cli-run.ts";

const folder = mkdtempSync(join(tmpdir(), "route-cli-"));
const path = (name: string) => join(folder, name);
const route = (...args: string[]) => runCommand(["route", ...args], { folder });
const linesOf = (name: string) => readFileSync(path(name), "utf8").split("\n").slice(0, -1);
/** Without the times, which are never the same. */
const recordsOf = (name: string): RouteRecord[] =>
  linesOf(name)
    .slice(1)
    .map((line) => JSON.parse(line, (key, value: unknown) => (key === "ms" ? undefined : value)));

// One at a time and not in batches, whose digits are those of who happened to be in them.
const asking = ["-m", "lab", "--threads", "1", "--batching", "off", "--at-once", "1", "--long-tokens", "40"];
const recording = ["--problems", "lab", "--count", "24", "--seed", "3", ...asking, "--counting", "answer"];

describe("surprisal route car", () => {
  beforeAll(async () => {
    const { code, stderr } = await route("car", "record", ...recording, "-o", "whole.jsonl");
    expect(stderr).toMatch(/24 records in whole.jsonl/);
    expect(code).toBe(0);
  });

  it("has the same records after kill -9 and --resume", async () => {
    const killed = await runCommand(["route", "car", "record", ...recording, "-o", "killed.jsonl"], {
      folder,
      meanwhile: (child) => {
        const timer = setInterval(() => {
          if (!existsSync(path("killed.jsonl")) || linesOf("killed.jsonl").length < 5) return;
          clearInterval(timer);
          child.kill("SIGKILL");
        }, 2);
        child.once("exit", () => clearInterval(timer));
      },
    });
    expect(killed.signal).toBe("SIGKILL");
    expect(linesOf("killed.jsonl").length).toBeLessThan(25);
    const again = await route("car", "record", ...recording, "-o", "killed.jsonl");
    expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/--resume goes on with it/)]);
    const other = await route(
      "car",
      "record",
      ...recording,
      "-o",
      "killed.jsonl",
      "--resume",
      "--short",
      "Quick.",
    );
    expect(other.stderr).toMatch(/another instructions.*RUN_MISMATCH|RUN_MISMATCH/s);
    expect((await route("car", "record", ...recording, "-o", "killed.jsonl", "--resume")).code).toBe(0);
    expect(recordsOf("killed.jsonl")).toEqual(recordsOf("whole.jsonl"));
    expect(linesOf("killed.jsonl")[0]).toBe(linesOf("whole.jsonl")[0]);
  });

  it("is fitted, judged without a model, and run", async () => {
    const fitted = await route("car", "fit", "whole.jsonl", "--least", "3", "-o", "router.json");
    expect(fitted.stdout).toMatch(/nll[\s\S]*Fitted to 24 questions[\s\S]*router.json/);
    const judged = await route(
      "car",
      "eval",
      "--replay",
      "whole.jsonl",
      "-a",
      "router.json",
      "--svg",
      "curve.svg",
      "--html",
      "page.html",
    );
    expect(judged.code).toBe(0);
    for (const name of ["always short", "always long", "random", "oracle", "router"])
      expect(judged.stdout).toContain(name);
    for (const line of judged.stdout
      .split("\n")
      .filter((each) => /^(way|always|random|oracle|router)/.test(each)))
      expect(line.length).toBeLessThanOrEqual(80);
    expect(readFileSync(path("curve.svg"), "utf8")).toMatch(/^<svg[\s\S]*accuracy/);
    expect(readFileSync(path("page.html"), "utf8")).toContain("Accuracy against tokens");
    const json = await route("car", "eval", "--replay", "whole.jsonl", "--least", "2", "--json");
    const { evaluation, splits } = JSON.parse(json.stdout);
    const { keptRight, keptWrong, longNeeded, longWasted, hopeless } = evaluation.classes;
    expect(keptRight + keptWrong + longNeeded + longWasted + hopeless).toBe(evaluation.n);
    expect(splits.splits).toBe(100);
    const { decision } = JSON.parse(
      (
        await route(
          "car",
          "run",
          "What is 12 + 7?",
          "-a",
          "router.json",
          "--answer",
          "line",
          "--json",
          ...asking,
        )
      ).stdout,
    );
    expect(["sure", "uncertain"]).toContain(decision.because);
  });

  it("says what is wrong, and the way out", async () => {
    for (const [args, message] of [
      [["fit", "whole.jsonl"], /more are needed to have 30[\s\S]*CALIBRATION_TOO_SMALL/],
      [
        ["fit", "whole.jsonl", "--risk", "0.1", "--tokens-per-question", "5"],
        /--tokens-per-question and --risk exclude/,
      ],
      [["fit", "whole.jsonl", "--mode", "pilot", "--tokens-per-question", "5"], /no use for a goal/],
      [["fit", "nowhere.jsonl"], /no such file[\s\S]*FILE_NOT_FOUND/],
      [["eval", "--replay", "whole.jsonl", "-a", "whole.jsonl"], /ROUTER_INVALID/],
      [["eval"], /--replay FILE/],
      [["record", "-o", "x.jsonl"], /There are no questions/],
      [["record", "questions.jsonl", "-o", "x.jsonl"], /no right answer \(questions.jsonl:2\)/],
      [["run", "What?"], /--artefact FILE/],
    ] as const) {
      writeFileSync(path("questions.jsonl"), '{"question": "1 + 1?", "answer": 2}\n{"question": "1 + 2?"}\n');
      const { code, stderr } = await route("car", ...args);
      expect(stderr).toMatch(message);
      expect(code).not.toBe(0);
      expect(stderr).not.toMatch(/This is a bug/);
    }
  });
});
