/** `decide` on a chain over bytes whose every probability is a formula. */
import { describe, expect, it } from "vitest";
import { makeArtefact } from "../calibrate/index.ts";
import { TableModel } from "../models/test/index.ts";
import { type DecideOptions, decide, type Question } from "./index.ts";

const EOS = 257;
const STATE = "The parcel arrived wet.";

/** ln p(next | previous) of TableModel.bytes(), from its description. */
function lnNext(previous: number, next: number): number {
  const weight = (id: number) => (id === 256 ? 0 : 1 / (1 + ((89 * id + 53 * previous) % 263)));
  let total = 0;
  for (let id = 0; id < 258; id++) total += weight(id);
  return Math.log(weight(next) / total);
}

/** ln p of " text" and the end of text, behind ":". */
function lnAnswer(text: string, end: number | null = EOS): number {
  let [previous, sum] = [":".charCodeAt(0), 0];
  for (const id of [...new TextEncoder().encode(` ${text}`), ...(end === null ? [] : [end])]) {
    sum += lnNext(previous, id);
    previous = id;
  }
  return sum;
}

const shares = (scores: number[]): number[] => {
  const weights = scores.map((score) => Math.exp(score));
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
};

async function ask(question: Question, options?: DecideOptions) {
  const answer = await decide(TableModel.bytes(), { state: STATE, questions: [question] }, options);
  return { ...answer, decision: answer.decisions[0]! };
}

const choice = (...choices: string[]): Question => ({ type: "choice", instructions: "What now?", choices });
const probabilities = ({ options }: { options: readonly { probability: number | null }[] }) =>
  options.map(({ probability }) => probability!);

describe("rules in closed form", () => {
  const words = ["keep", "return it", "re"];

  it("sum: all tokens and the end", async () => {
    const { decision, prompt } = await ask(choice(...words));
    const scores = words.map((word) => lnAnswer(word));
    expect(prompt).toEqual({ form: "plain", frame: "{state}\n\n{question}\nAnswer:", end: "</s>" });
    for (const [i, option] of decision.options.entries()) {
      expect(option.logprob).toBeCloseTo(scores[i]!, 10);
      expect(option.tokens).toBe(words[i]!.length + 2);
      expect(option.probability).toBeCloseTo(shares(scores)[i]!, 10);
    }
    const p = shares(scores);
    const sorted = p.toSorted((a, b) => b - a);
    expect(decision.choice).toBe(words[p.indexOf(sorted[0]!)]);
    expect(decision.confidence).toBeCloseTo(sorted[0]!, 10);
    expect(decision.margin).toBeCloseTo(sorted[0]! - sorted[1]!, 10);
    expect(decision.entropy).toBeCloseTo(-p.reduce((sum, x) => sum + x * Math.log(x), 0), 10);
    expect(decision.optionMass).toBeCloseTo(
      scores.reduce((sum, score) => sum + Math.exp(score), 0),
      12,
    );
    expect(decision).toMatchObject({
      calibrated: false,
      abstained: false,
      flipRate: null,
      orders: 1,
      probability: null,
      expected: null,
    });
  });

  it("mean: divided by the number of tokens", async () => {
    const { decision } = await ask(choice(...words), { rule: "mean" });
    const scores = words.map((word) => lnAnswer(word) / (word.length + 2));
    for (const [i, p] of shares(scores).entries())
      expect(decision.options[i]!.probability).toBeCloseTo(p, 10);
    expect(decision.options[0]!.logprob).toBeCloseTo(lnAnswer("keep"), 10); // its own, whatever the rule
  });

  it("pmi: less what it is without the state, which a chain does not remember", async () => {
    const { decision } = await ask(choice(...words), { rule: "pmi" });
    for (const option of decision.options) {
      expect(option.score).toBeCloseTo(0, 12);
      expect(option.probability).toBeCloseTo(1 / 3, 12);
    }
  });

  it("pmi: less what it is without the state, of a model that remembers it", async () => {
    // What follows a prompt with the state has the chain's ln p times 2, without it the chain's own: what is left is the chain's.
    const model = TableModel.bytes();
    const score = model.score.bind(model);
    const wet = new TextEncoder().encode("wet").join();
    model.score = async function* (requests, options) {
      const asked = [...requests];
      for await (const answer of score(asked, options)) {
        const remembers = Array.from(asked[answer.index]!.context as Int32Array)
          .join()
          .includes(wet);
        yield { ...answer, logprob: answer.logprob! * (remembers ? 2 : 1) };
      }
    };
    const { decisions } = await decide(
      model,
      { state: STATE, questions: [choice(...words)] },
      { rule: "pmi" },
    );
    const scores = words.map((word) => lnAnswer(word));
    for (const [i, { score, logprob, probability }] of decisions[0]!.options.entries()) {
      expect(logprob).toBeCloseTo(2 * scores[i]!, 10);
      expect(score).toBeCloseTo(scores[i]!, 10);
      expect(probability).toBeCloseTo(shares(scores)[i]!, 10);
    }
  });

  it("label: the letter alone, in the order of the code units, and averaged over shifts", async () => {
    const { decision } = await ask(choice(...words), { rule: "label" });
    const letters = ["A", "C", "B"]; // keep, re, return it
    const scores = letters.map((letter) => lnAnswer(letter, null));
    for (const [i, p] of shares(scores).entries())
      expect(decision.options[i]!.probability).toBeCloseTo(p, 10);
    const all = await ask(choice(...words), { rule: "label", orders: 3 });
    // Each option stood once under each letter, so all are alike, and each order chose another.
    for (const p of probabilities(all.decision)) expect(p).toBeCloseTo(1 / 3, 12);
    expect(all.decision.orders).toBe(3);
    expect(all.decision.flipRate).toBeCloseTo(2 / 3, 12);
    expect(all.prompt.frame).toBe("{state}\n\n{question}\n{options}\nAnswer with the letter only.\nAnswer:");
  });

  it("gives predicates a probability and scores an expected level", async () => {
    const predicate = await ask({ type: "predicate", instructions: "Is it wet?" });
    const [yes] = shares([lnAnswer("Yes"), lnAnswer("No")]);
    expect(predicate.decision.probability).toBeCloseTo(yes!, 10);
    expect(predicate.decision.choice).toBe(yes! > 0.5);
    const levels = ["poor", "fair", "good"];
    const score = await ask({ type: "score", instructions: "How good?", levels });
    const p = shares(levels.map((level) => lnAnswer(level)));
    expect(score.decision.expected).toBeCloseTo(p[1]! + 2 * p[2]!, 10);
  });
});

