import { describe, expect, it } from "vitest";
import { evaluateDeepConf } from "../evaluate/index.ts";
import { parseRouter, type RecordedTrace, type RouteRecord, routerText } from "../index.ts";
import { fitDeepConf } from "./index.ts";

/** A trace of 10 tokens whose confidence is flat. */
const trace = (answer: string, confidence: number): RecordedTrace => ({
  answer,
  correct: answer === "right",
  tokens: 10,
  confidences: Array.from({ length: 10 }, () => confidence),
});
/** Two sure ones first, then by turns weak wrong ones and sure right ones. */
const record = (i: number): RouteRecord => ({
  id: `${i}`,
  paths: {},
  traces: [
    trace("right", 2),
    trace("right", 2),
    trace("wrong", 1),
    trace("right", 2),
    trace("wrong", 1),
    trace("wrong", 1),
  ],
});
const records = Array.from({ length: 40 }, (_, i) => record(i));
const settings = { warmUp: 2, window: 4, keep: 0.5, consensus: null, budget: 6 };

describe("DeepConf on records", () => {
  it("is worth what can be counted by hand", () => {
    const found = evaluateDeepConf(records, settings);
    const value = (name: string) => {
      const { accuracy, tokens } = found.methods.find((each) => each.name === name)!;
      return [accuracy.value, tokens.value];
    };
    // The three weak ones are ended after a window of 4: 3 x 10 + 3 x 4; of 60.
    expect(value("online")).toEqual([1, 42]);
    expect(value("one trace")).toEqual([0.5, 10]);
    // 42 tokens are four traces. From each of the six places on: rrwr, rwrw, rwwr are voted right, wrww, wwrr, wrrw wrong.
    expect(value("majority of 4")).toEqual([0.5, 40]);
    expect(value("majority of all")).toEqual([1, 60]); // three each: the one that came first
    expect(value("weighted by confidence")).toEqual([1, 60]);
    expect(found.saving).toBeCloseTo(18 / 60, 12);
    expect(found.stopped).toBeCloseTo(3 / 6, 12);
    expect(found.agreed).toBe(0);
    const agreeing = evaluateDeepConf(records, { ...settings, consensus: 0.9 });
    expect(agreeing.methods.find(({ name }) => name === "online")!.tokens.value).toBe(20);
    expect(agreeing.agreed).toBe(1);
  });

  it("leaves out what has too few traces, or no labels, and says so", () => {
    const unlabelled = {
      ...record(1),
      id: "u",
      traces: [{ ...trace("right", 1), correct: null }, trace("right", 1)],
    };
    const few = { ...record(2), id: "f", traces: [trace("right", 1)] };
    expect(evaluateDeepConf([...records, unlabelled, few], settings)).toMatchObject({ n: 40, leftOut: 2 });
    expect(() => evaluateDeepConf([few], settings)).toThrow(/None of 1 records has 2 traces/);
  });

  it("chooses the cheapest settings with the accuracy of the full vote, as a file", () => {
    const artefact = fitDeepConf(records, {
      warmUps: [2],
      windows: [2, 4],
      keeps: [0.5],
      consensuses: [null, 0.9],
    });
    expect(artefact.settings).toEqual({
      warmUp: 2,
      window: 2,
      keep: 0.5,
      consensus: 0.9,
      budget: 6,
      topK: 20,
    });
    expect(artefact.point).toMatchObject({
      n: 40,
      accuracy: 1,
      tokens: 20,
      fullVote: { accuracy: 1, tokens: 60 },
      reached: true,
    });
    const text = routerText(artefact);
    expect(parseRouter(text, "deepconf.json")).toEqual(artefact);
    const changed = (change: object) =>
      JSON.stringify({ ...artefact, settings: { ...artefact.settings, ...change } });
    expect(() => parseRouter(changed({ windows: 3 }), "x")).toThrow(/settings.windows is not known/);
    expect(() => parseRouter(changed({ budget: 1 }), "x")).toThrow(/below settings.warmUp/);
    expect(() => parseRouter(changed({ keep: 0 }), "x")).toThrow(/settings.keep/);
  });

  it("is refused with too little, and what is missing", () => {
    expect(() => fitDeepConf(records.slice(0, 10))).toThrow(/10 of 10 records.*20 more/);
    expect(() => fitDeepConf(records, { warmUps: [7] })).toThrow(/more than the 6 traces/);
    expect(() => fitDeepConf(records, { tolerance: -1 })).toThrow(/no share/);
  });
});
