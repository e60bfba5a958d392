/** P(True) in closed form, by each library's own rule, and what a first token tells. */
import { describe, expect, it } from "vitest";
import { ScriptedModel } from "../../../test/scripted-model.ts";
import { TableModel } from "../../models/test/index.ts";
import { readFirstToken, verdictOf } from "./first-token.ts";
import { type AskedQuestion, pTrue } from "./index.ts";

const asked: AskedQuestion = { question: "What is 12 + 30?", answer: "42", samples: ["42", "41"] };
const EOS = 257;

/** ln p(next | previous) of TableModel.bytes(), from its description. */
function lnNext(previous: number, next: number): number {
  const weight = (id: number) => (id === 256 ? 0 : 1 / (1 + ((89 * id + 53 * previous) % 263)));
  let total = 0;
  for (let id = 0; id < 258; id++) total += weight(id);
  return Math.log(weight(next) / total);
}

/** p of " text" and the end, behind ":". */
function p(text: string): number {
  let [previous, sum] = [58, 0];
  for (const id of [...new TextEncoder().encode(` ${text}`), EOS]) {
    sum += lnNext(previous, id);
    previous = id;
  }
  return Math.exp(sum);
}

/** A chain over a few symbols: after ":" comes "True" with 0.3, "False" with 0.2, " A" with 0.1, or anything else. */
function fewSymbols(): TableModel {
  const letters = [
    ...new Set(
      "Question: What is 12 + 30?\n Possible answer:42\nIs the possible answer:ABDTrueFalseBrainstormed Answers: 41.()",
    ),
  ];
  const symbols = [...letters, "True", "False", " A", "</s>"];
  const [yes, no, a, eos] = [letters.length, letters.length + 1, letters.length + 2, letters.length + 3];
  const colon = letters.indexOf(":");
  const transitions = symbols.map((_, previous) => {
    const row = symbols.map(() => 0);
    if (previous === colon) {
      row[yes] = 0.3;
      row[no!] = 0.2;
      row[a!] = 0.1;
      row[eos!] = 0.4;
    } else row.fill(1 / symbols.length);
    return row;
  });
  return new TableModel({ symbols, eos: eos!, transitions });
}

describe("normalised", () => {
  it("sums every form of true and of false, with all its tokens and its end", async () => {
    const estimate = await pTrue().ask(TableModel.bytes(), asked);
    const sum = (forms: string[]) => forms.reduce((total, form) => total + p(form), 0);
    const yes = sum(["True", "true", "TRUE", "A", "(A)", "(A) True", "A) True", "True.", "Yes"]);
    const no = sum(["False", "false", "FALSE", "B", "(B)", "(B) False", "B) False", "False.", "No"]);
    expect(estimate.confidence).toBeCloseTo(yes / (yes + no), 10);
    expect(estimate.uncertainty).toBeCloseTo(no / (yes + no), 10);
    expect(estimate.mass).toBeCloseTo(yes + no, 12);
    expect(estimate).toMatchObject({
      variant: "normalised",
      replies: [],
      missing: null,
      confidenceInterval: null,
      tokens: { written: 0 },
    });
  });

  it("reads the first token where a model does not score, and says what is not listed", async () => {
    const alternatives = [
      { text: "True", logprob: Math.log(0.4) },
      { text: " true", logprob: Math.log(0.1) },
      { text: "False", logprob: Math.log(0.2) },
      { text: "(", logprob: Math.log(0.1) },
    ];
    const model = new ScriptedModel(() => ({ ...alternatives[0]!, alternatives }), { score: false });
    const estimate = await pTrue().ask(model, asked);
    expect(estimate.confidence).toBeCloseTo(0.5 / 0.7, 12);
    expect(estimate.mass).toBeCloseTo(0.7, 12);
    expect(estimate.confidenceInterval!.low).toBeCloseTo(0.5 / 0.9, 12);
    expect(estimate.confidenceInterval!.high).toBeCloseTo(0.7 / 0.9, 12);
    expect(model.asked[0]!.options).toMatchObject({ maxTokens: 1, temperature: 0, alternatives: 20 });
    expect(JSON.stringify(model.asked[0]!.prompt)).toContain(
      "Is the proposed answer:\\n (A) True\\n (B) False",
    );
  });

  it("says nothing where neither is listed, or nothing is", async () => {
    const other = new ScriptedModel(
      () => ({ text: "I", logprob: -0.1, alternatives: [{ text: "I", logprob: -0.1 }] }),
      { score: false },
    );
    const estimate = await pTrue().ask(other, asked);
    expect(estimate).toMatchObject({
      confidence: null,
      uncertainty: null,
      missing: "no-probabilities",
      interval: { low: 0, high: 1 },
      confidenceInterval: { low: 0, high: 1 },
    });
    expect(estimate.reason).toContain("Neither true nor false");
    const silent = new ScriptedModel(() => ({ text: "True", logprob: null }), { score: false });
    expect(await pTrue().ask(silent, asked)).toMatchObject({
      confidence: null,
      reason: "The server gave no probabilities",
    });
    const thinking = new ScriptedModel(() => ({ text: "Hm", part: "reasoning", logprob: -1 }), {
      score: false,
    });
    expect((await pTrue().ask(thinking, asked)).reason).toContain("Nothing but thought");
  });

  it("takes own words that part what they ask", () => {
    const wording = {
      name: "own",
      language: "en" as const,
      source: "ours",
      messages: [{ role: "user", content: "{answer}?" }],
      cue: "",
    };
    expect(() => pTrue({ wording })).toThrow(expect.objectContaining({ where: "wording" }));
  });
});