describe("what does not matter, and what does", () => {
  it("is bit-identical whatever the order of the options", async () => {
    const words = ["keep", "return it", "re", "refund", "ask", "Ask"];
    for (const options of [{}, { rule: "mean" }, { rule: "pmi" }, { rule: "label", orders: 3 }] as const) {
      const first = await ask(choice(...words), options);
      for (const order of [words.toReversed(), [...words.slice(2), ...words.slice(0, 2)], words.toSorted()]) {
        const other = await ask(choice(...order), options);
        const { options: own, ...rest } = other.decision;
        const { options: before, ...facts } = first.decision;
        expect(rest).toEqual(facts);
        expect(new Set(own)).toEqual(new Set(before));
      }
    }
  });

  it("does not favour an option that begins another", async () => {
    const { decision } = await ask(choice("re", "return it"));
    expect(decision.options[0]!.logprob).toBeCloseTo(lnAnswer("re"), 10);
    const without = await ask(choice("re", "return it"), { end: "" });
    expect(without.decision.options[0]!.logprob).toBeCloseTo(lnAnswer("re", null), 10);
    expect(without.decision.optionMass).toBeNull();
    expect(without.notes.join()).toContain("gains by what goes on");
  });

  it("takes another end, and words for a predicate", async () => {
    const { decision, prompt } = await ask(
      { type: "predicate", instructions: "Is it wet?", words: { yes: "wet", no: "dry" } },
      { end: "\n" },
    );
    expect(decision.options.map(({ text }) => text)).toEqual(["wet", "dry"]);
    expect(decision.options[1]!.logprob).toBeCloseTo(lnAnswer("dry", 10), 10);
    expect(prompt.end).toBe("\n");
  });

  it("says null where the model gives every option probability 0", async () => {
    const symbols = [..." :.?AINYahinoswetrs".split(""), "\n"];
    const unique = [...new Set(symbols)];
    const all = [...unique, "<s>", "</s>"];
    const [bos, eos] = [unique.length, unique.length + 1];
    // Everything is followed by a space for certain.
    const transitions = all.map(() => all.map((_, next) => (next === unique.indexOf(" ") ? 1 : 0)));
    const model = new TableModel({ symbols: all, bos, eos, transitions });
    const { decisions } = await decide(model, {
      state: "Is it wet.",
      questions: [{ type: "predicate", instructions: "Is it wet?" }],
    });
    expect(decisions[0]).toMatchObject({
      choice: null,
      confidence: null,
      probability: null,
      entropy: null,
      margin: null,
      optionMass: 0,
    });
  });
});

