import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { examination, finding, token } from "../../test/detect-answers.ts";
import { SurprisalError } from "../core/index.ts";
import { type ConfidentCase, confidentErrors } from "./confident-error.ts";
import { loadDetector, parseDetector, saveDetector } from "./detector-file.ts";
import { examine } from "./examine.ts";
import type { Detector, Examination } from "./finding.ts";
import { fuse } from "./fusion/index.ts";
import { fitSeries } from "./series/index.ts";

describe("examining an answer", () => {
  const saying = (found: Examination): Detector => ({ signal: found.signal, examine: async () => found });
  const failing = (error: unknown): Detector => ({
    signal: "retrieval",
    examine: async () => {
      throw error;
    },
  });
  const anomaly = saying(examination("anomaly", 1, { findings: [finding(0, 2)] }));
  const patterns = saying(examination("patterns", 0));

  it("asks one detector after the other", async () => {
    const order: string[] = [];
    const slow = (signal: "anomaly" | "patterns"): Detector => ({
      signal,
      examine: async () => {
        order.push(`${signal} begins`);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(`${signal} ends`);
        return examination(signal, 0);
      },
    });
    const seen: string[] = [];
    const found = await examine({ answer: "abc" }, [slow("patterns"), slow("anomaly")], {
      onExamination: ({ signal }) => seen.push(signal),
    });
    expect(order).toEqual(["patterns begins", "patterns ends", "anomaly begins", "anomaly ends"]);
    expect([seen, found.examinations.map(({ signal }) => signal)]).toEqual([
      ["patterns", "anomaly"],
      ["patterns", "anomaly"],
    ]);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      "an error of ours",
      new SurprisalError({ code: "CONTEXT_EXCEEDED", what: "Too long" }),
      "CONTEXT_EXCEEDED",
      /Too long/,
    ],
    ["an error of the system", Object.assign(new Error("gone"), { code: "ENOENT" }), "ENOENT", /gone/],
    ["any error", new TypeError("x is undefined"), "INTERNAL", /x is undefined/],
    ["what is no error", "no", "INTERNAL", /no/],
  ])("keeps the others where one throws %s", async (_, error, code, reason) => {
    const found = await examine({ answer: "abc" }, [anomaly, failing(error), patterns]);
    expect(found.examinations.map(({ signal }) => signal)).toEqual(["anomaly", "patterns"]);
    expect(found.failures).toEqual([{ signal: "retrieval", code, reason: expect.stringMatching(reason) }]);
    expect(fuse(found).spans).toMatchObject([{ start: 0, end: 2 }]);
  });

  it("says so where a detector of a user gives no examination", async () => {
    const { findings: _, ...without } = examination("anomaly", 1);
    for (const given of [undefined, null, 42, {}, without, { ...without, findings: [null] }]) {
      const mute: Detector = { signal: "anomaly", examine: async () => given as unknown as Examination };
      const { examinations, failures } = await examine({ answer: "abc" }, [mute, patterns]);
      expect(examinations.map(({ signal }) => signal)).toEqual(["patterns"]);
      expect(failures).toMatchObject([
        { code: "INVALID_ARGUMENT", reason: expect.stringMatching(/gives no examination/) },
      ]);
    }
  });

  it.each<[string, Examination, RegExp]>([
    ["NaN", examination("anomaly", Number.NaN), /gives NaN as suspicion/],
    ["a feature that is NaN", examination("anomaly", 1, { features: { a: Number.NaN } }), /gives NaN as a/],
    [
      "a place outside",
      examination("anomaly", 1, { findings: [finding(1, 9)] }),
      /from 1 to 9 in 3 characters/,
    ],
    [
      "a strength of 2",
      examination("anomaly", 1, { findings: [finding(0, 1, { strength: 2 })] }),
      /strength 2/,
    ],
  ])("takes no examination with %s", async (_, given, reason) => {
    const { examinations, failures } = await examine({ answer: "abc" }, [saying(given), patterns]);
    expect(examinations.map(({ signal }) => signal)).toEqual(["patterns"]);
    expect(failures).toMatchObject([
      { signal: "anomaly", code: "INVALID_ARGUMENT", reason: expect.stringMatching(reason) },
    ]);
  });

  it("stops when it is told to, before the next detector", async () => {
    const controller = new AbortController();
    const stopping: Detector = {
      signal: "consistency",
      examine: async () => {
        controller.abort();
        return examination("consistency", 0);
      },
    };
    await expect(
      examine({ answer: "a" }, [stopping, patterns], { signal: controller.signal }),
    ).rejects.toMatchObject({
      code: "ABORTED",
    });
    await expect(examine({ answer: "a" }, [], { signal: AbortSignal.abort() })).resolves.toMatchObject({
      failures: [],
    });
  });

  it("waits for no detector that does not listen", async () => {
    const controller = new AbortController();
    const deaf: Detector = {
      signal: "consistency",
      examine: () => {
        setImmediate(() => controller.abort());
        return new Promise(() => {});
      },
    };
    const found = examine({ answer: "a" }, [deaf], { signal: controller.signal });
    await expect(found).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses two detectors of one signal", async () => {
    await expect(examine({ answer: "a" }, [patterns, patterns])).rejects.toThrow(
      /two detectors of the signal patterns/,
    );
  });
});

