import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ToldModel } from "../../test/told-model.ts";
import { SurprisalError, seededRandom } from "../core/index.ts";
import {
  answerSignals,
  car,
  cascade,
  checkExit,
  chooseExit,
  DeepConfExit,
  deepConf,
  EntropyExit,
  evaluateExit,
  evaluateRouter,
  evaluateSplits,
  groupConfidences,
  monitorQuality,
  parseRecords,
  parseRouter,
  RECORDS_SCHEMA,
  RecordsFile,
  type RouteRecord,
  recordLine,
  recordQuestions,
  reworded,
  routerText,
  saveRouter,
  surestTraces,
  TrialExit,
  traceConfidence,
  trialConfidence,
  writeRecords,
} from "./index.ts";

/** What a caller from JavaScript may give, whatever the types say. */
const untyped = (json: string) => JSON.parse(json);

const population = (n: number, more: (i: number) => Partial<RouteRecord> = () => ({})): RouteRecord[] => {
  const random = seededRandom(4);
  return Array.from({ length: n }, (_, i) => {
    const nll = random();
    return {
      id: `q${i}`,
      paths: {
        short: { correct: random() < 1 - nll, tokens: 3, signals: { nll } },
        long: { correct: random() < 0.9, tokens: 20, signals: { nll: random() } },
      },
      ...more(i),
    };
  });
};
const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return SurprisalError.isInstance(error) ? error.code : `no code: ${String(error)}`;
  }
  return "no error";
};

const refused = "INVALID_ARGUMENT";

describe("names that an object has of itself", () => {
  const kinds = ["constructor", "__proto__", "toString", "sum"];
  const records = population(200, (i) => ({ kind: kinds[i % 4]! }));

  it("are counted as kinds like any other, and the router can be read again", () => {
    const { artefact } = car.fit(records);
    expect(Object.entries(artefact.fittedOn.kinds ?? {})).toEqual(kinds.map((kind) => [kind, 50]));
    const read = parseRouter(routerText(artefact), "router.json");
    expect(Object.entries(read.fittedOn.kinds ?? {})).toEqual(kinds.map((kind) => [kind, 50]));
  });

  it("may be the names of models", async () => {
    const ask = async () => ({ text: "4", tokens: 1, promptTokens: null, signals: { nll: 0.1 } });
    const models = ["__proto__", "constructor"].map((name) => ({ name, ask }));
    const recorded = await cascade.record(models, "2 + 2?", { id: "a", isRight: () => true });
    expect(Object.keys(recorded.paths)).toEqual(["__proto__", "constructor"]);
    const header = {
      schema: RECORDS_SCHEMA,
      paths: ["__proto__", "constructor"],
      counting: null,
      identity: null,
    } as const;
    const { records: read } = parseRecords(recordLine(header) + recordLine(recorded), "x");
    expect(Object.keys(read[0]!.paths)).toEqual(["__proto__", "constructor"]);
  });
});

describe("a signal that cannot be", () => {
  it("is missing: a perplexity of 0 or less is no certainty, and none that is left out", () => {
    const router = car.fit(population(200));
    for (const perplexity of [0, -1, Number.NaN, null])
      expect(router.route({ perplexity })).toMatchObject({
        path: "long",
        because: "missing",
        uncertainty: null,
      });
    expect(router.route({ perplexity: 1 })).toMatchObject({ uncertainty: 0, because: "sure" });
    const { signals, missing } = answerSignals(untyped('[{"text":"4"}]'));
    expect([signals.nll, missing]).toEqual([null, 1]);
  });

  it("is counted by a way of counting that there is", () => {
    expect(codeOf(() => answerSignals([], { endToken: untyped('"Counted"') }))).toBe(refused);
  });
});

