/** `surprisal route cascade`, `deepconf`, `exit` and `car run` with the shipped models: from questions to answers, also after kill -9. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { RouteRecord } from "../src/route/index.ts";
import { type Finished, runCommand } from "./cli-run.ts";

const folder = mkdtempSync(join(tmpdir(), "route-commands-"));
const path = (name: string) => join(folder, name);
const route = (line: string, ...more: string[]) =>
  runCommand(["route", ...line.split(" "), ...more], { folder });
const linesOf = (name: string) => readFileSync(path(name), "utf8").split("\n").slice(0, -1);
const withoutTimes = (line: string): unknown =>
  JSON.parse(line, (key, value: unknown) => (key === "ms" ? undefined : value));
const recordsOf = (name: string) => linesOf(name).slice(1).map(withoutTimes) as RouteRecord[];

async function done(finished: Promise<Finished>): Promise<Finished> {
  const found = await finished;
  expect(found.stderr).not.toMatch(/This is a bug/);
  expect([found.code, found.code === 0 ? "" : found.stderr]).toEqual([0, ""]);
  return found;
}

async function refused(finished: Promise<Finished>, message: RegExp): Promise<void> {
  const { code, stderr } = await finished;
  expect(stderr).toMatch(message);
  expect(stderr).not.toMatch(/This is a bug/);
  expect(code).not.toBe(0);
}

/** Sends a signal once a file has so many lines. */
function interrupted(
  line: string,
  more: readonly string[],
  file: string,
  lines: number,
  signal: NodeJS.Signals,
) {
  return runCommand(["route", ...line.split(" "), ...more], {
    folder,
    meanwhile: (child) => {
      const timer = setInterval(() => {
        if (!existsSync(path(file)) || linesOf(file).length < lines) return;
        clearInterval(timer);
        child.kill(signal);
      }, 2);
      child.once("exit", () => clearInterval(timer));
    },
  });
}

// One at a time and not in batches, whose digits are those of who happened to be in them.
const ONE = "--threads 1 --batching off --at-once 1";
const DIRECT = ["--instruction", "Answer directly."];

writeFileSync(
  path("five.jsonl"),
  ["2 + 3", "4 + 4", "7 + 1", "6 + 5", "9 + 2"]
    .map(
      (sum) =>
        `{"question": "What is ${sum}?", "answer": ${sum.split(" + ").reduce((a, b) => a + Number(b), 0)}}\n`,
    )
    .join(""),
);