describe("unusual options", () => {
  it("takes options that differ in case, texts that are not ASCII, and two levels", async () => {
    const { decision } = await ask(choice("Grün", "grün", "緑", "🟢"));
    for (const { text, logprob } of decision.options) expect(logprob).toBeCloseTo(lnAnswer(text), 10);
    const two = await ask({ type: "score", instructions: "Wie gut?", levels: ["schlecht", "gut"] });
    expect(two.decision.expected).toBeCloseTo(
      shares(["schlecht", "gut"].map((each) => lnAnswer(each)))[1]!,
      10,
    );
  });
});

describe("tokens run", () => {
  it("are those of the prefix tree: 12 questions of 5 options over 2,000 tokens, 30 times fewer", async () => {
    const state = "a wet box. ".repeat(182); // 2,002 bytes, a token each
    const kinds = ["red", "green", "blue", "grey", "black"];
    const questions = Array.from({ length: 12 }, (_, i) => ({
      ...(choice(...kinds) as Question),
      instructions: `Colour ${i}?`,
    }));
    const { usage, decisions } = await decide(TableModel.bytes(), { state, questions });
    const nodes = new Set<string>();
    let alone = 0;
    for (const { instructions } of questions)
      for (const kind of kinds) {
        const path = `^${state}\n\n${instructions}\nAnswer: ${kind}`; // the end is predicted, not run
        alone += path.length;
        for (let i = 1; i <= path.length; i++) nodes.add(path.slice(0, i));
      }
    expect(usage).toEqual({ tokensRun: nodes.size, tokensAlone: alone });
    expect(alone / nodes.size).toBeGreaterThanOrEqual(30);
    expect(decisions.reduce((sum, { tokensRun }) => sum + tokensRun!, 0)).toBe(nodes.size);
  });
});

describe("calibration", () => {
  const fittedOn = { n: 500, right: 300, wrong: 200, missing: 0, groups: null, kinds: null, sha256: "00" };
  const temperature = makeArtefact({ kind: "temperature", temperature: 2, atBound: false }, fittedOn, {
    identity: { recipe: "decide sum" },
  });

  it("divides the scores by a temperature, and says by which artefact", async () => {
    const words = ["keep", "return it", "re"];
    const { decision, calibration } = await ask(choice(...words), { artefact: temperature });
    const p = shares(words.map((word) => lnAnswer(word) / 2));
    for (const [i, each] of p.entries()) expect(decision.options[i]!.probability).toBeCloseTo(each, 10);
    expect(decision.calibrated).toBe(true);
    expect(calibration).toMatchObject({ kind: "temperature", n: 500, warnings: [] });
    expect((await ask(choice(...words))).decision.choice).toBe(decision.choice);
  });

  it("warns of what it was not fitted to, and refuses it under strict", async () => {
    const { notes } = await ask(choice("a", "b"), { artefact: temperature, rule: "mean" });
    expect(notes.join()).toMatch(/recipe decide sum, and is used beside decide mean/);
    await expect(
      ask(choice("a", "b"), { artefact: temperature, rule: "mean", strict: true }),
    ).rejects.toThrow(expect.objectContaining({ code: "CALIBRATION_MISMATCH" }));
  });

  it("abstains below the threshold of a risk", async () => {
    const threshold = (at: number | null) =>
      makeArtefact(
        {
          kind: "risk-threshold",
          threshold: at,
          risk: 0.05,
          delta: 0.05,
          test: "binomial",
          answered: 100,
          wrong: 0,
          coverage: 0.5,
          upperBound: 0.03,
          n: 200,
          tested: 3,
        },
        fittedOn,
      );
    const { decision } = await ask(choice("a", "b"), { threshold: threshold(0), risk: 0.05 });
    expect(decision.abstained).toBe(false);
    const high = await ask(choice("a", "b"), { threshold: threshold(1), risk: 0.1 });
    expect(high.decision).toMatchObject({ abstained: true, choice: null });
    expect(high.decision.confidence).toBe(decision.confidence);
    expect(high.abstention).toMatchObject({ kind: "risk-threshold", risk: 0.1, threshold: 1 });
    const never = await ask(choice("a", "b"), { threshold: threshold(null), risk: 0.05 });
    expect(never.decision.abstained).toBe(true);
    expect(never.notes.join()).toContain("always abstains");
    await expect(ask(choice("a", "b"), { risk: 0.05 })).rejects.toThrow(/no threshold/);
    await expect(ask(choice("a", "b"), { threshold: threshold(0), risk: 0.01 })).rejects.toThrow(
      /risk of 0.05, and 0.01/,
    );
    await expect(ask(choice("a", "b"), { threshold: temperature, risk: 0.05 })).rejects.toThrow(
      /temperature is no risk threshold/,
    );
  });
});
