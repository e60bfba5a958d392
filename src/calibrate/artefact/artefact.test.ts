/** The artefact: fitted, kept, read again with every field checked, and compared with what it is used beside. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import {
  CALIBRATOR_KINDS,
  type CalibrationArtefact,
  calibratedOptions,
  calibratedScore,
  calibrationText,
  checkIdentity,
  describeAnswers,
  fitCalibration,
  fitPredictionSets,
  fitProxy,
  fitRiskThreshold,
  type LabelledAnswers,
  loadCalibration,
  makeArtefact,
  type Pairs,
  parseCalibration,
  saveCalibration,
  temperedProbabilities,
  wordingSha256,
} from "../index.ts";

const QUICK = { resamples: 20, simulations: 50 };

/** Questions of 2 to 4 options whose claims are too sure by a factor of 2, three paraphrases each. */
function questions(n: number, seed = 1): LabelledAnswers & { logprobs: number[][]; labels: number[] } {
  const random = seededRandom(seed);
  const logprobs: number[][] = [];
  const labels: number[] = [];
  for (let i = 0; i < n; i++) {
    const row = Array.from({ length: 2 + (i % 3) }, () => 5 * random());
    const truth = temperedProbabilities(row, 2);
    let draw = random();
    let label = 0;
    while (label < row.length - 1 && draw >= truth[label]!) draw -= truth[label++]!;
    logprobs.push(row);
    labels.push(label);
  }
  return {
    logprobs,
    labels,
    kinds: labels.map((_, i) => (i % 3 === 0 ? "predicate" : "choice")),
    groups: labels.map((_, i) => Math.floor(i / 3)),
  };
}

const identity = {
  model: { name: "mini", sha256: "ab".repeat(32) },
  tokenizer: "t1",
  wordingSha256: wordingSha256({ prompt: "{state}\nAnswer:", options: ["yes", "no"] }),
  recipe: "sum",
  kernels: "avx2",
};
const { artefact, before, after } = fitCalibration(questions(900), { ...QUICK, identity });

describe("fitCalibration", () => {
  it("says what it was fitted to, and measures after on folds that it has not seen", () => {
    expect(artefact).toMatchObject({
      schema: "surprisal.calibration/1",
      kind: "temperature",
      fittedOn: { n: 900, missing: 0, groups: 300, kinds: { predicate: 300, choice: 600 } },
      identity,
      measures: { folds: 5 },
    });
    const { parameters, fittedOn, reference, measures } = artefact;
    expect(parameters).toMatchObject({ temperature: expect.closeTo(2, 0), atBound: false });
    expect(fittedOn.right! + fittedOn.wrong!).toBe(900);
    expect(fittedOn.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(before.noiseFloor.inside).toBe(false);
    expect(after.noiseFloor.inside).toBe(true);
    expect(measures!.after.measures.logLoss.value).toBeLessThan(measures!.before.measures.logLoss.value!);
    expect(after.measures.accuracy.value).toBe(before.measures.accuracy.value); // no choice moved
    expect(reference.length).toBe(900);
    expect(reference.toSorted((a, b) => a - b)).toEqual(reference);
  });

  it("takes kinds that are called like properties of objects", () => {
    const { logprobs, labels } = questions(300);
    const kinds = labels.map((_, i) => ["__proto__", "constructor", "toString"][i % 3]!);
    const fitted = fitCalibration({ logprobs, labels, kinds }, { ...QUICK, kind: "temperature-by-kind" });
    const again = parseCalibration(calibrationText(fitted.artefact), "file.json");
    expect(Object.entries(again.fittedOn.kinds!)).toEqual([
      ["__proto__", 100],
      ["constructor", 100],
      ["toString", 100],
    ]);
    for (const kind of kinds.slice(0, 3))
      expect(calibratedOptions(again, [0, 0], kind)).toEqual(Float64Array.of(0.5, 0.5));
    expect(() => calibratedOptions(again, [0, 0], "valueOf")).toThrow(/No temperature was fitted/);
  });

  it("has the digest of the answers: another answer, another digest", () => {
    const digest = (answers: LabelledAnswers) => fitCalibration(answers, QUICK).artefact.fittedOn.sha256;
    const answers = questions(300);
    expect(digest(questions(300))).toBe(digest(answers));
    const other = {
      ...answers,
      labels: answers.labels.map((label, i) => (i === 0 ? (label + 1) % 2 : label)),
    };
    expect(digest(other)).not.toBe(digest(answers));
  });

  it.each(CALIBRATOR_KINDS)("fits %s to options and to scores, and it survives its file", async (kind) => {
    const folder = mkdtempSync(join(tmpdir(), "surprisal-calibration-"));
    try {
      for (const answers of [questions(600), claims(600)]) {
        const { artefact } = fitCalibration(answers, { ...QUICK, kind });
        const file = join(folder, "a.json");
        await saveCalibration(file, artefact);
        const loaded = await loadCalibration(file);
        expect(loaded).toEqual(artefact);
        expect(readFileSync(file, "utf8")).toBe(`${calibrationText(artefact)}\n`);
        expect(calibratedScore(loaded, 0.9, "choice")).toBeLessThan(0.9);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("refuses too few of a class with the number that is missing, unless fewer are asked for", () => {
    const few = {
      scores: [...new Array(40).fill(0.8), ...new Array(12).fill(0.4)],
      correct: [...new Array(40).fill(1), ...new Array(12).fill(0)],
    };
    expect(() => fitCalibration(few, QUICK)).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: "12 answers are wrong: 18 more are needed to have 30",
      }),
    );
    expect(fitCalibration(few, { ...QUICK, leastPerClass: 12, kind: "platt" }).artefact.fittedOn.wrong).toBe(
      12,
    );
    const one = { scores: new Array(60).fill(0.8), correct: new Array(60).fill(1) };
    expect(() => fitCalibration(one, QUICK)).toThrow(/0 answers are wrong: 30 more/);
  });

  it("refuses a kind with too few answers, and one that is all one group", () => {
    const answers = questions(300);
    const kind = "temperature-by-kind";
    const rare = answers.labels.map((_, i) => (i < 10 ? "rare" : "common"));
    expect(() => fitCalibration({ ...answers, kinds: rare }, { ...QUICK, kind })).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: expect.stringMatching(/10 .* "rare": 20 more/),
      }),
    );
    const kinds = answers.labels.map((_, i) => (i < 40 ? "one" : "many"));
    const groups = answers.labels.map((_, i) => (i < 40 ? "g" : i));
    expect(() => fitCalibration({ ...answers, kinds, groups }, { ...QUICK, kind })).toThrow(
      /"one" are of one group/,
    );
  });

  it("counts answers without numbers, and refuses kinds and groups of another length", () => {
    const answers = questions(300);
    const holes = { ...answers, logprobs: answers.logprobs.map((row, i) => (i < 7 ? null : row)) };
    expect(fitCalibration(holes, QUICK).artefact.fittedOn).toMatchObject({ n: 293, missing: 7 });
    expect(() => fitCalibration({ ...answers, kinds: ["a"] }, QUICK)).toThrow(/300 answers and 1 kinds/);
    expect(() => fitCalibration(claims(90, false), { ...QUICK, kind: "temperature-by-kind" })).toThrow(
      /kinds of the questions/,
    );
  });
});

