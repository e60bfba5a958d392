/** One table of judgements that many estimators share. */
import { describe, expect, it } from "vitest";
import { EntailmentTable, luq, SampleWatch, selfConsistency } from "./index.ts";

describe("EntailmentTable", () => {
  it("asks with the question, and once where many ask at the same time", async () => {
    const asked: string[] = [];
    let open = 0;
    let most = 0;
    const table = new EntailmentTable(
      async (premise, hypothesis) => {
        asked.push(`${premise} | ${hypothesis}`);
        most = Math.max(most, ++open);
        await new Promise((resolve) => setTimeout(resolve, 1));
        open--;
        return { entailment: 1, neutral: 0, contradiction: 0 };
      },
      { question: "Where?", atOnce: 2 },
    );
    const pairs = [
      ["a", "b"],
      ["b", "a"],
      ["a", "c"],
    ] as const;
    await Promise.all([table.prepare(pairs), table.prepare(pairs), table.prepare(pairs)]);
    expect(asked).toEqual(["Where? a | Where? b", "Where? b | Where? a", "Where? a | Where? c"]);
    expect(table.asked).toBe(3);
    expect(most).toBe(2);
  });

  it("keeps what was said when something fails, and asks again for the rest", async () => {
    let broken = true;
    const table = new EntailmentTable(async (premise) => {
      if (premise === "b" && broken) throw new Error("out of order");
      return { entailment: 1, neutral: 0, contradiction: 0 };
    });
    const watch = new SampleWatch([luq({ entailment: table }), selfConsistency()]);
    await watch.observe({ text: "a" });
    await expect(watch.observe({ text: "b" })).rejects.toThrow("out of order");
    expect(watch.count).toBe(1);
    broken = false;
    await watch.observe({ text: "b" });
    expect(watch.estimates().map(({ uncertainty }) => uncertainty)).toEqual([0, 0.5]);
    expect(table.asked).toBe(3);
  });

  it("stops asking when it is aborted", async () => {
    const controller = new AbortController();
    let asked = 0;
    const table = new EntailmentTable(async () => {
      asked++;
      controller.abort();
      return { entailment: 1, neutral: 0, contradiction: 0 };
    });
    const watch = new SampleWatch([luq({ entailment: table })]);
    await watch.observe({ text: "a" });
    const { signal } = controller;
    await expect(watch.observe({ text: "b" }, { signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(asked).toBe(1);
    await expect(watch.observe({ text: "b" }, { signal })).rejects.toMatchObject({ code: "ABORTED" });
  });
});
