/** The AI SDK's decision model: its questions asked of a chain whose numbers are known. */
import { describe, expect, it } from "vitest";
import { TableModel } from "../models/test/index.ts";
import { decide, surprisalDecisionModel } from "./index.ts";

const model = TableModel.bytes();
const state = [
  { type: "text", text: "The box is torn." },
  { type: "json", value: { weight: 3 } },
] as const;

describe("surprisalDecisionModel", () => {
  it("answers as decide does, in the AI SDK's words", async () => {
    const { answers, usage, warnings, providerMetadata } = await surprisalDecisionModel(model).doDecide({
      state,
      questions: {
        torn: { type: "boolean", instructions: "Is it torn?", criteria: { true: "a hole", false: null } },
        next: { type: "choice", instructions: "What now?", criteria: { keep: null, send: null } },
        bad: { type: "score", instructions: { ask: "How bad?" }, criteria: ["fine", null, "very"] },
      },
    });
    const own = await decide(model, {
      state: 'The box is torn.\n\n{"weight":3}',
      questions: [
        { type: "predicate", name: "torn", instructions: "Is it torn?" },
        { type: "choice", name: "next", instructions: "What now?", choices: ["keep", "send"] },
        { type: "score", name: "bad", instructions: '{"ask":"How bad?"}', levels: ["fine", "1", "very"] },
      ],
    });
    const [torn, next, bad] = own.decisions;
    expect(answers).toEqual({
      torn: { type: "boolean", probability: torn!.probability },
      next: {
        type: "choice",
        choice: next!.choice,
        probabilities: { keep: next!.options[0]!.probability, send: next!.options[1]!.probability },
      },
      bad: {
        type: "score",
        score: bad!.expected,
        probabilities: Object.fromEntries(bad!.options.map(({ probability }, i) => [i, probability])),
      },
    });
    expect(usage).toEqual({ inputTokens: own.usage.tokensRun, outputTokens: 0 });
    expect(warnings.map(({ message }) => message)).toEqual([
      ...own.notes,
      "Descriptions of options are not shown to the model, since options are not listed.",
    ]);
    expect(providerMetadata.surprisal.torn).toMatchObject({
      calibrated: false,
      optionMass: torn!.optionMass,
    });
  });

  it.each([
    [{ state: [{ type: "file" }], questions: {} }, /type "file"/],
    [{ state, questions: { where: { type: "box", instructions: "Where?" } } }, /type "box"/],
    [{ state, questions: { torn: { type: "boolean" } } }, /no instructions/],
    [
      { state, questions: { next: { type: "choice", instructions: "x", criteria: { one: null } } } },
      /has 1 option /,
    ],
    [{ state, questions: {} }, /no questions/],
  ] as const)("refuses %o", async (call, what) => {
    await expect(surprisalDecisionModel(model).doDecide(call)).rejects.toThrow(what);
  });
});
