import { describe, expect, it } from "vitest";
import { danglingReferences, readExpression, sameExpression, stepGraph } from "./index.ts";
import { equationsOf } from "./items.ts";

/** "2<-1 36": step 2 uses 36 of step 1. */
const uses = (steps: string[], given = ""): string[] =>
  stepGraph(steps, { given }).references.map(
    ({ step, from, item }) => `${step + 1}<-${from.map((i) => i + 1)} ${item.name}`,
  );

describe("expressions", () => {
  it.each([
    ["40-4", "40 − 4", true],
    ["a+b", "b + a", true],
    ["2*3*x", "x × 3 · 2", true],
    ["2x", "2*x", true],
    ["(40-4)*3/4", "27", true],
    ["1,000 + 1", "1001", true],
    ["50%", "1/2", true],
    ["2^10", "1024", true],
    ["-(3-5)", "2", true],
    ["0.1+0.2", "0.3", true],
    ["a-b", "b-a", false],
    ["2x", "x^2", false],
    ["5/0", "5/0", true],
    ["two", "", false],
  ])("%s and %s: %s", (a, b, same) => {
    expect(sameExpression(a, b)).toBe(same);
  });

  it("has exact values, and none where there is none", () => {
    expect(readExpression("1/3+1/6")?.value).toBe("1/2");
    expect(readExpression("5/(2-2)")?.value).toBeNull();
    expect(readExpression("x+1")?.value).toBeNull();
    for (const text of ["", "3 apples", "2+", "(1", "1)", "=", "9".repeat(500)])
      expect(readExpression(text)).toBeNull();
  });

  it("finds equations between words", () => {
    const sides = (text: string) => equationsOf(text).map((equation) => equation.sides.join(" = "));
    expect(sides("So he has 40 - 4 = 36 apples and 2x + 3 = 9, so x=3.")).toEqual([
      "40 - 4 = 36",
      "2x + 3 = 9",
      "x = 3",
    ]);
    expect(sides("总共3×4=12个，12+5=17。")).toEqual(["3*4 = 12", "12+5 = 17"]);
    expect(sides("a == b, a <= 3, no equation")).toEqual([]);
    expect(sides("1+2=3=2+1")).toEqual(["1+2 = 3 = 2+1"]);
  });
});

describe("stepGraph", () => {
  it("follows numbers, names, labels and rules", () => {
    expect(
      uses(
        ["So 40-4=36 apples remain.", "A dozen is 12.", "Then 36*3/4=27.", "The answer is 27."],
        "40 apples, 4 are gone",
      ),
    ).toEqual(["3<-1 36", "4<-3 27"]);
    expect(uses(["Let x be the price.", "x = 5", "So 2x = 10."])).toContain("3<-2,1 x");
    expect(uses(["1. a is 7", "2. b is 9", "3. By step 1 it holds."])).toEqual(["3<-1 step 1"]);
    expect(uses(["Rule 1: reds are heavy.", "The ball is red.", "By rule 1 it is heavy."])).toEqual([
      "3<-1 rule 1",
    ]);
    expect(uses(["1. a is 7", "2. b is 9", "3. By (2) it holds."])).toEqual(["3<-2 equation 2"]);
    expect(uses(["Distributive law holds.", "By the distributive law it is so."])).toEqual([
      "2<-1 distributive law",
    ]);
    expect(uses(["a(b+c)=ab+ac. (1)", "From (1) it follows."])).toEqual(["2<-1 equation 1"]);
  });

  it("reads Chinese", () => {
    expect(
      uses(["1. 设x=5，则2x=10。", "2. 猫有4条腿。", "3. 由步骤1得，总数为10+3=13。", "4. 所以答案是13。"]),
    ).toEqual(["3<-1 step 1", "3<-1 10", "4<-3 13"]);
  });

  it("reads code", () => {
    expect(uses(["```python\ntotal = 3 * 4\n```", "```python\nprint(total + 1)\n```"])).toEqual([
      "2<-1 total",
    ]);
  });

  it("takes what the question says as given", () => {
    expect(uses(["We have 36.", "36/4=9"], "There are 36 pens for 4 people.")).toEqual([]);
  });

  it("does not lean on a number that is computed anew", () => {
    expect(uses(["20+16=36", "6*6=36"])).toEqual([]);
    expect(uses(["20+16=36", "36+1=37"])).toEqual(["2<-1 36"]);
  });

  it("knows a number however it is written", () => {
    expect(uses(["500*2=1,000", "1000+1=1001"])).toEqual(["2<-1 1000"]);
    expect(uses(["3/2=1.50", "1.5*2=3"])).toContain("2<-1 1.5");
  });

  it("says what would dangle", () => {
    const graph = stepGraph(["20+16=36", "30+6=36", "36+1=37"]);
    expect(danglingReferences(graph, (i) => i !== 0)).toEqual([]);
    expect(danglingReferences(graph, (i) => i === 2)).toMatchObject([
      { step: 2, from: [1, 0], item: { name: "36" } },
    ]);
    expect(danglingReferences(graph, (i) => i !== 2)).toEqual([]);
  });

  it("takes items that a caller knows of", () => {
    const graph = stepGraph(["The cat sleeps.", "It dreams."], {
      items: (_, i) => ({ [i === 0 ? "produces" : "uses"]: [{ kind: "variable", name: "cat" }] }),
    });
    expect(graph.references).toMatchObject([{ step: 1, from: [0] }]);
  });

  it("reads steps of ten thousand words", () => {
    const long = "and then the value x of it ".repeat(2000);
    expect(uses([long, `${long} 3+4=7`, "7+1=8"])).toContain("3<-2 7");
  });
});
