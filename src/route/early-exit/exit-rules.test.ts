import { describe, expect, it } from "vitest";
import { type ScriptedToken, ToldModel } from "../../../test/told-model.ts";
import { chooseExit, evaluateExit, exitCurve } from "../evaluate/index.ts";
import {
  parseRecords,
  RECORDS_SCHEMA,
  type RecordedThinking,
  type RouteRecord,
  type RouteRecords,
  recordLine,
} from "../index.ts";
import {
  askingProbe,
  type ExitSettings,
  exitOf,
  recordThinking,
  replayExit,
  sequenceProbe,
  thinkingPlaces,
  thinkThenAnswer,
} from "./index.ts";

const places = thinkingPlaces({
  at: ["\n", "Wait"],
  close: "\nSo:",
  call: " try:",
  trial: { skipFirst: 0, stop: ["."], maxTokens: 3 },
});
const ln = Math.log;
const token = (text: string, p: number): ScriptedToken => ({
  text,
  logprob: ln(p),
  others: [ln((1 - p) / 2)],
});
const THINKING = [
  ...["a", "b", "\n"].map((text) => token(text, 0.5)),
  ...["c", " Wait", "d", "\n"].map((text) => token(text, 0.9)),
  ...["e", "\n", "42"].map((text) => token(text, 0.99)),
];
/** Behind the n-th line it is surer, and right from the second on. */
const model = (fork = false) =>
  new ToldModel(
    (_, { prefill }) => {
      if (prefill === undefined) return THINKING;
      const lines = prefill.split("\n").length - (prefill.endsWith(":") && prefill.includes("So:") ? 2 : 1);
      const sureness = [0.4, 0.6, 0.8, 0.97][lines]!;
      return [token(lines >= 2 ? " 42" : " 7", sureness), token(".", 0.9)];
    },
    { fork },
  );
/** With `fork` it is asked through a sequence, whose every next byte is as likely as every other. */
const record = async (fork = false): Promise<RouteRecord> => {
  const { whole, thinking } = await recordThinking(model(fork), "?", {
    answerOf: (text) => /\d+/.exec(text)?.[0] ?? null,
    isRight: (answer) => answer === "42",
    places,
    think: { maxTokens: 50 },
  });
  return { id: "q", paths: { whole }, thinking };
};
const RULES: ExitSettings[] = [
  { rule: "certain", probability: 0.85, run: 2, after: 0 },
  { rule: "certain", probability: 0.98, run: 2, after: 3 },
  { rule: "certain", probability: 0.999, run: 1, after: 0 },
  { rule: "deer", threshold: 0.8 },
  { rule: "deer", threshold: 0.8, mean: "geometric" },
  { rule: "deer", threshold: 0.94 },
  { rule: "deer", threshold: 0.1, most: 1 },
  { rule: "eat", delta: 1, warmUp: 0, alpha: 0.5 },
  { rule: "eat", delta: 1e-9, warmUp: 0, alpha: 0.5 },
];