describe("surprisal route cascade", () => {
  const steps = "--step small=lab --step large=mini --max-tokens 12";
  const prices = "--price small=1 --price large=9 --least 3";

  it("records, fits, judges and runs", async () => {
    const questions = `--problems lab --count 24 --seed 3 ${steps} ${ONE}`;
    await done(route(`cascade record ${questions} -o cascade.jsonl`, ...DIRECT));
    const [header] = linesOf("cascade.jsonl");
    expect(JSON.parse(header!)).toMatchObject({ paths: ["small", "large"], atOnce: 1 });
    const fitted = await done(route(`cascade fit cascade.jsonl ${prices} -o cascade.json`));
    expect(fitted.stdout).toMatch(/Fitted to 24 questions[\s\S]*cascade.json/);
    const replayed = await done(route(`cascade eval --replay cascade.jsonl ${prices} --json`));
    const fresh = await done(
      route(`cascade eval ${questions} --records fresh-cascade.jsonl ${prices} --json`, ...DIRECT),
    );
    const [one, other] = [replayed, fresh].map(({ stdout }) => JSON.parse(stdout));
    expect(recordsOf("fresh-cascade.jsonl")).toEqual(recordsOf("cascade.jsonl"));
    expect(other.evaluation.shares).toEqual(one.evaluation.shares);
    expect(one.evaluation.methods.map(({ name }: { name: string }) => name)).toContain("always large");
    expect(one.evaluation.methods[0].ms).not.toBeNull();
    const run = await done(
      route(
        `cascade run five.jsonl -a cascade.json ${steps} -o cascade-answers.jsonl --at-once 2 --threads 1`,
      ),
    );
    expect(run.stderr).toMatch(/5 answers/);
    for (const line of linesOf("cascade-answers.jsonl"))
      expect(JSON.parse(line)).toMatchObject({
        type: "answer",
        model: expect.stringMatching(/small|large/),
        ms: null,
      });
  });

  it("shows no times of questions that were asked at once", async () => {
    const [header, ...records] = linesOf("cascade.jsonl");
    const busy = { ...JSON.parse(header!), atOnce: 4 };
    writeFileSync(path("busy.jsonl"), `${[JSON.stringify(busy), ...records].join("\n")}\n`);
    const told = await done(route(`cascade eval --replay busy.jsonl ${prices}`));
    expect(told.stdout).toMatch(/Times are not shown: 4 questions were asked at once/);
    const { evaluation } = JSON.parse(
      (await route(`cascade eval --replay busy.jsonl ${prices} --json`)).stdout,
    );
    expect(evaluation.atOnce).toBe(4);
    for (const { ms } of evaluation.methods) expect(ms).toBeNull();
  });

  it("says what is wrong before a model is asked", async () => {
    await refused(route("cascade fit cascade.jsonl --price small=1"), /no price for large/);
    await refused(
      route("cascade fit cascade.jsonl --price small=1 --price large=9"),
      /to have 30[\s\S]*--least[\s\S]*CALIBRATION_TOO_SMALL/,
    );
    await refused(
      route(`cascade eval five.jsonl --records none.jsonl ${steps} --price small=1 --price large=9`),
      /5 questions are too few[\s\S]*--least[\s\S]*CALIBRATION_TOO_SMALL/,
    );
    expect(existsSync(path("none.jsonl"))).toBe(false);
  });
});

describe("surprisal route deepconf", () => {
  const tracing = `-m lab -n 4 --trace-tokens 16 --temperature 1 --threads 1`;

  it("records, fits, judges and runs", async () => {
    const questions = `--problems lab --count 12 --seed 3 ${tracing}`;
    await done(route(`deepconf record ${questions} -o traces.jsonl`, ...DIRECT));
    expect(recordsOf("traces.jsonl").every(({ traces }) => traces?.length === 4)).toBe(true);
    const settings = "--warm-up 2 --window 2 --keep 0.5 --least 4";
    await done(route(`deepconf fit traces.jsonl ${settings} -o deepconf.json`));
    const replayed = await done(route(`deepconf eval --replay traces.jsonl ${settings}`));
    expect(replayed.stdout).toMatch(/Warm-up 2, window 2[\s\S]*online/);
    const run = await done(
      route(
        "deepconf run five.jsonl -a deepconf.json -m lab --answer number --trace-tokens 16 --threads 1 -o votes.jsonl",
      ),
    );
    expect(run.stderr).toMatch(/5 answers/);
    const { vote, traces } = JSON.parse(linesOf("votes.jsonl")[0]!);
    expect(vote.votes).toBeLessThanOrEqual(traces);
  });

  it("judges few questions that it records first, or says before that they are too few", async () => {
    await refused(
      route(`deepconf eval five.jsonl --records none.jsonl ${tracing}`),
      /5 questions are too few[\s\S]*--least[\s\S]*CALIBRATION_TOO_SMALL/,
    );
    expect(existsSync(path("none.jsonl"))).toBe(false);
    const few = await done(
      route(
        `deepconf eval five.jsonl --records few.jsonl ${tracing} --warm-up 1 --window 2 --least 2 --json`,
      ),
    );
    const { evaluation, artefact } = JSON.parse(few.stdout);
    expect(evaluation.n + artefact.fittedOn.n).toBe(5);
    const again = await done(
      route("deepconf eval --replay few.jsonl --warm-up 1 --window 2 --least 2 --json"),
    );
    expect(JSON.parse(again.stdout)).toEqual(JSON.parse(few.stdout));
  });
});