function claims(n: number, kinds = true): Pairs & LabelledAnswers {
  const random = seededRandom(3);
  const scores = Array.from({ length: n }, () => random());
  return {
    scores,
    correct: scores.map((score) => random() < 0.25 + score / 2),
    ...(kinds && { kinds: scores.map((_, i) => (i % 2 === 0 ? "choice" : "predicate")) }),
  };
}

describe("use", () => {
  it("calibrates all options by a temperature, and only by one", () => {
    const p = calibratedOptions(artefact, [0, -2, -4]);
    expect(p.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 12);
    expect(p[0]! / p[1]!).toBeCloseTo(
      Math.exp(2 / (artefact.parameters as { temperature: number }).temperature),
      10,
    );
    const platt = fitCalibration(questions(300), { ...QUICK, kind: "platt" }).artefact;
    expect(() => calibratedOptions(platt, [0, -1])).toThrow(/platt says nothing of each/);
  });

  it.each([
    [
      "model",
      { model: { name: "mini", sha256: "cd".repeat(32) } },
      /model mini \(sha256 abababababab…\), and is used beside mini \(sha256 cdcdcdcdcdcd…\)/,
    ],
    ["tokenizer", { tokenizer: "t2" }, /tokenizer t1, and is used beside t2/],
    [
      "wording",
      { wordingSha256: wordingSha256({ prompt: "{state}\nAnswer", options: ["yes", "no"] }) },
      /wording/,
    ],
    ["recipe", { recipe: "mean" }, /recipe sum, and is used beside mean/],
    ["kernels", { kernels: "amx" }, /kernels avx2, and is used beside amx/],
  ])("beside another %s it warns and names both, and is an error under strict", (what, used, words) => {
    const warnings: string[] = [];
    const found = checkIdentity(
      artefact,
      { ...identity, ...used },
      { onWarning: (warning) => warnings.push(warning) },
    );
    expect(found.map((each) => each.what)).toEqual([what]);
    expect(warnings).toEqual([expect.stringMatching(words)]);
    expect(() => checkIdentity(artefact, { ...identity, ...used }, { strict: true })).toThrow(
      expect.objectContaining({ code: "CALIBRATION_MISMATCH", what: expect.stringMatching(words) }),
    );
  });

  it("says nothing where all is the same, or not known", () => {
    expect(checkIdentity(artefact, identity, { strict: true })).toEqual([]);
    expect(checkIdentity(artefact, {}, { strict: true })).toEqual([]);
    const unnamed = { ...artefact, identity: { ...identity, model: { name: "mini", sha256: null } } };
    expect(checkIdentity(unnamed, { model: { name: "mini", sha256: "ef".repeat(32) } })).toEqual([]);
    expect(checkIdentity(unnamed, { model: { name: "other", sha256: null } })).toHaveLength(1);
  });

  it("knows a wording by its options in any order, and by every letter", () => {
    const digest = (prompt: string, options: string[]) => wordingSha256({ prompt, options });
    expect(digest("p", ["a", "b"])).toBe(digest("p", ["b", "a"]));
    expect(digest("p", ["a", "b"])).not.toBe(digest("p", ["a", "b "]));
    expect(digest("p", ["a", "b"])).not.toBe(digest("p.", ["a", "b"]));
    expect(digest("p", ["a,b"])).not.toBe(digest("p", ["a", "b"]));
  });
});