describe("thinking that was recorded", () => {
  it("has every place, with what the model would have said there", async () => {
    const { paths, thinking } = await record();
    expect(paths.whole).toMatchObject({ correct: true, tokens: 10, text: "ab\nc Waitd\ne\n42" });
    expect(thinking!.firstChoices.map((each) => Math.exp(each!).toFixed(2))).toEqual(
      [0.5, 0.5, 0.5, 0.9, 0.9, 0.9, 0.9, 0.99, 0.99, 0.99].map((p) => p.toFixed(2)),
    );
    expect(thinking!.places.map(({ marks, seen, tokens }) => [marks, seen, tokens])).toEqual([
      [["\n"], 3, 3],
      [["Wait"], 5, 5],
      [["\n"], 7, 7],
      [["\n"], 9, 9],
    ]);
    expect(thinking!.places.map(({ answer: { correct, text } }) => [correct, text])).toEqual([
      [false, "So: 7."],
      [false, "So: 7."],
      [true, "So: 42."],
      [true, "So: 42."],
    ]);
    expect(thinking!.places[0]!.trial).toEqual({ text: " 7.", logprobs: [ln(0.6), ln(0.9)] });
  });

  it.each(RULES)("is ended by a replay where it is ended live: %j", async (settings) => {
    const isEat = settings.rule === "eat"; // the told model says no entropies behind a prefill
    const { thinking } = await record(isEat);
    for (const how of [places, { ...places, at: ["\n"] }]) {
      const replayed = await replayExit(thinking!, settings, how);
      const told = model(isEat);
      const asking = isEat ? await sequenceProbe(told, "?") : askingProbe(told, "?");
      const probe = settings.rule === "certain" ? null : asking;
      const live = await thinkThenAnswer(told, "?", { exit: exitOf(settings, how, probe), close: how.close });
      expect([replayed.place?.tokens ?? null, replayed.reason]).toEqual(
        live.stoppedBy ? [live.thought, live.stoppedBy.because] : [null, null],
      );
      if (replayed.place) expect(`So:${live.text}`).toBe(replayed.place.answer.text);
      expect(replayed.missing).toBe(0);
    }
  });

  it("is kept in a file, and refused where a field cannot be", async () => {
    const header = {
      schema: RECORDS_SCHEMA,
      paths: ["whole"],
      counting: null,
      identity: null,
      thinking: places,
    } as const;
    const line = recordLine(await record(true));
    const { records, header: read } = parseRecords(recordLine(header) + line, "x");
    expect(records[0]).toEqual(JSON.parse(line));
    expect(read.thinking).toEqual(places);
    for (const [from, to] of [
      ['"seen":3', '"seen":0'],
      ['"entropy":', '"entropy":-'],
      ['"marks":["Wait"]', '"marks":[]'],
    ] as const)
      expect(() => parseRecords(recordLine(header) + line.replace(from, to), "x")).toThrow(/line 2/);
  });

  it("ends neither in the answer of a model that has ended its thinking itself", async () => {
    const parts = [
      { text: "a\n", logprob: ln(0.99), part: "reasoning" },
      { text: "b\n", logprob: ln(0.99), part: "answer" },
      { text: "c\n", logprob: ln(0.99), part: "answer" },
    ] as const;
    const told = new ToldModel(() => []);
    told.generate = (() => {
      const generation = (async function* () {
        yield* parts;
      })();
      return Object.assign(generation, { end: undefined });
    }) as unknown as typeof told.generate;
    const exit = exitOf({ rule: "certain", probability: 0.9, run: 2, after: 0 }, places, null);
    const found = await thinkThenAnswer(told, "?", { exit });
    expect(found).toMatchObject({ stoppedBy: null, text: "b\nc\n" });
  });
});

/** Places after 2, 4 and 6 tokens, answers of 1 token, the whole 10 tokens; right from place `from` on (3: the whole alone). */
const thought = (from: number, sureness: readonly number[]): RecordedThinking => ({
  firstChoices: Array.from({ length: 9 }, () => ln(0.99)),
  places: sureness.map((p, i) => ({
    marks: ["\n"],
    seen: 2 * (i + 1),
    tokens: 2 * (i + 1),
    entropy: 1 - p,
    trial: { text: "x", logprobs: [ln(p)] },
    answer: { correct: i >= from, tokens: 1 },
  })),
});
const file = (list: readonly RecordedThinking[]): RouteRecords => ({
  header: { schema: RECORDS_SCHEMA, paths: ["whole"], counting: null, identity: null, thinking: places },
  records: list.map((thinking, i) => ({
    id: `${i}`,
    paths: { whole: { correct: true, tokens: 10 } },
    thinking,
  })),
  wholeBytes: 0,
});

