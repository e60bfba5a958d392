/** Calibrating decisions of a chain whose answers depend on the state's last letters only through the question. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/index.ts";
import { TableModel } from "../models/test/index.ts";
import { calibrateDecisions, decide, type LabelledState, type Question } from "./index.ts";

const QUICK = { resamples: 20, simulations: 50 };
const model = TableModel.bytes();

/** Choices of different words, so that the chain is surer of some; the right one is drawn from its probabilities at T = 2. */
async function labelled(n: number): Promise<LabelledState[]> {
  const random = seededRandom(5);
  const rows: LabelledState[] = [];
  for (let i = 0; i < n; i++) {
    const word = () => String.fromCharCode(97 + Math.floor(26 * random()), 97 + Math.floor(26 * random()));
    const choices = [...new Set([word(), word(), word()])];
    if (choices.length < 3) continue;
    const question: Question = { type: "choice", instructions: "Which?", choices };
    const state = `state ${i}`;
    const [decision] = (await decide(model, { state, questions: [question] })).decisions;
    const weights = decision!.options.map(({ score }) => Math.exp(score! / 2));
    let draw = random() * weights.reduce((a, b) => a + b, 0);
    let label = 0;
    while (label < 2 && draw >= weights[label]!) draw -= weights[label++]!;
    rows.push({ state, question, label: choices[label]! });
  }
  return rows;
}

describe("calibrateDecisions", () => {
  it("finds the temperature that the labels were drawn at, and a threshold on the other half", async () => {
    const rows = await labelled(600);
    const { artefact, decisions, threshold } = await calibrateDecisions(model, rows, QUICK);
    expect(artefact.parameters).toMatchObject({ kind: "temperature" });
    // 600 answers: the error of 1/T is about 0.03.
    if (artefact.parameters.kind === "temperature") expect(artefact.parameters.temperature).toBeCloseTo(2, 0);
    expect(artefact.identity).toMatchObject({ recipe: "decide sum", model: { name: "bytes" } });
    expect(artefact.fittedOn).toMatchObject({ n: rows.length, groups: rows.length, missing: 0 });
    expect(decisions.length).toBe(rows.length);
    expect(threshold).toBeNull();

    const both = await calibrateDecisions(model, rows, { ...QUICK, risk: 0.7 });
    expect(both.artefact.fittedOn.n + both.threshold!.fittedOn.n).toBe(rows.length);
    const request = { state: "new", questions: [rows[0]!.question] };
    const answer = await decide(model, request, {
      artefact: both.artefact,
      threshold: both.threshold!,
      risk: 0.7,
      strict: true,
    });
    expect(answer.notes).toEqual(["bytes has no chat template: it is asked in plain text."]);
    // The threshold is for confidences calibrated by that artefact, and no other.
    await expect(
      decide(model, request, { artefact, threshold: both.threshold!, risk: 0.7, strict: true }),
    ).rejects.toThrow(/calibrated by [0-9a-f]{12}, and is used beside decide sum, calibrated by/);
  });

  it("binds to the wording of one question, and to the prompt's of several", async () => {
    const question: Question = { type: "predicate", instructions: "Is it so?" };
    const rows = Array.from({ length: 80 }, (_, i) => ({ state: `s${i}`, question, label: i % 2 === 0 }));
    const { artefact } = await calibrateDecisions(model, rows, QUICK);
    const ask = (instructions: string) =>
      decide(model, { state: "s", questions: [{ type: "predicate", instructions }] }, { artefact });
    expect((await ask("Is it so?")).calibration!.warnings).toEqual([]);
    expect((await ask("Is it thus?")).calibration!.warnings).toEqual([expect.stringContaining("wording")]);
    const several = rows.map((row, i) =>
      i === 0 ? { ...row, question: { ...question, instructions: "Is it?" } } : row,
    );
    const other = (await calibrateDecisions(model, several, QUICK)).artefact;
    const used = await decide(model, { state: "s", questions: [question] }, { artefact: other });
    expect(used.calibration!.warnings).toEqual([]);
  });

  it("asks questions about one state together, with the answers of each alone", async () => {
    const rows = Array.from({ length: 80 }, (_, i): LabelledState => {
      const question: Question = { type: "predicate", name: "same", instructions: i % 2 ? "Wet?" : "Torn?" };
      return { state: `s${Math.floor(i / 4)}`, question, label: i % 3 === 0 };
    });
    const { decisions, artefact } = await calibrateDecisions(model, rows, { ...QUICK, leastPerClass: 5 });
    expect(artefact.fittedOn).toMatchObject({ n: 80, groups: 20 });
    for (const i of [0, 1, 5, 79]) {
      const { state, question } = rows[i]!;
      const alone = (await decide(model, { state, questions: [question] })).decisions[0]!;
      expect({ ...decisions[i], tokensRun: 0 }).toEqual({ ...alone, tokensRun: 0 });
    }
  });

  it("refuses labels that are no option, no rows, and too few", async () => {
    const question: Question = { type: "choice", instructions: "Which?", choices: ["a", "b"] };
    await expect(calibrateDecisions(model, [])).rejects.toThrow(/no labelled states/);
    await expect(calibrateDecisions(model, [{ state: "s", question, label: "c" }])).rejects.toThrow(
      expect.objectContaining({ what: '"c" is none of the 2 options', where: "rows[0].label" }),
    );
    await expect(calibrateDecisions(model, [{ state: "s", question, label: 1 }])).rejects.toThrow(/none of/);
    let asked = false;
    const silent = TableModel.bytes();
    silent.score = () => {
      asked = true;
      throw new Error("asked");
    };
    const rows = Array.from({ length: 50 }, (_, i) => ({
      state: `s${i}`,
      question,
      label: i > 40 ? null : "a",
    }));
    await expect(calibrateDecisions(silent, rows)).rejects.toThrow(
      expect.objectContaining({
        code: "CALIBRATION_TOO_SMALL",
        what: "There are 41 labelled states: 19 more are needed to have 30 right and 30 wrong answers",
      }),
    );
    expect(asked).toBe(false);
  });

  it.each([
    [{ state: " " }, "EMPTY_INPUT", "rows[1].state"],
    [
      { question: { type: "choice", instructions: "x", choices: ["a"] } },
      "INVALID_ARGUMENT",
      "rows[1].question",
    ],
    [{ question: { type: "predicate", instructions: " " } }, "EMPTY_INPUT", "rows[1].question.instructions"],
    [{ label: "d" }, "INVALID_ARGUMENT", "rows[1].label"],
    [{ state: "x".repeat(200) }, "CONTEXT_EXCEEDED", 'rows[1], question "q1", option "a"'],
  ] as const)("names the row of %j, before anything is run", async (wrong, code, where) => {
    const { chain } = TableModel.bytes();
    const symbols = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
    const transitions = symbols.map((_, i) => symbols.map((_, j) => chain.probability(i, j)));
    const short = new TableModel({ symbols, bos: 256, eos: 257, transitions, trainedContext: 100 });
    short.score = () => {
      throw new Error("asked");
    };
    const question: Question = { type: "choice", instructions: "Which?", choices: ["a", "b"] };
    const row: LabelledState = { state: "s", question, label: "a" };
    const rows = [row, { ...row, ...wrong } as LabelledState, row, row];
    await expect(calibrateDecisions(short, rows, { leastPerClass: 1 })).rejects.toThrow(
      expect.objectContaining({ code, where }),
    );
  });
});
