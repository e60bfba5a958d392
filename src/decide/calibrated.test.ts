/** Calibrations other than one temperature, thresholds within artefacts, and what artefacts are bound to. */
import { describe, expect, it } from "vitest";
import {
  type CalibrationArtefact,
  calibrationText,
  fitCalibration,
  parseCalibration,
} from "../calibrate/index.ts";
import { seededRandom } from "../core/index.ts";
import { TableModel } from "../models/test/index.ts";
import {
  calibrateDecisions,
  type DecideOptions,
  type DecisionCalibrator,
  decide,
  type LabelledState,
  type Question,
} from "./index.ts";

const QUICK = { resamples: 20, simulations: 50 };
const model = TableModel.bytes();
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

type Draw = (scores: readonly number[], random: () => number) => number;

/** Questions of random words, labelled by a draw from what `truth` makes of the model's own scores. */
async function labelled(
  n: number,
  type: "predicate" | "choice",
  truth: Draw,
  seed = 5,
): Promise<LabelledState[]> {
  const random = seededRandom(seed);
  const letter = () => String.fromCharCode(97 + Math.floor(26 * random()));
  const pairs: [string, string][] = [];
  while (pairs.length < n) {
    const words: [string, string] = [letter() + letter(), letter() + letter()];
    if (words[0] !== words[1]) pairs.push(words);
  }
  const questions = pairs.map(
    ([yes, no]): Question =>
      type === "choice"
        ? { type, instructions: "Which?", choices: [yes, no] }
        : { type, instructions: "Is it?", words: { yes, no } },
  );
  const { decisions } = await decide(model, { state: "s", questions }); // a chain does not remember the state
  return decisions.map(({ options }, i) => {
    const label = truth(
      options.map(({ score }) => score!),
      random,
    );
    return {
      state: `state ${seed} ${i}`,
      question: questions[i]!,
      label: type === "choice" ? pairs[i]![label]! : label === 0,
    };
  });
}

/** Right with sigmoid(slope logit + intercept), the logit of two options' shares being the difference of their scores. */
const drawn =
  (slope: number, intercept: number): Draw =>
  (scores, random) =>
    random() < sigmoid(slope * (scores[0]! - scores[1]!) + intercept) ? 0 : 1;

const asked = (rows: readonly LabelledState[], options: DecideOptions = {}) =>
  decide(model, { state: "new", questions: rows.slice(0, 30).map(({ question }) => question) }, options);

describe("kinds for predicates", () => {
  it("finds the curve that the labels were drawn from, and moves the choice where that is over a half", async () => {
    const rows = await labelled(800, "predicate", drawn(0.5, 1.5));
    const { artefact } = await calibrateDecisions(model, rows, { ...QUICK, kind: "platt" });
    const { parameters, identity, fittedOn } = artefact;
    if (parameters.kind !== "platt") throw new Error(parameters.kind);
    // 800 answers: standard errors of about 0.06 and 0.1.
    expect(Math.abs(parameters.slope - 0.5)).toBeLessThan(0.2);
    expect(Math.abs(parameters.intercept - 1.5)).toBeLessThan(0.35);
    expect(identity.recipe).toBe("decide sum, probability of yes");
    expect(fittedOn.right).toBe(rows.filter(({ label }) => label === true).length);
    const plain = (await asked(rows)).decisions;
    const { decisions, calibration, notes } = await asked(rows, { artefact, strict: true });
    expect(calibration).toMatchObject({ kind: "platt", warnings: [] });
    expect(notes.length).toBe(1);
    let moved = 0;
    for (const [q, { probability, options, choice, calibrated }] of decisions.entries()) {
      const [yes, no] = plain[q]!.options;
      const p = sigmoid(parameters.slope * (yes!.score! - no!.score!) + parameters.intercept);
      expect(probability).toBeCloseTo(p, 9);
      expect(options[1]!.probability).toBeCloseTo(1 - p, 9);
      expect(choice).toBe(p > 0.5);
      expect(calibrated).toBe(true);
      if (choice !== plain[q]!.choice) moved++;
    }
    expect(moved).toBeGreaterThan(0);
  });

  it.each<DecisionCalibrator>(["beta", "isotonic", "histogram"])(
    "%s gives probabilities, with a threshold",
    async (kind) => {
      const rows = await labelled(400, "predicate", drawn(1, 1));
      const { artefact, threshold } = await calibrateDecisions(model, rows, { ...QUICK, kind, risk: 0.4 });
      expect(artefact.threshold).toEqual(threshold);
      expect(artefact.fittedOn.n + threshold!.fittedOn.n).toBe(400);
      const loaded = parseCalibration(calibrationText(artefact), "a.json");
      const { decisions, abstention } = await asked(rows, { artefact: loaded, risk: 0.4, strict: true });
      expect(abstention).toMatchObject({
        risk: 0.4,
        warnings: [],
        threshold: threshold!.parameters.threshold,
      });
      for (const { probability, confidence, abstained } of decisions) {
        expect(confidence).toBeCloseTo(Math.max(probability!, 1 - probability!), 12);
        expect(abstained).toBe(confidence! < threshold!.parameters.threshold!);
      }
    },
  );

  it("are for predicates only, and for the probability of yes", async () => {
    const choices = await labelled(80, "choice", drawn(1, 0));
    const predicates = await labelled(80, "predicate", drawn(1, 0));
    await expect(calibrateDecisions(model, choices, { ...QUICK, kind: "platt" })).rejects.toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: "rows[0].question" }),
    );
    await expect(
      calibrateDecisions(model, predicates, { ...QUICK, kind: "best" as "platt" }),
    ).rejects.toThrow(/no calibrator "best"/);
    const { artefact } = await calibrateDecisions(model, predicates, {
      ...QUICK,
      kind: "platt",
      leastPerClass: 10,
    });
    await expect(asked(choices, { artefact })).rejects.toThrow(/question "q1" is a choice/);
    const scores = predicates.map((_, i) => (i + 1) / 90);
    const other = fitCalibration(
      { scores, correct: scores.map((_, i) => i % 3 > 0) },
      { ...QUICK, kind: "platt", leastPerClass: 10 },
    );
    await expect(asked(predicates, { artefact: other.artefact })).rejects.toThrow(
      /not fitted to the probability of yes/,
    );
  });
});