describe("records that are none, or say nothing", () => {
  it("are refused with a code", () => {
    for (const given of ["null", '"records.jsonl"', "{}", "[null]", "[{}]", '{"records":null}']) {
      expect(codeOf(() => car.fit(untyped(given)))).toBe(refused);
      expect(codeOf(() => evaluateRouter(untyped(given), () => "short"))).toBe(refused);
      expect(codeOf(() => evaluateSplits(untyped(given), () => () => "short"))).toBe(refused);
    }
  });

  it("are told apart: no labels, no such signal, one group", () => {
    expect(() => car.fit([])).toThrow(/None of 0 questions has an answer on short and long that is known/);
    expect(() => car.fit(population(100), { paths: ["small", "large"] })).toThrow(
      /answer on small and large/,
    );
    expect(() => car.fit(population(100), { signal: "margin" })).toThrow(
      /100 more have no "margin".*No answer has the signal/s,
    );
    expect(codeOf(() => car.fit(population(100), { paths: ["short", "short"] }))).toBe(refused);
    const steps = [
      { name: "short", price: { written: 0 } },
      { name: "long", price: { written: 1 } },
    ];
    const one = population(100, () => ({ group: "same" }));
    for (const fit of [() => car.fit(one), () => cascade.fit(one, { steps })])
      expect(fit).toThrow(/of 1 group, and a group stays together: 9 more are needed/);
    expect(() => cascade.fit([], { steps })).toThrow(/No question has an answer of every model.*short, long/);
  });

  it("are of a newer form, or of something else", () => {
    const first = (line: string) => () => parseRecords(`${line}\n`, "x.jsonl");
    expect(first('{"schema":"surprisal.route-records/2"}')).toThrow(
      /form is surprisal.route-records\/2.*update surprisal/s,
    );
    expect(first('{"schema":"surprisal.run/1"}')).toThrow(/a file of surprisal.run\/1, and not of records/);
    expect(first('{"id":"a","paths":{}}')).toThrow(/not the first line/);
    expect(first("[]")).toThrow(/not the first line/);
  });
});

describe("options on another scale, of another type, or of another name", () => {
  const records = population(300);
  const steps = (price: unknown) =>
    untyped(
      JSON.stringify([
        { name: "short", price: { written: 0 } },
        { name: "long", price },
      ]),
    );

  it("are refused by car.fit and cascade.fit", () => {
    for (const leastPerClass of [Number.NaN, 0, -1, untyped('"30"')])
      for (const fit of [
        () => car.fit(records, { leastPerClass }),
        () => cascade.fit(records, { steps: steps({ written: 1 }), leastPerClass }),
      ])
        expect(codeOf(fit)).toBe(refused);
    for (const goal of [
      "null",
      '"risk"',
      '{"kind":"risk","risk":0.3,"of":"kept-wrong"}',
      '{"kind":"risk","risk":"0.3"}',
      '{"kind":"accuracy","atLeast":"0.9"}',
      '{"kind":"posterior","atLeast":"0.5"}',
      '{"kind":"constructor"}',
    ])
      expect([goal, codeOf(() => car.fit(records, { goal: untyped(goal) }))]).toEqual([goal, refused]);
    expect(codeOf(() => car.fit(records, { heldOut: untyped('"0.5"') }))).toBe(refused);
    for (const percentile of [0, 1, Number.NaN])
      expect(codeOf(() => car.fit(records, { mode: "pilot", percentile }))).toBe(refused);
    for (const price of [{}, { write: 1 }, { written: 1, input: 2 }, { written: "1" }])
      expect(codeOf(() => cascade.fit(records, { steps: steps(price) }))).toBe(refused);
    expect(
      codeOf(() => cascade.fit(records, { steps: steps({ written: 1 }), posterior: untyped('"spline"') })),
    ).toBe(refused);
  });

  it("are refused by every evaluation", async () => {
    for (const more of [{ resamples: Number.NaN }, { resamples: 10 }, { level: 1 }, { level: Number.NaN }]) {
      expect(codeOf(() => evaluateRouter(records, () => "short", more))).toBe(refused);
      await expect(evaluateExit(thought, { rule: "deer" }, more)).rejects.toThrow(/resamples|coverage/);
    }
    expect(codeOf(() => evaluateSplits(records, () => () => "short", { level: 2 }))).toBe(refused);
    for (const route of [async () => "short", () => undefined, () => null])
      expect(() => evaluateRouter(records, untyped("null") ?? route)).toThrow(/names no path/);
  });

  const trial = { skipFirst: 0, skipLast: 0, stop: [], maxTokens: 3 };
  const places = { at: ["\n"], close: "</think>", call: "So", trial };
  const thought = {
    header: {
      schema: RECORDS_SCHEMA,
      paths: ["whole"],
      counting: null,
      identity: null,
      thinking: places,
    } as const,
    records: [
      {
        id: "a",
        paths: { whole: { correct: true, tokens: 5 } },
        thinking: { firstChoices: [-0.1], places: [] },
      },
    ],
    wholeBytes: 0,
  };

  it("are refused by rules that end something", async () => {
    expect(() => checkExit(untyped('{"rule":"dear","threshold":0.9}'), places)).toThrow(/no rule "dear"/);
    await expect(evaluateExit(thought, untyped('{"rule":"dear"}'))).rejects.toThrow(/no rule "dear"/);
    await expect(chooseExit(thought, untyped('{"rule":"dear"}'), { least: 1 })).rejects.toThrow(
      /no rule "dear"/,
    );
    await expect(chooseExit(thought, { rule: "deer" }, { least: Number.NaN })).rejects.toThrow(/least/);
    const probe = {
      read() {},
      entropyAfter: async () => null,
      trial: async () => ({ text: "", logprobs: [] }),
      async [Symbol.asyncDispose]() {},
    };
    for (const more of [{ skipFirst: -1 }, { skipLast: 0.5 }, { most: Number.NaN }, { maxTokens: 0 }])
      expect(codeOf(() => new TrialExit({ probe, ...more }))).toBe(refused);
    for (const warmUp of [-1, Number.NaN])
      expect(codeOf(() => new EntropyExit({ probe, delta: 1, warmUp }))).toBe(refused);
    for (const bar of [Number.NaN, untyped('"5"')])
      expect(codeOf(() => new DeepConfExit(bar, { window: 1 }))).toBe(refused);
    expect(codeOf(() => new DeepConfExit(5, { window: 1, topK: 0 }))).toBe(refused);
    expect(codeOf(() => trialConfidence({ logprobs: [-0.1] }, { mean: untyped('"harmonic"') }))).toBe(
      refused,
    );
    expect(codeOf(() => traceConfidence([1], "bottom", { bottom: 2 }))).toBe(refused);
    expect(codeOf(() => groupConfidences([1], { decimals: Number.NaN }))).toBe(refused);
  });

  it("do not let a recorder go home with nothing done", async () => {
    const folder = mkdtempSync(join(tmpdir(), "surprisal-"));
    const questions = [{ id: "a", question: "2 + 2?" }];
    const header = { paths: ["short", "long"], counting: null, identity: null };
    using file = RecordsFile.open(join(folder, "x.jsonl"), { header, questions });
    const record = async () => ({ ...questions[0]!, paths: {} });
    for (const atOnce of [Number.NaN, 0, 1.5])
      await expect(recordQuestions(file, questions, record, { atOnce })).rejects.toThrow(/side by side/);
    rmSync(folder, { recursive: true });
  });
});

