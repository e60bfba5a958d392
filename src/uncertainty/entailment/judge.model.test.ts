/** A model as judge: mini, whose opinions are worth nothing, and whose numbers are those of `decide`. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mini } from "../../../test/mini.ts";
import { decide } from "../../decide/index.ts";
import { LlamaModel } from "../../models/index.ts";
import { EntailmentTable } from "../samples/index.ts";
import { entailmentJudge } from "./index.ts";

const CAT = "A cat sleeps.";
const ANIMAL = "An animal sleeps.";

describe("A model as judge", () => {
  let model: LlamaModel;
  beforeAll(async () => {
    model = await LlamaModel.load(await mini("F32")); // whose digits do not depend on the batch
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it("makes three probabilities of the answers to three questions", async () => {
    const judge = entailmentJudge(model, { question: "What is there?" });
    const said = await judge.entails([
      [CAT, ANIMAL],
      [ANIMAL, CAT],
    ]);
    const { decisions } = await decide(model, {
      state: `Question: What is there?\n\nText A: ${CAT}\n\nText B: ${ANIMAL}`,
      questions: [
        "If text A is true, is text B true as well?",
        "If text B is true, is text A true as well?",
        "Do text A and text B contradict each other?",
      ].map((instructions) => ({ type: "predicate" as const, instructions })),
    });
    const [forwards, backwards, against] = decisions.map(({ probability }) => probability!);
    for (const [i, follows] of [forwards!, backwards!].entries()) {
      const { entailment, neutral, contradiction } = said[i]!;
      expect(entailment + neutral + contradiction).toBeCloseTo(1, 12);
      expect(entailment / neutral).toBeCloseTo(follows / (1 - follows), 5);
      expect(contradiction / neutral).toBeCloseTo(against! / (1 - against!), 5);
    }
    expect(judge.asked).toBe(3);
  });

  it("is asked once about what it is asked twice, unless it forgets", async () => {
    const judge = entailmentJudge(model);
    const first = await judge.between(CAT, ANIMAL);
    expect(judge.asked).toBe(2);
    expect(await judge.between(CAT, ANIMAL)).toBe(first);
    expect(
      await judge.entails([
        [CAT, ANIMAL],
        [CAT, ANIMAL],
      ]),
    ).toEqual([first, first]);
    expect(judge.asked).toBe(2);
    const forgetful = entailmentJudge(model, { remembered: 0 });
    const again = [await forgetful.between(CAT, ANIMAL), await forgetful.between(CAT, ANIMAL)];
    expect(again.map(({ entailment }) => entailment)).toEqual([first.entailment, first.entailment]);
    expect(forgetful.asked).toBe(4);
    expect(await judge.entails([])).toEqual([]);
    expect(() => entailmentJudge(model, { remembered: -1 })).toThrow(/remembered/);
  });

  it("fits the table that estimators read, and gives verdicts", async () => {
    const judge = entailmentJudge(model);
    const table = new EntailmentTable(judge.between);
    await table.prepare([[CAT, ANIMAL]]);
    const { entailment, neutral, contradiction } = table.between(CAT, ANIMAL);
    const most = Math.max(entailment, neutral, contradiction);
    const [verdict] = await judge.verdicts([[CAT, ANIMAL]]);
    expect({ entailment, neutral, contradiction }[verdict!]).toBe(most);
    await expect(judge.entails([["new", "newer"]], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "ABORTED",
    });
  });
});