describe("temperature-by-kind", () => {
  it("has a temperature for each type of question, and refuses a type that it has none for", async () => {
    const rows = [
      ...(await labelled(300, "predicate", drawn(0.5, 0))),
      ...(await labelled(300, "choice", drawn(2, 0), 6)),
    ];
    const { artefact } = await calibrateDecisions(model, rows, { ...QUICK, kind: "temperature-by-kind" });
    if (artefact.parameters.kind !== "temperature-by-kind") throw new Error(artefact.kind);
    const { predicate, choice } = artefact.parameters.temperatures;
    expect(Math.abs(1 / predicate!.temperature - 0.5)).toBeLessThan(0.15);
    expect(Math.abs(1 / choice!.temperature - 2)).toBeLessThan(0.6);
    const plain = (await asked(rows)).decisions[0]!;
    const { decisions } = await asked(rows, { artefact });
    const [yes, no] = plain.options;
    expect(decisions[0]!.probability).toBeCloseTo(
      sigmoid((yes!.score! - no!.score!) / predicate!.temperature),
      10,
    );
    const score: Question = { type: "score", instructions: "How?", levels: ["a", "b"] };
    await expect(decide(model, { state: "s", questions: [score] }, { artefact })).rejects.toThrow(/"score"/);
  });
});

describe("what an artefact is bound to", () => {
  const fitted = async (options: DecideOptions = {}): Promise<CalibrationArtefact> => {
    const question: Question = { type: "predicate", instructions: "Is it so?" };
    const rows = Array.from({ length: 80 }, (_, i) => ({ state: `s${i}`, question, label: i % 2 === 0 }));
    return (await calibrateDecisions(model, rows, { ...QUICK, ...options })).artefact;
  };
  const ask = (artefact: CalibrationArtefact, options: DecideOptions = {}) =>
    decide(
      model,
      { state: "s", questions: [{ type: "predicate", instructions: "Is it so?" }] },
      { artefact, ...options },
    );

  it("is the tokenizer, as far as it shows", async () => {
    const artefact = await fitted();
    expect(artefact.identity.tokenizer).toMatch(/^[0-9a-f]{64}$/);
    expect((await ask(artefact)).calibration!.warnings).toEqual([]);
    // The same chain whose vocabulary has one more symbol: "qu" is one token.
    const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>", "qu"];
    const transitions = symbols.map((_, i) =>
      symbols.map((_, j) =>
        i < 258 && j < 258 ? model.chain.probability(i, j) : i === 258 && j === 0 ? 1 : 0,
      ),
    );
    const other = new TableModel({ name: "bytes", symbols, bos: 256, eos: 257, transitions });
    const questions: Question[] = [{ type: "predicate", instructions: "Is it so?" }];
    const { calibration } = await decide(other, { state: "s", questions }, { artefact });
    expect(calibration!.warnings).toEqual([
      expect.stringMatching(/fitted to the tokenizer [0-9a-f]{64}, and/),
    ]);
  });

  it("is the end of an answer, where another was asked for", async () => {
    const artefact = await fitted({ end: "\n" });
    expect((await ask(artefact, { end: "\n" })).calibration!.warnings).toEqual([]);
    expect((await ask(artefact)).calibration!.warnings).toEqual([expect.stringContaining("wording")]);
  });

  it("has a threshold that is one, or is refused", async () => {
    const artefact = await fitted();
    for (const threshold of [7, artefact, { ...artefact, kind: "risk-threshold" }])
      expect(() => parseCalibration(JSON.stringify({ ...artefact, threshold }), "a.json")).toThrow(
        expect.objectContaining({ code: "CALIBRATION_INVALID", what: expect.stringContaining("threshold") }),
      );
    expect(() =>
      parseCalibration(JSON.stringify({ ...artefact, schema: "surprisal.calibration/2" }), "a"),
    ).toThrow(/knows surprisal.calibration\/1/);
  });
});
