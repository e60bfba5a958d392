/** The detector: what it finds, what it says where it cannot, what it costs. */
import { describe, expect, it } from "vitest";
import { CopyingModel, UNSEEN } from "../../../test/copying-model.ts";
import type { ScoredText } from "../../models/index.ts";
import { retrievalDetector, retrievalLift } from "./index.ts";
import { suspicionOf } from "./suspicion.ts";

const document = {
  name: "tower.md",
  text: "The tower stands in Paris since 1889. It was built by Gustave Eiffel. 北京是中国的首都。",
};
const question = "Where is the tower?";
const quotes = (answer: string, found: readonly { start: number; end: number }[]) =>
  found.map(({ start, end }) => answer.slice(start, end));

describe("suspicion", () => {
  it("is the share of surprisal that the documents leave", () => {
    const of = (s: number, r: number, tokens = 1) =>
      suspicionOf({ tokens, withDocuments: -r, withoutDocuments: -s });
    expect(of(9, 1)).toBeCloseTo(0.1, 12); // explained
    expect(of(0.1, 0.1)).toBeCloseTo(0.1 / 1.1, 12); // probable by itself
    expect(of(9, 9)).toBeCloseTo(0.9, 12); // improbable, no lift
    expect(of(3, 8)).toBeCloseTo(2, 12); // the documents are against it
    expect(of(18, 18, 2)).toBeCloseTo(0.9, 12);
    expect(of(0, 0)).toBe(0);
    expect(of(Number.POSITIVE_INFINITY, 1)).toBe(0);
    expect(of(1, Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
    expect(of(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)).toBeNull();
    expect(suspicionOf({ tokens: 0, withDocuments: 0, withoutDocuments: 0 })).toBeNull();
    expect(suspicionOf({ tokens: 1, withDocuments: null, withoutDocuments: -1 })).toBeNull();
  });
});

describe("the retrieval detector", () => {
  const detector = retrievalDetector({ model: new CopyingModel() });

  it("finds the words that the documents do not have, and quotes them", async () => {
    const answer = "The tower stands in Paris since 1889. It was built by Gustave Courbet.";
    const { signal, suspicion, findings, features, price } = await detector.examine({
      question,
      documents: [document],
      answer,
    });
    expect(signal).toBe("retrieval");
    // Of the first four bytes this model knows nothing, whatever it has read; but "The" is no finding, as sentences begin so.
    expect(quotes(answer, findings)).toEqual(["Courbet"]);
    const courbet = findings[0];
    // "Courbet": "ave " is followed by "E" in the document, so C has half of the rest; then nothing is known.
    const r = -Math.log(1 / 2 / 257) - 6 * UNSEEN;
    const s = -7 * UNSEEN;
    expect(courbet).toMatchObject({ signal: "retrieval", kind: "unsupported" }); // against it, but by less than a nat
    expect(courbet!.details).toMatchObject({ document: "tower.md", missing: "courbet" });
    expect(courbet!.details!["surprisal-with"]).toBeCloseTo(r, 9);
    expect(courbet!.details!.lift).toBeCloseTo(s - r, 9);
    expect(courbet!.strength).toBeCloseTo(r / (s + 1) / (r / (s + 1) + 1), 9);
    expect(courbet!.because).toBe(
      `The documents hardly explain "Courbet": ${r.toFixed(1)} nats of surprisal with them, ${s.toFixed(1)} without.`,
    );
    expect(suspicion).toBeCloseTo(features.suspicion!, 12);
    expect(suspicion!).toBeLessThan(0.5);
    expect(features["agreement-names"]).toBeCloseTo((1 + 1 / 2) / 2, 12);
    expect(features["agreement-embedding"]).toBeNull();
    expect(features["lift-min-token"]).toBeCloseTo(-Math.LN2, 9);
    expect(features["nll-without"]!).toBeGreaterThan(features["nll-with"]!);
    expect(price.tokensWritten).toBe(0);
  });

  it("takes a lift that is there already and runs nothing, but not that of another answer", async () => {
    const asked = { question, documents: [document], answer: "It was built by Gustave Courbet." };
    const passes: ScoredText[] = [];
    const model = new CopyingModel();
    const lift = await retrievalLift(model, asked, { onScored: (each) => void passes.push(each) });
    expect(passes.length).toBe(lift.price.passes);
    expect([...passes[0]!.tokens.logprobs].reduce((sum, each) => sum + each)).toBeCloseTo(
      lift.answer.withoutDocuments!,
      9,
    );
    const idle = new CopyingModel();
    idle.score = () => {
      throw new Error("It is run again");
    };
    const ready = retrievalDetector({ model: idle, lift });
    const own = await detector.examine(asked);
    const timeless = { price: { ...own.price, ms: expect.any(Number) } };
    expect(await ready.examine(asked)).toEqual({ ...own, ...timeless });
    for (const other of [
      { ...asked, answer: "It was." },
      { ...asked, documents: [] },
    ])
      await expect(ready.examine(other)).rejects.toMatchObject({ code: "INVALID_ARGUMENT", where: "lift" });
  });

  it("is more suspicious of a planted error than of what the document says", async () => {
    const pairs = [
      ["The tower stands in Paris since 1889.", "The tower stands in Paris since 1989."],
      ["The tower stands in Paris since 1889.", "The tower stands in Turin since 1889."],
      ["北京是中国的首都。", "北京是日本的首都。"],
    ] as const;
    for (const [right, wrong] of pairs) {
      const [a, b] = await Promise.all(
        [right, wrong].map((answer) => detector.examine({ question, documents: [document], answer })),
      );
      expect(b!.suspicion!).toBeGreaterThan(a!.suspicion!);
      expect(b!.features["lift-min-token"]!).toBeLessThan(a!.features["lift-min-token"]!);
      expect(quotes(wrong, b!.findings).join("").length).toBeGreaterThan(0);
      expect(b!.findings.length).toBeGreaterThan(a!.findings.length - 1);
    }
  });

  it("names features that do not depend on the answer", async () => {
    const names = async (answer: string, documents = [document]) =>
      Object.keys((await detector.examine({ question, documents, answer })).features);
    const known = await names("The tower.");
    expect(known).toContain("lift-mean");
    expect(await names("")).toEqual(known);
    expect(await names("北京。Yes!", [])).toEqual(known);
    const refused = await retrievalDetector({ model: new CopyingModel({ score: false }) }).examine({
      answer: "x",
      documents: [document],
    });
    expect(Object.keys(refused.features)).toEqual(known);
  });

  it("says why it has no suspicion", async () => {
    const of = (answer: string, documents?: (typeof document)[]) =>
      detector.examine({ question, answer, documents });
    expect(await of("Paris.")).toMatchObject({
      suspicion: null,
      reason: "There are no documents.",
      findings: [],
    });
    expect((await of("Paris.", [])).features["nll-without"]).toBeCloseTo(-UNSEEN, 9);
    expect(await of("", [document])).toMatchObject({
      suspicion: null,
      reason: "The answer is empty.",
      price: { tokensRun: 0 },
    });
    const deaf = await retrievalDetector({ model: new CopyingModel({ score: false }) }).examine({
      answer: "Paris.",
      documents: [document],
    });
    expect(deaf).toMatchObject({ suspicion: null, findings: [], price: { tokensRun: 0 } });
    expect(deaf.reason).toMatch(/does not score/);
    expect(deaf.features["agreement-names"]).toBe(1);
    const small = await retrievalDetector({ model: new CopyingModel({ trainedContext: 40 }) }).examine({
      answer: "In Paris.",
      question,
      documents: [document],
    });
    expect(small.reason).toMatch(/no room for a passage/);
  });

  it("says which documents were not read whole", async () => {
    const long = { name: "long.md", text: "It rains here, and there as well, as it did before. ".repeat(80) };
    const { reason } = await retrievalDetector({ model: new CopyingModel({ trainedContext: 1500 }) }).examine(
      {
        question,
        answer: "In Paris.",
        documents: [long, document],
      },
    );
    expect(reason).toBe("Not all was read of long.md.");
  });

  it("takes hostile text as it is", async () => {
    const answer = 'In <script>alert(1)</script> \u202Egnp.exe\u0000\u001b[31m <|im_end|>\n"Paris".';
    const { findings } = await detector.examine({
      question: answer,
      documents: [{ name: "<b>", text: `${document.text}\u0007<|im_start|>` }],
      answer: `${answer} \u{1F600}`,
    });
    for (const { start, end, because } of findings) {
      expect(end).toBeGreaterThan(start);
      expect(because.length).toBeLessThan(250);
    }
    const { findings: of } = await detector.examine({
      question,
      documents: [document],
      answer: "😀".repeat(200) + "x".repeat(500),
    });
    for (const { because } of of) expect(because).not.toMatch(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])/);
  });

  it("refuses thresholds that are none, and lets others through", async () => {
    expect(() =>
      retrievalDetector({ model: new CopyingModel(), thresholds: { leastSurprisal: Number.NaN } }),
    ).toThrow(/leastSurprisal/);
    const all = retrievalDetector({
      model: new CopyingModel(),
      thresholds: { leastSuspicion: 0, leastSurprisal: 0 },
    });
    // "Paris" is in the document, and so no finding as the first word.
    for (const [answer, expected] of [
      ["Rome. Paris.", ["Rome", "Paris"]],
      ["Paris. Rome.", ["Rome"]],
    ] as const) {
      const { findings } = await all.examine({ question, documents: [document], answer });
      expect(quotes(answer, findings)).toEqual(expected);
    }
    await expect(
      all.examine({ question, documents: [document], answer: "Paris." }, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });
});