describe("surprisal route exit", () => {
  const thinking = `--problems lab --count 8 --seed 3 -m lab --think-tokens 60 --answer-tokens 8 ${ONE}`;
  const asking = [
    "--instruction",
    "Think step by step.",
    "--form",
    "text",
    "--at",
    "\\n",
    "--close",
    "Answer:",
  ];
  beforeAll(async () => {
    await done(route(`exit record ${thinking} -o thinking.jsonl`));
  });

  it("records every place, the same after Ctrl-C or kill -9 and --resume", async () => {
    const records = recordsOf("thinking.jsonl");
    expect(records).toHaveLength(8);
    for (const { thinking: found, paths } of records) {
      const text = paths.whole!.text!;
      expect(found!.places).toHaveLength(text.split("\n").length - 1);
      for (const { entropy, trial, answer } of found!.places) {
        expect(entropy).toBeGreaterThanOrEqual(0);
        expect(trial.logprobs.length).toBeGreaterThan(0);
        expect(answer.text).toMatch(/^Answer:/);
      }
    }
    for (const signal of ["SIGINT", "SIGKILL"] as const) {
      const file = `${signal}.jsonl`;
      const cut = await interrupted(`exit record ${thinking} -o ${file}`, [], file, 3, signal);
      if (signal === "SIGINT") expect(cut.stderr).toMatch(/Interrupted: \d of 8 questions done.*--resume/);
      else expect(cut.signal).toBe("SIGKILL");
      expect(recordsOf(file).length).toBeLessThan(8);
      await refused(
        route(`exit record ${thinking} -o ${file} --resume --close X`),
        /another close[\s\S]*RUN_MISMATCH/,
      );
      await done(route(`exit record ${thinking} -o ${file} --resume`));
      expect(recordsOf(file)).toEqual(records);
    }
  });

  it("judges every rule, on records of before or of now", async () => {
    for (const rule of [
      "certain --threshold 0.9 --run 4 --after 5",
      "eat --warm-up 0 --least 2",
      "deer --least 2",
    ]) {
      const { stdout } = await done(
        route(`exit eval --replay thinking.jsonl --rule ${rule} --svg exit.svg --html exit.html`),
      );
      for (const name of ["never ended", "fixed budget", "oracle", "rule"]) expect(stdout).toContain(name);
    }
    expect(readFileSync(path("exit.svg"), "utf8")).toMatch(/^<svg[\s\S]*accuracy/);
    expect(readFileSync(path("exit.html"), "utf8")).toContain("of the thinkings ended");
    const rule = "--rule deer --threshold 0.9 --json";
    const replayed = await done(route(`exit eval --replay thinking.jsonl --seed 3 ${rule}`));
    const fresh = await done(route(`exit eval ${thinking} --records fresh-thinking.jsonl ${rule}`));
    expect(JSON.parse(fresh.stdout)).toEqual(JSON.parse(replayed.stdout));
  });

  it("runs as it was replayed, and says where it stopped and why", async () => {
    const { evaluation } = JSON.parse(
      (await done(route("exit eval --replay thinking.jsonl --rule deer --threshold 0.9 --json"))).stdout,
    );
    const records = recordsOf("thinking.jsonl");
    writeFileSync(
      path("same.jsonl"),
      records.map(({ id, question }) => `${JSON.stringify({ id, question })}\n`).join(""),
    );
    const live = `exit run same.jsonl --rule deer --threshold 0.9 -m lab --think-tokens 60 --answer-tokens 8 --answer line ${ONE}`;
    await done(route(`${live} -o live.jsonl`, ...asking));
    const rows = linesOf("live.jsonl").map((line) => JSON.parse(line));
    const ended = rows.filter(({ stoppedBy }) => stoppedBy !== null);
    expect(ended).toHaveLength(evaluation.ended.count);
    const tokens = rows.reduce((sum, row) => sum + row.tokens, 0) / rows.length;
    expect(tokens).toBeCloseTo(
      evaluation.methods.find(({ name }: { name: string }) => name === "rule").tokens.value,
      9,
    );
    for (const [i, { stoppedBy, text }] of rows.entries()) {
      const places = records[i]!.thinking!.places;
      const place = places.find(({ tokens: at }) => at === stoppedBy?.token);
      if (stoppedBy) expect(place!.answer.text).toBe(text);
    }
    const one = await done(
      route(
        "exit run --rule certain --run 3 --after 0 --threshold 0.9 -m lab --threads 1",
        "What is 12 + 7?",
        ...asking,
      ),
    );
    expect(one.stdout).toMatch(/^Answer: /);
    expect(one.stderr).toMatch(/ended after \d+ tokens: the first choice of \d+ tokens in a row/);
  });

  it("says what is wrong, and the way out", async () => {
    writeFileSync(path("empty.jsonl"), "");
    for (const [line, message] of [
      ["exit eval --replay thinking.jsonl", /--rule certain, eat, deer/],
      [
        "exit eval --replay thinking.jsonl --rule deer",
        /4 of 4 records[\s\S]*--least[\s\S]*CALIBRATION_TOO_SMALL/,
      ],
      ["exit eval --replay thinking.jsonl --rule deer --threshold 2", /no such confidence/],
      ["exit eval --replay thinking.jsonl --rule deer --run 2", /no use for --run/],
      ["exit eval --replay thinking.jsonl --rule deer --at x", /asked behind \["\\n"\]/],
      ["exit eval --replay empty.jsonl --rule deer", /no header line[\s\S]*ROUTER_INVALID/],
      ["deepconf eval --replay thinking.jsonl", /of `surprisal route exit`[\s\S]*ROUTER_INVALID/],
      ["car eval --replay thinking.jsonl", /of `surprisal route exit`[\s\S]*ROUTER_INVALID/],
      ["exit run What? --rule eat -m lab", /--rule eat needs --threshold/],
      ["exit run empty.jsonl --rule certain -m lab", /no questions[\s\S]*EMPTY_INPUT/],
      ["exit record empty.jsonl -m lab -o x.jsonl", /no questions[\s\S]*EMPTY_INPUT/],
      ["exit record five.jsonl -m lab -o x.jsonl --answer letter", /No letter can be read.*five.jsonl:1/],
    ] as const)
      await refused(route(line), message);
  });
});