describe("the file of a fitted detector", () => {
  const answers = Array.from({ length: 80 }, (_, i) => ({
    id: `a${i}`,
    correct: i % 2 === 0,
    tokens: Array.from({ length: 5 }, (_, t) => token(-((i * 7 + t * 3) % 5) / 2 - 0.1)),
  }));
  const artefact = fitSeries(answers, { resamples: 20, simulations: 20 });
  type Changed = Record<string, unknown>;
  const broken = (change: (copy: Changed & { head: Changed & { features: Changed[] } }) => void): string => {
    const copy = JSON.parse(JSON.stringify(artefact)) as Changed & {
      head: Changed & { features: Changed[] };
    };
    change(copy);
    return JSON.stringify(copy);
  };

  it("is written and read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "detector-"));
    try {
      const file = join(folder, "series.json");
      await saveDetector(file, artefact);
      expect(await loadDetector(file)).toEqual(artefact);
      const text = await readFile(file, "utf8");
      await writeFile(file, text.slice(0, text.length / 2));
      await expect(loadDetector(file)).rejects.toMatchObject({ code: "DETECTOR_INVALID", where: file });
      await expect(loadDetector(join(folder, "none.json"))).rejects.toMatchObject({ code: "FILE_NOT_FOUND" });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each<[string, string, RegExp]>([
    ["no JSON", "{", /no JSON/],
    ["another file", JSON.stringify({ schema: "surprisal.router/1" }), /schema is not surprisal.detector/],
    [
      "a newer form",
      broken((copy) => Object.assign(copy, { schema: "surprisal.detector/2" })),
      /detector\/2.*knows/,
    ],
    ["no head", broken((copy) => Object.assign(copy, { head: 3 })), /head is not an object/],
    ["a kind that is none", broken((copy) => Object.assign(copy, { kind: "series2" })), /kind is not one of/],
    [
      "a weight that is none",
      broken(({ head }) => Object.assign(head.features[0]!, { weight: "1" })),
      /weight is not a finite/,
    ],
    [
      "a scale of 0",
      broken(({ head }) => Object.assign(head.features[0]!, { scale: 0 })),
      /scale is not a finite number above/,
    ],
    [
      "a mean out of its range",
      broken(({ head }) => Object.assign(head.features[0]!, { mean: 1e9 })),
      /do not rise/,
    ],
    [
      "a number that no series has",
      broken(({ head }) => Object.assign(head.features[0]!, { name: "__proto__" })),
      /a series has no number "__proto__"/,
    ],
    [
      "counts that do not add up",
      broken((copy) => Object.assign(copy, { fittedOn: { ...artefact.fittedOn, right: 7 } })),
      /right and fittedOn.wrong are not n/,
    ],
    [
      "a reference out of order",
      broken((copy) => Object.assign(copy, { reference: [0.9, 0.1] })),
      /reference does not rise/,
    ],
    ["a name twice", broken(({ head }) => head.features.push(head.features[0]!)), /a name twice/],
    [
      "a calibrator that turns the order",
      broken(({ head }) =>
        Object.assign(head, { calibrator: { kind: "platt", input: "logit", slope: -1, intercept: 0 } }),
      ),
      /slope is below 0/,
    ],
    [
      "a field twice",
      JSON.stringify(artefact).replace('"folds":5', '"folds":5,"folds":6'),
      /"folds" is twice/,
    ],
    [
      "signals of no name",
      broken((copy) => Object.assign(copy, { kind: "fusion", signals: ["luck"] })),
      /signals\[0\]/,
    ],
    [
      "a reference beyond 1",
      broken((copy) => Object.assign(copy, { reference: [2] })),
      /reference\[0\] is not from 0 to 1/,
    ],
  ])("is refused: %s", (_, json, message) => {
    expect(() => parseDetector(json, "it")).toThrow(message);
    expect(() => parseDetector(json, "it")).toThrow(expect.objectContaining({ code: "DETECTOR_INVALID" }));
  });
});

describe("confident errors", () => {
  const of = (
    id: string,
    correct: boolean | null,
    perplexity: number | null,
    lift: number | null = 0,
    patterns: number | null = 0,
  ): ConfidentCase => ({ id, correct, perplexity, signals: { lift, patterns } });
  const right = Array.from({ length: 10 }, (_, i) => of(`r${i}`, true, i + 1, i / 10, 0)); // median 5.5
  const wrong = [
    of("w1", false, 2, 5, 1),
    of("w2", false, 3, 5, 0),
    of("w3", false, 4, 0, 0),
    of("w4", false, 5, null, 1),
    of("w5", false, 50, 5, 1),
    of("w6", false, 60, 5, 1),
  ];

  it("are those below the median of right answers, with what would have caught each", () => {
    const report = confidentErrors([...right, ...wrong, of("u", null, 1), of("v", true, null)]);
    expect(report).toMatchObject({
      n: 16,
      right: 10,
      wrong: 6,
      missing: 2,
      threshold: 5.5,
      quantile: 0.5,
      ofErrors: { count: 4, of: 6, value: 4 / 6 },
      ofConfident: { count: 4, of: 9 },
      any: { caught: { count: 3, of: 4 }, falseAlarms: { count: 1, of: 10 } },
      intervals: { by: "clopper-pearson", groups: 16 },
    });
    // scipy 1.17.1: binomtest(4, 6).proportion_ci(0.95, method="exact")
    expect([report.ofErrors.low, report.ofErrors.high]).toEqual([
      expect.closeTo(0.2227781, 6),
      expect.closeTo(0.9567281, 6),
    ]);
    expect(report.signals).toMatchObject([
      {
        signal: "lift",
        threshold: 0.8,
        falseAlarms: { count: 1, of: 10 },
        caught: { count: 2, of: 4 },
        unknown: 1,
      },
      {
        signal: "patterns",
        threshold: 0,
        falseAlarms: { count: 0, of: 10 },
        caught: { count: 2, of: 4 },
        unknown: 0,
      },
    ]);
    expect(report.signals[0]!.confidentFalseAlarms).toMatchObject({ count: 0, of: 5 });
    expect(report.combinations).toEqual(
      [
        { signals: [], count: 1 },
        { signals: ["lift", "patterns"], count: 1 },
        { signals: ["lift"], count: 1 },
        { signals: ["patterns"], count: 1 },
      ].toSorted((a, b) => (JSON.stringify(a.signals) < JSON.stringify(b.signals) ? -1 : 1)),
    );
    expect(report.errors.map(({ id, caughtBy }) => [id, caughtBy])).toEqual([
      ["w1", ["lift", "patterns"]],
      ["w2", ["lift"]],
      ["w3", []],
      ["w4", ["patterns"]],
    ]);
  });

  it("go by a threshold that is kept at", () => {
    const report = confidentErrors([...right, ...wrong], { threshold: 3 });
    expect(report).toMatchObject({ threshold: 3, quantile: null, ofErrors: { count: 2, of: 6 } });
  });

  it("keep to the false alarms that are allowed, ties or not", () => {
    for (const falseAlarms of [0, 0.05, 0.1, 0.25, 0.5, 0.99])
      for (const ties of [1, 2, 5, 10]) {
        const tied = right.map((each, i) => ({ ...each, signals: { lift: Math.floor(i / ties) } }));
        const [found] = confidentErrors([...tied, ...wrong], { falseAlarms }).signals;
        expect(found!.falseAlarms.value!).toBeLessThanOrEqual(falseAlarms);
      }
  });

  it("have intervals by groups where answers share them", () => {
    const grouped = [...right, ...wrong].map((each, i) => ({ ...each, group: `g${i % 4}` }));
    const { ofErrors, intervals } = confidentErrors(grouped);
    expect(intervals).toMatchObject({ by: "group-bootstrap", groups: 4 });
    expect(ofErrors.low!).toBeLessThanOrEqual(ofErrors.value!);
    expect(ofErrors.high!).toBeGreaterThanOrEqual(ofErrors.value!);
    expect(confidentErrors(grouped)).toEqual(confidentErrors(grouped));
  });

  it("are none where nothing is wrong, and all where nothing is right and a threshold is given", () => {
    expect(confidentErrors(right)).toMatchObject({
      ofErrors: { of: 0, value: null },
      errors: [],
      combinations: [],
    });
    expect(() => confidentErrors(wrong)).toThrow(/No answer is right/);
    const report = confidentErrors(wrong, { threshold: 10 });
    expect(report).toMatchObject({ ofErrors: { count: 4 }, any: { caught: { count: 0 } } });
    expect(report.signals[0]!.threshold).toBeNull();
  });

  it.each<[string, ConfidentCase[], object, RegExp]>([
    ["no answers", [], {}, /None of 0 answers/],
    ["ids twice", [...right, right[0]!], {}, /"r0" is there twice/],
    ["NaN", [of("x", true, Number.NaN)], {}, /NaN is no perplexity/],
    ["a perplexity below 1", [of("x", true, 0.5)], {}, /0.5 is no perplexity/],
    ["a signal that is NaN", [of("x", true, 2, Number.NaN)], {}, /lift is NaN/],
    ["a quantile of 1", right, { quantile: 1 }, /quantile/],
    ["a threshold below 1", right, { threshold: 0 }, /0 is no perplexity/],
    ["false alarms of 1", right, { falseAlarms: 1 }, /1 is no share/],
  ])("refuse %s", (_, given, options, message) => {
    expect(() => confidentErrors(given, options)).toThrow(message);
  });

  it("may have infinite perplexities and suspicions", () => {
    const given = [
      of("a", true, Infinity, 1),
      of("b", true, Infinity, Infinity),
      of("c", false, 2, Infinity),
    ];
    expect(confidentErrors(given)).toMatchObject({ threshold: Infinity, ofErrors: { count: 1 } });
  });
});