describe("DeepConf at work", () => {
  it("begins no further trace once one has failed, and what it is told to do at once is a number", async () => {
    const written = [{ text: "a", logprob: -1, others: [-2] }];
    const model = new ToldModel((_, { seed = 0 }) => {
      if (seed >= 4) throw new Error("the source is gone");
      return written;
    });
    const options = {
      answerOf: (text: string) => text,
      warmUp: 2,
      budget: 40,
      window: 1,
      keep: 1,
      consensus: null,
    };
    await expect(deepConf(model, "?", { ...options, atOnce: 1 })).rejects.toThrow(/gone/);
    const begun = model.asked.length;
    expect(begun).toBeLessThan(10);
    await expect(deepConf(model, "?", { ...options, atOnce: 3 })).rejects.toThrow(/gone/);
    const after = model.asked.length;
    await new Promise((done) => setTimeout(done, 20));
    expect(model.asked.length).toBe(after);
    for (const atOnce of [Number.NaN, 0])
      await expect(deepConf(model, "?", { ...options, atOnce })).rejects.toThrow(/atOnce/);
  });
});

describe("a cascade that is asked nonsense", () => {
  it("says so before a model is asked", async () => {
    const steps = [
      { name: "short", price: { written: 1 } },
      { name: "long", price: { written: 9 } },
    ];
    const router = cascade.fit(population(200), { steps });
    let asked = 0;
    const models = steps.map(({ name }) => ({
      name,
      ask: async () => {
        asked++;
        return { text: "4", tokens: 1, promptTokens: null, signals: { nll: 0 } };
      },
    }));
    for (const budget of [Number.NaN, -1, untyped('"5"')])
      await expect(router.run(models, "2 + 2?", { budget })).rejects.toThrow(/budget/);
    for (const question of ["", " ", untyped("7")])
      await expect(router.run(models, question)).rejects.toThrow(/no question/);
    expect(asked).toBe(0);
  });
});

describe("confidences that are no numbers", () => {
  it("are left out, and end no trace", () => {
    const spoilt = [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 3];
    expect(groupConfidences(spoilt, { window: 2 })).toEqual([1.5, 2.5]);
    expect(traceConfidence(spoilt, "mean")).toBe(2);
    const exit = new DeepConfExit(1, { window: 2 });
    expect(spoilt.map((each) => exit.observeConfidence(each).kind)).toEqual(spoilt.map(() => "continue"));
    expect(trialConfidence({ logprobs: [0, -0.1, Number.NaN] }).confidence).toBeNull();
  });

  it("are kept where a bar falls on a trace, whatever 1 - keep is in binary", () => {
    // numpy.percentile(range(11), 30) is 3.0: of eleven traces, eight reach it
    const traces = Array.from({ length: 11 }, (_, i) => ({ answer: "a", confidences: [i] }));
    expect(surestTraces(traces, "mean", 0.7).length).toBe(8);
    const fine = traces.map(({ answer }, i) => ({ answer, confidences: [i / 7] }));
    expect(surestTraces(fine, "mean", 0.7).length).toBe(8);
  });
});