describe("an early exit on records", () => {
  // Sure where it is right: half of them from the first place on, half from the second.
  const all = file(
    Array.from({ length: 40 }, (_, i) =>
      i % 2 === 0 ? thought(0, [0.9, 0.9, 0.9]) : thought(1, [0.5, 0.9, 0.9]),
    ),
  );
  const value = (found: Awaited<ReturnType<typeof evaluateExit>>, name: string) => {
    const { accuracy, tokens } = found.methods.find((each) => each.name === name)!;
    return [accuracy.value, tokens.value];
  };

  it("is worth what can be counted by hand", async () => {
    const found = await evaluateExit(all, { rule: "deer", threshold: 0.8 });
    expect(value(found, "never ended")).toEqual([1, 10]);
    expect(value(found, "oracle")).toEqual([1, (3 + 5) / 2]);
    // One trial of one token, or two of them, beside the tokens of the oracle.
    expect(value(found, "rule")).toEqual([1, 4 + 1.5]);
    expect(found).toMatchObject({
      n: 40,
      lost: 0,
      won: 0,
      probeTokens: 1.5,
      ended: { of: 40, count: 40, tokens: 3 },
    });
    expect(found.saving).toEqual({ ofWhole: 4.5 / 10, ofOracle: 4.5 / 6 });
    // Budgets cost 3, 5, 7 and 10 tokens: 5.5 is a quarter of the way from the second, all right, to the third.
    const [right, tokens] = value(found, "fixed budget");
    expect(tokens).toBeCloseTo(5.5, 12);
    expect(right).toBe(1);
  });

  it("has a fixed budget with its tokens, also between a wrong and a right one", async () => {
    const found = await evaluateExit(all, { rule: "certain", probability: 0.9, run: 2, after: 0 });
    expect(value(found, "rule")).toEqual([0.5, 3]);
    expect(value(found, "fixed budget")).toEqual([0.5, 3]);
    expect(found).toMatchObject({ lost: 20, won: 0, probeTokens: 0 });
    const some = await evaluateExit(all, { rule: "deer", threshold: 0, most: 1 }); // 3 and a trial: 4
    expect(value(some, "rule")).toEqual([0.5, 4]);
    const [right, tokens] = value(some, "fixed budget");
    expect([right, tokens]).toEqual([expect.closeTo(0.75, 12), expect.closeTo(4, 12)]);
  });

  it("chooses the cheapest threshold that is right as often as the whole", async () => {
    const settings = { rule: "deer" } as const;
    const curve = await exitCurve(all, settings, { thresholds: [0.3, 0.8, 0.95] });
    expect(curve.map(({ threshold, accuracy, kept }) => [threshold, accuracy, kept])).toEqual([
      [0.3, 0.5, 1],
      [0.8, 1, 1],
      [0.95, 1, 0],
    ]);
    const chosen = await chooseExit(all, settings, { thresholds: [0.3, 0.8, 0.95] });
    expect(chosen).toMatchObject({ reached: true, settings: { rule: "deer", threshold: 0.8 } });
    await expect(chooseExit(all, settings, { least: 41 })).rejects.toMatchObject({
      code: "CALIBRATION_TOO_SMALL",
      wayOut: expect.stringMatching(/--least.*--threshold/),
    });
  });

  it("says when a rule can end nothing, and leaves out what has no labels", async () => {
    const warnings = async (settings: ExitSettings, records = all) =>
      (await evaluateExit(records, settings)).warnings.join();
    expect(await warnings({ rule: "certain" })).toMatch(/first 400 are left alone/);
    expect(await warnings({ rule: "certain", after: 5 })).toBe("");
    expect(await warnings({ rule: "eat", delta: 1 })).toMatch(/first 21 are the warm-up/);
    expect(await warnings({ rule: "eat", delta: 1, warmUp: 1 })).toBe("");
    expect(await warnings({ rule: "deer" }, file([thought(0, [])]))).toMatch(/no place|has a place/i);
    const unlabelled = { id: "u", paths: { whole: { correct: null, tokens: 1 } }, thinking: thought(0, [1]) };
    const more = { ...all, records: [...all.records, unlabelled, { id: "v", paths: {} }] };
    expect(await evaluateExit(more, { rule: "deer" })).toMatchObject({ n: 40, leftOut: 2 });
  });
});