describe("surprisal route car run", () => {
  it("has the same answers after kill -9 and --resume", async () => {
    const asking = `-m lab ${ONE}`;
    const questions = "--problems lab --count 16 --seed 3 --long-tokens 40 --counting answer";
    await done(route(`car record ${questions} ${asking} -o car.jsonl`));
    await done(route("car fit car.jsonl --least 2 -o car.json"));
    const rows = recordsOf("car.jsonl").map(({ id, question }) => `${JSON.stringify({ id, question })}\n`);
    writeFileSync(path("asked.jsonl"), rows.join(""));
    const line = `car run asked.jsonl -a car.json --answer line --long-tokens 40 ${asking}`;
    await done(route(`${line} -o answers.jsonl`));
    const answers = (name: string) => linesOf(name).map(withoutTimes);
    expect(answers("answers.jsonl")).toHaveLength(16);
    const killed = await interrupted(`${line} -o killed.jsonl`, [], "killed.jsonl", 4, "SIGKILL");
    expect(killed.signal).toBe("SIGKILL");
    expect(linesOf("killed.jsonl").length).toBeLessThan(16);
    await refused(route(`${line} -o killed.jsonl`), /--resume goes on with it/);
    await done(route(`${line} -o killed.jsonl --resume`));
    expect(answers("killed.jsonl")).toEqual(answers("answers.jsonl"));
  });
});