describe("what could not be read again", () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const header = { paths: ["short", "long"], counting: null, identity: null };
  const spoilt = { id: "a", paths: { short: { correct: true, tokens: Number.NaN } } };

  it("is not written in the place of what was there", async () => {
    const name = join(folder, "kept");
    writeFileSync(name, "kept");
    for (const artefact of [
      untyped("{}"),
      untyped("null"),
      { ...car.fit(population(100)).artefact, signal: untyped("1") },
    ])
      await expect(saveRouter(name, artefact)).rejects.toThrow(/ROUTER_INVALID|schema|signal/);
    await expect(writeRecords(name, header, [spoilt])).rejects.toThrow(/tokens/);
    expect(readFileSync(name, "utf8")).toBe("kept");
  });

  it("does not spoil a recording", () => {
    const name = join(folder, "x.jsonl");
    const questions = [{ id: "a", question: "2 + 2?" }];
    using file = RecordsFile.open(name, { header, questions });
    expect(codeOf(() => file.add(spoilt))).toBe("ROUTER_INVALID");
    file.add({ ...questions[0]!, paths: {} });
    expect(parseRecords(readFileSync(name, "utf8"), name).records.length).toBe(1);
  });

  it("routers of another kind, steps without prices and rewordings that there are not", () => {
    const { artefact } = car.fit(population(100));
    for (const given of [null, {}, { ...artefact, kind: "cascade" }])
      expect(codeOf(() => car.from(untyped(JSON.stringify(given))))).toBe(refused);
    expect(codeOf(() => cascade.from(untyped(JSON.stringify(artefact))))).toBe(refused);
    for (const steps of ['[{"name":"short"},{"name":"long"}]', '"short"'])
      expect(codeOf(() => cascade.fit(population(100), { steps: untyped(steps) }))).toBe(refused);
    expect(codeOf(() => reworded("2 + 2?", untyped('"rudely"')))).toBe(refused);
  });
});

describe("a file of records in another form", () => {
  const folder = mkdtempSync(join(tmpdir(), "surprisal-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const questions = ["a", "b"].map((id) => ({ id, question: `é ${id}` }));
  const header = { paths: ["short", "long"], counting: null, identity: null };
  const lines = questions.map((each) => recordLine({ ...each, paths: {} }));
  const whole = recordLine({ schema: RECORDS_SCHEMA, ...header }) + lines[0];

  it("loses nothing when it is gone on with behind a byte order mark", () => {
    const name = join(folder, "bom.jsonl");
    writeFileSync(name, `\ufeff${whole}{"id":"b","ha`);
    using file = RecordsFile.open(name, { header, questions, resume: true });
    file.add({ ...questions[1]!, paths: {} });
    expect(readFileSync(name, "utf8")).toBe(`\ufeff${whole}${lines[1]}`);
  });

  it("is left as it is where it is no UTF-8", () => {
    const name = join(folder, "latin.jsonl");
    const bytes = Buffer.from(whole.replace("é", "#"), "utf8").map((byte) => (byte === 0x23 ? 0xe9 : byte));
    writeFileSync(name, bytes);
    expect(codeOf(() => RecordsFile.open(name, { header, questions, resume: true }))).toBe("INVALID_UTF8");
    expect(readFileSync(name).equals(bytes)).toBe(true);
  });
});

describe("a monitor that is told something else", () => {
  it("refuses what is of another type, and counts nothing of it", () => {
    const monitor = monitorQuality();
    for (const observation of [
      "null",
      '"short"',
      '{"stopped":"no"}',
      '{"signal":"0.1"}',
      '{"tokens":"5"}',
      '{"path":5}',
    ])
      expect([observation, codeOf(() => monitor.observe(untyped(observation)))]).toEqual([
        observation,
        refused,
      ]);
    monitor.observe(untyped('{"path":null,"stopped":null,"tokens":3}'));
    monitor.observe({ tokens: Number.NaN });
    expect(monitor.reading()).toMatchObject({ observed: 2, total: {}, tokens: 3 });
  });

  it("refuses limits and references that could never say anything", () => {
    for (const options of [
      { error: 0.6 },
      { reference: [1] },
      { limits: [{ rate: "wrong" as const, above: 0.1, below: 0.5 }] },
    ])
      expect(codeOf(() => monitorQuality(options))).toBe(refused);
  });
});
