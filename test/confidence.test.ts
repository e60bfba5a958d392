/** `surprisal confidence` without a process: lines, numbers, one answer by all methods, plan, ranking, page. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { itemOf, planOf, planText, rank, readItems, type Setup } from "../src/cli/confidence/index.ts";
import { type Measured, measure } from "../src/cli/confidence/measure.ts";
import { numbersOf, readRecords } from "../src/cli/confidence/numbers.ts";
import { renderConfidence } from "../src/cli/render/index.ts";
import { SurprisalError } from "../src/core/index.ts";
import type { LanguageModel } from "../src/models/index.ts";
import { OpenAIModel } from "../src/models/openai/index.ts";
import { confidencePage } from "../src/report/confidence/page.ts";
import { displayWidth } from "../src/text/index.ts";
import { CONFIDENCE_METHODS, priceOfMethod, selectMethods } from "../src/uncertainty/index.ts";
import { type FakeServer, startFakeServer } from "./wire/fake-server.ts";
import { plainModel } from "./wire/plain-model.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-confidence-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const setup = (given: Partial<Setup>): Setup => ({
  ...{ model: null, methods: selectMethods(["one-pass", "samples"]), samples: 0, maxTokens: 8 },
  ...{
    temperature: 0,
    sampleTemperature: 1,
    seed: undefined,
    plain: false,
    system: undefined,
    read: undefined,
  },
  ...{ embed: undefined, judge: null, judgesClaims: false },
  ...given,
});
const never = new AbortController().signal;
const one = (question: string, answer: string | undefined, given: Partial<Setup>): Promise<Measured> => {
  const { item } = itemOf(question, answer);
  if (item instanceof SurprisalError) throw item;
  return measure(item, setup(given), never);
};
const of = ({ estimates }: Measured, name: string) => estimates.find((each) => each.name === name)!;

async function items(...lines: (object | string)[]) {
  const file = join(folder, "lines.jsonl");
  writeFileSync(
    file,
    lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"),
  );
  return readItems(file, undefined);
}

describe("methods by name", () => {
  it("has each name once, with a variant and needs", () => {
    const names = CONFIDENCE_METHODS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { variant, needs } of CONFIDENCE_METHODS) {
      expect(variant).not.toBe("");
      expect(needs.length).toBeGreaterThan(0);
    }
    // No two methods of one name are one formula.
    const formulas = CONFIDENCE_METHODS.map(({ name, variant }) => `${name.split("/")[0]} ${variant}`);
    expect(new Set(formulas).size).toBe(formulas.length);
  });

  it("takes families and names, in the order of the list and each once", () => {
    expect(selectMethods(["margin", "mean-nll", "margin"]).map(({ name }) => name)).toEqual([
      "mean-nll",
      "margin",
    ]);
    const all = selectMethods(["all"]);
    expect(all).toEqual(selectMethods(["asking", "one-pass", "samples"]));
    expect(all.length + selectMethods(["peers"]).length).toBe(CONFIDENCE_METHODS.length);
    expect(() => selectMethods(["semantic-entropie"])).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        wayOut: expect.stringContaining("Did you mean semantic-entropy"),
      }),
    );
    expect(() => selectMethods([])).toThrow(/No method/);
  });

  it("says the price before: nothing, samples, calls, pairs, texts", async () => {
    const price = async (name: string) => priceOfMethod(selectMethods([name])[0]!, 5);
    const free = { samples: 0, calls: 0, tokensWritten: 0, pairsJudged: 0, textsEmbedded: 0 };
    expect(await price("mean-nll")).toEqual(free);
    expect(await price("self-consistency")).toEqual({ ...free, samples: 5 });
    expect(await price("introspective")).toEqual({ ...free, calls: 2, tokensWritten: 288 });
    expect(await price("verbalised/repeated")).toEqual({ ...free, calls: 5, tokensWritten: 160 });
    expect(await price("semantic-entropy/strict")).toEqual({ ...free, samples: 5, pairsJudged: 20 });
    expect(await price("answer-disagreement/embeddings")).toEqual({ ...free, samples: 5, textsEmbedded: 6 });
    expect((await price("selfcheck-entailment")).pairsJudged).toBeNull();
  });
});

describe("lines", () => {
  it("have a question, an answer, samples, numbers, a label, or some of them", async () => {
    const [a, b, c, d] = await items(
      {
        id: 7,
        question: "Capital of France?",
        answer: "Paris",
        samples: ["Paris", { text: "Lyon", logprob: -2, tokens: 1 }],
        correct: true,
      },
      { prompt: "2+2?", samples: ["4", "5"], correct: 0, expected: 4 },
      {
        messages: [
          { role: "user", content: "Hi" },
          { role: "assistant", content: "Hello." },
        ],
      },
      {
        messages: [
          { role: "system", content: "Be short." },
          { role: "user", content: "Hi" },
        ],
        group: "x",
      },
    );
    expect(a).toMatchObject({
      id: 7,
      index: 0,
      item: { question: "Capital of France?", answer: "Paris", correct: true },
    });
    expect(a!.item).toMatchObject({ samples: [{ text: "Paris" }, { text: "Lyon", logprob: -2, tokens: 1 }] });
    expect(b!.item).toMatchObject({ answer: "4", isFirstSample: true, correct: false, expected: "4" });
    expect(c!.item).toMatchObject({ question: [{ role: "user", content: "Hi" }], answer: "Hello." });
    expect(d!.item).toMatchObject({ answer: null, group: "x" });
  });

  it("may be rows of surprisal generate: answers to one prompt are samples", async () => {
    const row = (prompt: number, sample: number, text: string) => ({
      ...{ type: "answer", prompt, sample, id: `p${prompt}`, text, reasoning: null },
      ...{ tokens: 2, scored: 2, partial: false, meanLogprob: -0.5 },
    });
    const rows = await items(row(0, 0, "a"), row(0, 1, "b"), {
      ...row(1, 0, "c"),
      logprobs: [{ text: "c", logprob: -1 }],
    });
    expect(rows).toHaveLength(2);
    expect(rows[0]!.item).toMatchObject({
      ...{ question: null, answer: "a" },
      samples: [
        { text: "a", logprob: -1, tokens: 2 },
        { text: "b", logprob: -1, tokens: 2 },
      ],
    });
    expect(rows[1]!.item).toMatchObject({ answer: "c", samples: [], records: [{ text: "c", logprob: -1 }] });
  });

  it("that are damaged are errors of their own", async () => {
    const rows = await items(
      '{"question": "a"}',
      '{"question": ',
      "[1]",
      { id: 3 },
      { question: "a", samples: "b" },
      { question: "a", answer: "b", correct: "perhaps" },
      { question: "a", answer: "b", logprobs: [{ text: "b", logprob: "x" }] },
      { question: " " },
      { question: "a", answer: "" },
      { logprobs: [-1, -2] },
    );
    const found = rows.map(({ item }) =>
      item instanceof SurprisalError ? `${item.where}: ${item.what}` : null,
    );
    expect(found[0]).toBeNull();
    expect(found.slice(1).map((each) => each?.replace(/^.*lines.jsonl:/, ""))).toEqual([
      expect.stringMatching(/^2: The line is not JSON/),
      "3: The line is no object",
      "4: The line has neither a question nor an answer (it has: id)",
      '5: "samples" is no list',
      '6: "correct" is "perhaps"',
      expect.stringMatching(/^7, token 0: "x" is no log-probability/),
      "8: The question is empty",
      "9: The answer is empty",
      "10: The line has numbers of an answer, and no answer",
    ]);
  });

  it("are refused where none can be read", async () => {
    await expect(items("{")).rejects.toThrow(/not JSON/);
    await expect(items('[{"question": "a"}]')).rejects.toThrow(/one JSON list/);
    await expect(items(" ")).rejects.toThrow(/no lines/);
  });
});

describe("numbers of tokens", () => {
  const chat = {
    content: [
      {
        token: "Pa",
        bytes: [80, 97],
        logprob: -0.5,
        top_logprobs: [
          { token: "Lo", logprob: -1.5 },
          { token: "Pa", logprob: -0.5 },
        ],
      },
      { token: "ris", logprob: -9999 },
    ],
  };
  it("come in OpenAI's two forms, as records and as numbers; -9999 is none", () => {
    const records = readRecords(chat, "x")!;
    expect(records.map(({ text, logprob }) => [text, logprob])).toEqual([
      ["Pa", -0.5],
      ["ris", null],
    ]);
    expect(records[0]!.alternatives?.map(({ text }) => text)).toEqual(["Pa", "Lo"]);
    const old = { tokens: ["a", "b"], token_logprobs: [null, -1], top_logprobs: [null, { b: -1, c: -2 }] };
    expect(readRecords(old, "x")).toMatchObject([
      { text: "a", logprob: null },
      { text: "b", logprob: -1, alternatives: [{ text: "b" }, { text: "c", logprob: -2 }] },
    ]);
    expect(readRecords([-1, null, "-Infinity"], "x")!.map(({ logprob }) => logprob)).toEqual([
      -1,
      null,
      -Infinity,
    ]);
    expect(() => readRecords("x", "there")).toThrow(expect.objectContaining({ where: "there" }));
  });

  it("of a text sum up only where all are known", () => {
    expect(
      numbersOf([
        { text: "a", logprob: -1, entropy: 1 },
        { text: "b", logprob: -2, entropy: 3 },
      ]),
    ).toEqual({
      ...{ logprob: -3, tokens: 2, entropy: 2 },
    });
    expect(
      numbersOf([
        { text: "a", logprob: -1 },
        { text: "b", logprob: null },
      ]),
    ).toEqual({
      ...{ logprob: null, tokens: 2, entropy: null },
    });
    const thought = { text: "hm", logprob: -9, part: "reasoning" as const };
    expect(numbersOf([thought, { text: "a", logprob: -1 }])).toMatchObject({ logprob: -1, tokens: 1 });
  });
});

describe("one answer", () => {
  it("is read without a model: samples compare, and what lacks numbers says so", async () => {
    const [row] = await items({ question: "q", samples: ["Paris", "paris.", "Lyon", "Paris"] });
    const found = await measure(row!.item as never, setup({}), never);
    expect(found).toMatchObject({ answer: "Paris", answerFrom: "first sample", numbersFrom: null });
    expect(found.clusters).toEqual([[0, 1, 3], [2]]);
    expect(of(found, "self-consistency")).toMatchObject({ uncertainty: 0.25, confidence: 0.75 });
    const [p, q] = [3 / 4, 1 / 4];
    expect(of(found, "semantic-entropy").uncertainty).toBeCloseTo(-p * Math.log(p) - q * Math.log(q), 12);
    expect(of(found, "semantic-entropy/rao")).toMatchObject({
      uncertainty: null,
      reason: expect.stringContaining("without a log-probability"),
    });
    expect(of(found, "mean-nll")).toMatchObject({
      uncertainty: null,
      reason: expect.stringContaining("--model"),
    });
    expect(of(found, "semantic-entropy/strict").reason).toContain("--judge");
    expect(of(found, "cocoa/embeddings").reason).toContain("--embedding");
    expect(found.estimates.map(({ name }) => name)).toEqual(
      selectMethods(["one-pass", "samples"]).map(({ name }) => name),
    );
    expect(found.usage).toEqual({ calls: 0, tokensWritten: 0, pairsJudged: 0 });
  });

  it("counts samples by what is read out of them", async () => {
    const [row] = await items({
      question: "6*7?",
      answer: "It is 42.",
      samples: ["42", "The answer is 42.", "41"],
      expected: 42,
    });
    const found = await measure(row!.item as never, setup({ read: "number" }), never);
    expect(of(found, "self-consistency")).toMatchObject({
      confidence: 2 / 3,
      variant: "1 - majority share, same number",
    });
    expect(found.correct).toBe(true);
  });

  it("that is given is scored as the model scores it, with the shape of every distribution", async () => {
    await using model = plainModel();
    const found = await one("What is it?", "An answer.", { model });
    let logprob: number | null = null;
    for await (const score of model.score([{ context: "What is it?", continuation: "An answer." }]))
      logprob = score.logprob;
    expect(found.numbersFrom).toBe("scored");
    expect(found.tokens).toHaveLength(10);
    expect(of(found, "sequence-logprob").uncertainty).toBeCloseTo(0 - logprob!, 9);
    for (const name of ["renyi-entropy", "fisher-rao", "self-certainty", "mean-token-entropy", "margin"])
      expect(of(found, name).uncertainty).not.toBeNull();
  });

  it("that is written has the numbers of the same text scored", async () => {
    await using model = plainModel();
    const methods = selectMethods(["one-pass"]);
    const written = await one("What is it?", undefined, { model, methods });
    expect(written).toMatchObject({
      answerFrom: "written",
      numbersFrom: "written",
      usage: { calls: 1, tokensWritten: 8 },
    });
    const scored = await one("What is it?", written.answer, { model, methods });
    for (const { name, uncertainty } of written.estimates) {
      if (name === "claim-conditioned-probability") continue;
      expect(of(scored, name).uncertainty, name).toBeCloseTo(uncertainty!, 6);
    }
  });

  it("has samples drawn beside it, none of which is the answer's own seed", async () => {
    await using model = plainModel();
    const found = await one("What is it?", undefined, { model, samples: 4, temperature: 1 });
    expect(found.samples).toHaveLength(4);
    expect(new Set([found.answer, ...found.samples.map(({ text }) => text)]).size).toBe(5);
    const again = await one("What is it?", undefined, { model, samples: 4, temperature: 1 });
    expect(again.samples).toEqual(found.samples);
    expect(found.usage).toMatchObject({ calls: 5, tokensWritten: 40 });
    expect(of(found, "sequence-entropy").uncertainty).toBeCloseTo(
      -found.samples.reduce((sum, { logprob }) => sum + logprob!, 0) / 4,
      9,
    );
    expect(of(found, "self-consistency").price).toEqual({
      samples: 4,
      calls: 0,
      tokensWritten: 0,
      tokensRead: 0,
    });
  });

  it("is asked about, with what was said and what it took", async () => {
    await using model = plainModel();
    const found = await one("What is it?", "An answer.", {
      model,
      methods: selectMethods(["verbalised", "p-true"]),
    });
    expect(of(found, "verbalised")).toMatchObject({ price: { calls: 1 }, replies: [expect.any(String)] });
    expect(of(found, "p-true")).toMatchObject({ variant: "normalised", price: { calls: 1 } });
    expect(found.usage.calls).toBe(2);
  });
});

describe("with servers", () => {
  let server: FakeServer | undefined;
  afterEach(() => server?.close());

  it("that score texts gives the numbers of the model behind them", async () => {
    server = await startFakeServer({ dialect: "vllm", model: plainModel() });
    await using model: LanguageModel = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const methods = selectMethods(["sequence-logprob", "margin"]);
    const there = await one("What is it?", "An answer.", { model, methods, plain: true });
    const here = await one("What is it?", "An answer.", { model: plainModel(), methods, plain: true });
    expect(there.numbersFrom).toBe("scored");
    for (const { name, uncertainty } of here.estimates)
      expect(of(there, name).uncertainty, name).toBeCloseTo(uncertainty!, 4);
  });

  it("that only write says why a given answer has no numbers", async () => {
    server = await startFakeServer({ dialect: "deepseek", model: plainModel() });
    await using model: LanguageModel = await OpenAIModel.open(server.url, { backoffMs: 1 });
    const given = await one("What is it?", "An answer.", { model, methods: selectMethods(["mean-nll"]) });
    expect(of(given, "mean-nll").reason).toMatch(/gives no numbers of an answer that it did not write/);
    const written = await one("What is it?", undefined, { model, methods: selectMethods(["mean-nll"]) });
    expect(of(written, "mean-nll").uncertainty).toBeGreaterThan(0);
  });
});

it("says what a file will cost at most", async () => {
  await using model = plainModel();
  const rows = await items(
    { question: "a" },
    { question: "b", answer: "c" },
    { question: "d", answer: "e", logprobs: [-1] },
  );
  const methods = selectMethods(["one-pass", "samples", "verbalised", "introspective"]);
  const plan = await planOf(rows, setup({ model, samples: 3, methods }));
  expect(plan).toMatchObject({
    ...{
      answers: 3,
      written: 1,
      scored: 1,
      samples: 9,
      asked: 9,
      calls: 20,
      pairsJudged: 0,
      textsEmbedded: 0,
    },
    tokensWritten: 8 + 9 * 8 + 3 * (32 + 288),
  });
  expect(plan.tokensRead).toBeGreaterThan(0);
  expect(planText(plan)).toMatch(
    /^price: 1 answer to write, 1 answer to score, 9 samples to draw, 9 calls that ask · at most 1,040 tokens written · [\d,]+ read/,
  );
  expect(planText(await planOf(rows.slice(1), setup({})))).toMatch(/^price: nothing is run/);
});

describe("ranking", () => {
  const estimate = (name: string, uncertainty: number | null) => ({
    ...{ name, family: "one-pass" as const, method: name, variant: "v", needs: [], uncertainty },
    price: { samples: 0, calls: 0, tokensWritten: 0, tokensRead: 0 },
  });
  const answers = (labels: (boolean | null)[], a: (number | null)[], b: (number | null)[]) =>
    labels.map((correct, i) => ({
      correct,
      group: null,
      estimates: [estimate("a", a[i]!), estimate("b", b[i]!)],
    }));

  it("is the share of pairs in which the right answer is less uncertain, best method first", () => {
    const found = rank(
      answers([true, true, false, false, null], [1, 4, 3, 5, 0], [0, 1, Infinity, null, 9]),
    )!;
    // a: of four pairs three are in order; b has no number of one answer, and its infinite one is the most uncertain.
    expect(found.map(({ name, n, missing, auroc }) => [name, n, missing, auroc.value])).toEqual([
      ["b", 3, 1, 1],
      ["a", 4, 0, 0.75],
    ]);
  });

  it("is none without labels, or with all the same", () => {
    expect(rank(answers([null, null], [1, 2], [1, 2]))).toBeNull();
    expect(rank(answers([true, true], [1, 2], [1, 2]))).toBeNull();
  });
});

const HOSTILE = `</script></title><script>window.harmed=1</script><img src=x onerror="window.harmed=1">&\u202e\u0000\u001b[31m'日本語`;

describe("what is shown", () => {
  async function hostile(): Promise<Measured & { id: string }> {
    const [row] = await items({
      ...{
        question: HOSTILE,
        answer: HOSTILE,
        samples: [HOSTILE, `${HOSTILE}2`],
        group: HOSTILE,
        correct: false,
      },
      logprobs: [...HOSTILE].map((text) => ({
        text,
        logprob: -1,
        alternatives: [{ text: HOSTILE, logprob: -1 }],
      })),
    });
    return { ...(await measure(row!.item as never, setup({}), never)), id: HOSTILE };
  }

  it("takes any text for text on the page", async () => {
    const answer = await hostile();
    const view = {
      title: HOSTILE,
      model: HOSTILE,
      answers: [{ ...answer, notes: [HOSTILE] }],
      ranking: null,
    };
    const page = confidencePage({ ...view, details: [[HOSTILE, HOSTILE]], notes: [HOSTILE] });
    // The two scripts are the page's own.
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toMatch(/<img|\u202e|\0|\u001b/);
    expect(page).toMatch(/class="answer" role="group"/);
  });

  it("fits in 80 columns, and says nothing to the terminal", async () => {
    const answer = await hostile();
    const shown = renderConfidence(answer, "1 of 2", { colour: "none", background: "dark", columns: 80 });
    for (const line of shown.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(80);
    expect(shown).not.toMatch(/\u202e|\0|\u001b/);
    expect(shown).toMatch(/semantic-entropy +0\.6931/);
    expect(shown).toMatch(/– .*fisher-rao: /);
  });
});
