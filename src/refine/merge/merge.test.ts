import { describe, expect, it } from "vitest";
import { ScriptedModel } from "../../../test/scripted-model.ts";
import { stepGraph } from "../graph/index.ts";
import { MERGE_PROMPT, rewriteMerger, substituteStep } from "./index.ts";

describe("substituteStep", () => {
  const merged = (steps: readonly string[]) => {
    const changed = substituteStep(steps, 0, stepGraph(steps));
    return changed && [...changed.values()].join("\n");
  };
  // Values by hand: what the second step computes is the same.
  it.each([
    ["12/4=3", "30/3=10", "30/(12/4)=10"],
    ["3*4=12", "20-12=8", "20-(3*4)=8"],
    ["1+1=2", "2^3=8", "(1+1)^3=8"],
    ["1+2=3", "2^3=8", "2^(1+2)=8"],
    ["1+2=3", "-3^2=-9", "-(1+2)^2=-9"],
    ["1+1.5=2.5", "2.5*4=10", "(1+1.5)*4=10"],
    ["3/4=0.75", "0.75*40=30", "(3/4)*40=30"],
    ["20/40=50%", "80*50%=40", "80*(20/40)=40"],
    ["1000+200=1,200", "1200/2=600", "(1000+200)/2=600"],
    ["3+4=7", "7 mod 4 = 3", "(3+4) mod 4 = 3"],
    ["3+4=7", "7! = 5040", "(3+4)! = 5040"],
    ["3*3=9", "√9=3", "√(3*3)=3"],
    ["3+4=7", "7:2", "(3+4):2"],
    ["$3 + 4 = 7$", "$7 \\times 2 = 14$", "$(3 + 4) \\times 2 = 14$"],
    ["3+4=7", "7 apples*2 dollars", "(3+4) apples*2 dollars"],
    ["苹果剩下40-4=36个", "其中36*3/4=27个是红的", "其中(40-4)*3/4=27个是红的"],
  ])("%s ; %s", (first, second, expected) => {
    expect(merged([first, second])).toBe(expected);
  });

  it.each([
    ["3+4=7", "on the 7th of May"],
    ["a = 3 + 4", "print('a is', a)"],
    ["x=3+4", "f(x)=x*2"],
    ["n=3+4", "the n-th number; y=n*2"],
    ["5-9=-4", "-4*3=-12"], // the sign is not a part of the number there
    ["5-9=-4", "10-4=6"],
  ])("leaves %s ; %s", (first, second) => {
    expect(merged([first, second])).toBeNull();
  });
});

describe("rewriteMerger", () => {
  const request = {
    prompt: "Tom has 40 apples and gives 4 of them away.",
    steps: ["40-4=36", "36*3/4=27"],
    step: 0,
    into: 1,
  };
  const say = (text: string, merger = {}) =>
    rewriteMerger(new ScriptedModel(() => ({ text })), merger)(request);

  it("takes off what models put around a step", async () => {
    for (const text of [
      "(40-4)*3/4=27",
      "Step A: (40-4)*3/4=27",
      "Merged step: (40-4)*3/4=27",
      "Sure! Here it is:\n(40-4)*3/4=27",
      "以下是合并的步骤：\n(40-4)*3/4=27",
      "```\n(40-4)*3/4=27\n```",
    ])
      expect(await say(text)).toBe("(40-4)*3/4=27");
  });

  it("takes nothing that repeats steps or instructions, or that has new numbers", async () => {
    for (const text of [
      "40-4=36",
      "36*3/4=27",
      "Step A: 40-4=36 Step B: 36*3/4=27",
      "(40-4)*3/4=28",
      "99",
      "\n",
    ])
      expect([text, await say(text)]).toEqual([text, null]);
    const echo = { ...request, steps: ["a".repeat(80), "b".repeat(80)] };
    for (const text of [MERGE_PROMPT.split("\n")[0]!, `${request.prompt} a`])
      expect(await rewriteMerger(new ScriptedModel(() => ({ text })))(echo)).toBeNull();
  });
});