describe("parseCalibration", () => {
  const change = (changes: object) =>
    JSON.stringify({ ...JSON.parse(calibrationText(artefact)), ...changes });

  it("reads artefacts of sets, thresholds and a proxy's line too", () => {
    const answers = questions(60);
    const probabilities = answers.logprobs.map((row) => temperedProbabilities(row, 1));
    const { fittedOn } = artefact;
    const pairs = [1, 2, 3, 4, 5].map((x) => ({ proxy: x, actual: 2 * x + (x % 2) / 10 }));
    const all: CalibrationArtefact[] = [
      makeArtefact(fitPredictionSets({ probabilities, labels: answers.labels }, { alpha: 0.1 }), fittedOn),
      makeArtefact(
        fitPredictionSets({ probabilities, labels: answers.labels }, { alpha: 0.2, classes: answers.kinds }),
        fittedOn,
      ),
      makeArtefact(fitRiskThreshold(claims(200), { risk: 0.4 }), describeAnswers(claims(200))),
      fitProxy(pairs, { standsFor: "big" }),
    ];
    for (const each of all) expect(parseCalibration(calibrationText(each), "x")).toEqual(each);
    expect(() => calibratedScore(all[0]!, 0.5)).toThrow(/gives no probability/);
  });

  it("keeps an infinite loss, and fields that it does not know", () => {
    const kept = structuredClone(artefact);
    kept.measures!.before.measures.logLoss.value = Number.POSITIVE_INFINITY;
    const read = parseCalibration(calibrationText(kept), "x");
    expect(read.measures!.before.measures.logLoss.value).toBe(Number.POSITIVE_INFINITY);
    expect(parseCalibration(change({ later: 1 }), "x")).toMatchObject({ later: 1 });
  });

  it.each([
    ["{", /no JSON/],
    ["null", /schema is not/],
    ["[]", /schema is not/],
    ['{"schema": "surprisal.proxy-calibration/1"}', /schema is not/],
    [
      change({ schema: "surprisal.calibration/2" }),
      /form is surprisal.calibration\/2, and this version of surprisal knows/,
    ],
    [change({ kind: "beta" }), /parameters.kind is temperature, and kind is beta/],
    [change({ kind: "magic" }), /kind is not one of/],
    [
      change({ parameters: { kind: "temperature", temperature: 0, atBound: false } }),
      /parameters.temperature/,
    ],
    [
      change({ parameters: { kind: "temperature", temperature: null, atBound: false } }),
      /parameters.temperature is not from 0.01 to 10000/,
    ],
    ...[1e308, 5e-324, -1].map((temperature): [string, RegExp] => [
      change({ parameters: { kind: "temperature", temperature, atBound: false } }),
      /parameters.temperature is not from 0.01 to 10000/,
    ]),
    [
      change({ kind: "beta", parameters: { kind: "beta", a: -1, b: 1, c: 0 } }),
      /parameters.a is not a finite number from 0 on/,
    ],
    [
      calibrationText(artefact).replace('"kind":', '"kind": "beta", "kind":'),
      /"kind" is twice in one object/,
    ],
    [
      change({ kind: "isotonic", parameters: { kind: "isotonic", scores: [0.2, 0.1], values: [0, 1] } }),
      /scores do not rise/,
    ],
    [
      change({ kind: "isotonic", parameters: { kind: "isotonic", scores: [], values: [] } }),
      /one length of at least 1/,
    ],
    [
      change({ kind: "isotonic", parameters: { kind: "isotonic", scores: [0, 1], values: [1, 0] } }),
      /values fall/,
    ],
    [
      change({ kind: "histogram", parameters: { kind: "histogram", edges: [0, 0.5], values: [0.1] } }),
      /from 0 to 1/,
    ],
    [
      change({ kind: "platt", parameters: { kind: "platt", input: "logit", slope: "1", intercept: 0 } }),
      /slope is not a finite/,
    ],
    [change({ identity: null }), /identity is not an object/],
    [change({ fittedOn: { ...artefact.fittedOn, n: -1 } }), /fittedOn.n/],
    [change({ reference: ["a"] }), /reference\[0\]/],
  ])("refuses %.60s", (json, what) => {
    expect(() => parseCalibration(json, "file.json")).toThrow(
      expect.objectContaining({
        code: "CALIBRATION_INVALID",
        where: "file.json",
        what: expect.stringMatching(what),
      }),
    );
  });
});