describe("as the libraries have it", () => {
  it("lm-polygraph: -ln p of the one token True, not normalised", async () => {
    const estimate = await pTrue({ variant: "lm-polygraph" }).ask(fewSymbols(), asked);
    expect(estimate.uncertainty).toBeCloseTo(-Math.log(0.3), 12);
    expect(estimate.confidence).toBeCloseTo(0.3, 12);
    const bytes = await pTrue({ variant: "lm-polygraph" }).ask(TableModel.bytes(), asked);
    expect(bytes).toMatchObject({ uncertainty: null, missing: "no-probabilities" });
  });

  it("kadavath: p of the last token of ' A', behind the candidates", async () => {
    const estimate = await pTrue({ variant: "kadavath" }).ask(fewSymbols(), asked);
    expect(estimate.uncertainty).toBeCloseTo(-Math.log(0.1), 12);
    const bytes = await pTrue({ variant: "kadavath" }).ask(TableModel.bytes(), asked);
    expect(bytes.uncertainty).toBeCloseTo(-lnNext(32, 65), 10);
  });

  it("kadavath shows examples with their letters, as jlko's code builds them", async () => {
    const seen: string[] = [];
    class Listening extends TableModel {
      override tokenize(text: string, options?: { addSpecial?: boolean | undefined }) {
        seen.push(text);
        return super.tokenize(text, options);
      }
    }
    const { chain, vocabulary } = TableModel.bytes();
    const ids = Array.from({ length: vocabulary.size }, (_, id) => id);
    const model = new Listening({
      symbols: ids.map((id) => vocabulary.piece(id)),
      bos: 256,
      eos: 257,
      transitions: ids.map((a) => ids.map((b) => chain.probability(a, b))),
    });
    const examples = [{ question: "Q1", answer: "x", samples: ["y"], right: false }];
    const { variant } = await pTrue({ variant: "kadavath", examples }).ask(model, asked);
    expect(variant).toBe("kadavath, 1 example");
    expect(seen[0]).toBe(
      "Question: Q1\nBrainstormed Answers: x \ny \nPossible answer: x\nIs the possible answer:\nA) True\nB) False\nThe possible answer is: B\n" +
        "Question: What is 12 + 30?\nBrainstormed Answers: 42\n41\n42\nPossible answer: 42\nIs the possible answer:\nA) True\nB) False\nThe possible answer is:",
    );
  });

  it.each([
    ["True", -0.1, Math.exp(-0.1)],
    [" true.", -0.5, Math.exp(-0.5)],
    ["False", -2, 1 - Math.exp(-2)], // their 1 - p, whatever true has
    ["Maybe", -0.1, null],
  ])("uqlm: the first token %s of %d is %d", async (text, logprob, expected) => {
    const model = new ScriptedModel(() => ({ text, logprob }));
    const { confidence } = await pTrue({ variant: "uqlm" }).ask(model, asked);
    if (expected === null) expect(confidence).toBeNull();
    else expect(confidence).toBeCloseTo(expected, 12);
    expect(JSON.stringify(model.asked[0]!.prompt)).toContain("Here are some possible answers:\\n42\\n41\\n");
  });

  it("refuses models that cannot, and examples where they are not shown", async () => {
    const mute = new ScriptedModel(() => ({ text: "True" }), { score: false, alternatives: 0 });
    for (const variant of ["normalised", "lm-polygraph", "uqlm", "kadavath"] as const)
      await expect(pTrue({ variant }).ask(mute, asked)).rejects.toMatchObject({
        code: "UNSUPPORTED_CAPABILITY",
      });
    expect(() => pTrue({ examples: [{ ...asked, right: true }] })).toThrow(
      expect.objectContaining({ where: "examples" }),
    );
    expect(() => pTrue({ variant: "own" as "uqlm" })).toThrow(expect.objectContaining({ where: "variant" }));
  });
});

describe("a first token", () => {
  it("is true or false in any dress", () => {
    expect(["True", " true", "TRUE.", "(A", "**True**", '"True"', "A"].map(verdictOf)).toEqual(
      Array(7).fill(true),
    );
    expect(["False", " false", "(B)", "B"].map(verdictOf)).toEqual(Array(4).fill(false));
    expect(["Tru", "a", "Truely", "Answer", "", "AB"].map(verdictOf)).toEqual(Array(6).fill(null));
  });

  it("counts a token once that is also among its alternatives, and tells tokens of one text apart by their ids", () => {
    const one = { text: "True", id: 1, logprob: Math.log(0.5) };
    expect(readFirstToken({ ...one, alternatives: [one] }).mass).toBeCloseTo(0.5, 12);
    const two = { text: "True", id: 2, logprob: Math.log(0.25) };
    expect(readFirstToken({ ...one, alternatives: [one, two] }).mass).toBeCloseTo(0.75, 12);
  });

  it("has an interval that no listing can leave, also where a server's numbers add up to more than 1", () => {
    const over = readFirstToken({
      text: "True",
      logprob: 0,
      alternatives: [{ text: "False", logprob: Math.log(0.1) }],
    });
    expect(over.interval).toEqual({ low: over.share, high: over.share });
    expect(readFirstToken(null)).toEqual({ share: null, interval: null, mass: null });
  });
});
