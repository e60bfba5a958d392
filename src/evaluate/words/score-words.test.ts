import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TableModel } from "../../models/test/index.ts";
import { scoreWords, wordSpans } from "../index.ts";

/** Words of a or b, and x or y or xy behind it; x alone begins the text. After each row: p of the next symbol. */
const SYMBOLS = [" a", " b", "x", "y", "a", "<s>", "</s>", "\n"];
const TRANSITIONS = [
  //  " a"  " b"   x     y     a   <s>  </s>  \n
  [0.15, 0.05, 0.3, 0.25, 0, 0, 0.2, 0.05], // " a"
  [0.05, 0.3, 0.1, 0.4, 0, 0, 0.1, 0.05], // " b"
  [0.25, 0.15, 0, 0.3, 0, 0, 0.25, 0.05], // x
  [0.4, 0.3, 0, 0, 0, 0, 0.25, 0.05], // y
  [0.2, 0.1, 0.2, 0.2, 0, 0, 0.3, 0], // a
  [0.1, 0.1, 0.2, 0.15, 0.35, 0, 0.1, 0], // <s>
  [0.1, 0.1, 0.2, 0.15, 0.35, 0, 0.1, 0], // </s>
  [0.25, 0.15, 0.1, 0.1, 0.2, 0, 0.2, 0], // \n
];
const [BOS, EOS] = [5, 6];
const model = new TableModel({
  symbols: SYMBOLS,
  bos: BOS,
  eos: EOS,
  trainedContext: 64,
  transitions: TRANSITIONS,
});
const p = (previous: string, next: string): number =>
  TRANSITIONS[SYMBOLS.indexOf(previous)]![SYMBOLS.indexOf(next)]!;
/** p of a boundary after a symbol: white space in front, or the end. */
const boundary = (previous: string): number =>
  [" a", " b", "\n", "</s>"].reduce((sum, s) => sum + p(previous, s), 0);
const TAILS = ["", "x", "y", "xy"];
const probability = (nats: number | null): number => Math.exp(-nats!);

describe("scoreWords", () => {
  it("corrected: the words that can follow one are a distribution; by the sum rule they are not", async () => {
    let [corrected, plain] = [0, 0];
    for (const head of ["a", "b"])
      for (const tail of TAILS) {
        const { words } = await scoreWords(model, `ax ${head}${tail}`);
        corrected += probability(words[1]!.surprisalCorrected);
        plain += probability(words[1]!.surprisalSum);
      }
    // Words behind a line end, and the end of the text, are what else can follow.
    const others = (p("x", "</s>") + p("x", "\n")) / boundary("x");
    expect(corrected + others).toBeCloseTo(1, 6); // rows of logits are 32-bit floats
    // The closed form of the defect: Σ over words of p(word), where each beginning of a word counts as a word of its own.
    const tails = (head: string) => 1 + p(head, "x") * (1 + p("x", "y")) + p(head, "y");
    expect(plain).toBeCloseTo(p("x", " a") * tails(" a") + p("x", " b") * tails(" b"), 12);
    expect(plain / (p("x", " a") + p("x", " b"))).toBeGreaterThan(1.5);
  });

  it("corrected: so are the words that a text can begin with", async () => {
    let total = 0;
    for (const word of ["a", "ax", "ay", "axy", "x", "xy", "y"]) {
      const { words } = await scoreWords(model, word);
      total += probability(words[0]!.surprisalCorrected);
    }
    const opening = 1 - p("<s>", " a") - p("<s>", " b");
    expect(total + p("<s>", "</s>") / opening).toBeCloseTo(1, 6);
  });

  it("gives each word in closed form, by both sets of boundaries", async () => {
    const { words, rest, recipe, tokensRun } = await scoreWords(model, "a bxy");
    const sums = [p("<s>", "a"), p("a", " b") * p(" b", "x") * p("x", "y")];
    expect(words.map(({ surprisalSum }) => probability(surprisalSum))).toEqual(
      sums.map((s) => expect.closeTo(s, 12)),
    );
    const [after, end] = [boundary("a"), boundary("y")];
    const opening = p("<s>", "x") + p("<s>", "y") + p("<s>", "a") + p("<s>", "</s>");
    expect(words.map((word) => probability(word.surprisalCorrected))).toEqual([
      expect.closeTo((sums[0]! * after) / opening, 7),
      expect.closeTo((sums[1]! * end) / after, 7),
    ]);
    expect(words[0]).toMatchObject({ word: "a", wordIndex: 0, start: 0, end: 1, characters: 1, tokens: 1 });
    expect(words[1]).toMatchObject({ word: "bxy", wordIndex: 1, start: 2, end: 5, characters: 3, tokens: 3 });
    expect(words[1]!.entropy).toBeCloseTo(model.chain.prediction(4).entropy, 12);
    expect(words[0]!.boundaryAfter).toBe(words[1]!.boundaryBefore);
    expect([rest, recipe.name, tokensRun]).toEqual([{ tokens: 0, surprisalSum: 0 }, "cached", 5]);

    const minicons = await scoreWords(model, "a bxy", { boundary: "minicons" });
    const space = (previous: string) => p(previous, " a") + p(previous, " b");
    expect(minicons.words.map(({ surprisalCorrected }) => probability(surprisalCorrected))).toEqual([
      expect.closeTo(sums[0]! * space("a"), 7),
      expect.closeTo((sums[1]! * space("y")) / space("a"), 7),
    ]);
  });

  it("is a chain: the product over a text is p(text) · p(boundary behind) / p(what it begins with)", async () => {
    const row = fc
      .array(fc.integer({ min: 1, max: 20 }), { minLength: SYMBOLS.length, maxLength: SYMBOLS.length })
      .map((weights) => weights.map((w) => w / weights.reduce((a, b) => a + b, 0)));
    const table = fc.array(row, { minLength: SYMBOLS.length, maxLength: SYMBOLS.length });
    const parts = fc.array(fc.constantFrom(" a", " b", "x", "y", "a", "\n"), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(table, parts, async (transitions, symbols) => {
        const text = symbols.join("");
        fc.pre(/\S$/.test(text));
        const any = new TableModel({ symbols: SYMBOLS, bos: BOS, eos: EOS, trainedContext: 64, transitions });
        const { words } = await scoreWords(any, text);
        let [lnText, previous] = [0, BOS];
        for (const id of (await any.tokenize(text)).ids) {
          lnText += Math.log(any.chain.probability(previous, id));
          previous = id;
        }
        const sum = (ids: number[], from: number) =>
          ids.reduce((total, id) => total + any.chain.probability(from, id), 0);
        const behind = Math.log(sum([0, 1, 7, BOS, EOS], previous));
        const opening = Math.log(sum(/^\s/.test(text) ? [0, 1, 7, BOS, EOS] : [2, 3, 4, BOS, EOS], BOS));
        const total = words.reduce((nats, { surprisalCorrected }) => nats + surprisalCorrected!, 0);
        expect(total).toBeCloseTo(opening - lnText - behind, 5); // rows of logits are 32-bit floats
        expect(words.reduce((nats, { surprisalSum }) => nats + surprisalSum!, 0)).toBeCloseTo(-lnText, 10);
        expect(words.map(({ word }) => word)).toEqual(text.split(/\s+/).filter((word) => word !== ""));
      }),
    );
  });

  it("reads white space: in front with the word, behind the last with none", async () => {
    const { words, rest } = await scoreWords(model, "\n ax\n a\n\n");
    expect(words.map(({ word, tokens, start }) => [word, tokens, start])).toEqual([
      ["ax", 3, 2],
      ["a", 2, 6],
    ]);
    expect(probability(words[1]!.surprisalSum)).toBeCloseTo(p("x", "\n") * p("\n", " a"), 12);
    expect(rest.tokens).toBe(2);
    expect(probability(rest.surprisalSum)).toBeCloseTo(p(" a", "\n") * p("\n", "\n"), 12);
  });

  it("scores behind a context, which is not scored; a space joins the two unless one is there", async () => {
    const whole = await scoreWords(model, "ax by a");
    for (const [given, text] of [
      ["ax", "by a"],
      ["ax ", "by a"],
      ["ax", " by a"],
    ] as const) {
      const { words } = await scoreWords(model, text, { given });
      expect(words.map(({ surprisalCorrected }) => surprisalCorrected)).toEqual(
        whole.words.slice(1).map((w) => w.surprisalCorrected),
      );
      expect(words.map(({ surprisalSum }) => surprisalSum)).toEqual(
        whole.words.slice(1).map((w) => w.surprisalSum),
      );
      expect(words.map(({ start }) => start)).toEqual(text.startsWith(" ") ? [1, 4] : [0, 3]);
    }
    // Joined by nothing it goes on with the context's last word, so nothing stands in front to be divided by.
    const { words } = await scoreWords(model, "y a", { given: "ax", separator: "" });
    expect(probability(words[0]!.surprisalSum)).toBeCloseTo(p("x", "y"), 12);
    expect(probability(words[0]!.surprisalCorrected)).toBeCloseTo(p("x", "y") * boundary("y"), 7);
  });

  it("without BOS has no number of the first word, and says so", async () => {
    const { words, notes, recipe } = await scoreWords(model, "a b", { bos: false });
    expect(
      words.map(({ surprisalSum, surprisalCorrected }) => [
        surprisalSum === null,
        surprisalCorrected === null,
      ]),
    ).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(recipe).toMatchObject({ name: "cached, no BOS", prefix: "none" });
    expect(notes).toEqual([expect.stringContaining("first word has no number")]);
  });

  it("has no numbers of words that share a token, and puts in order a token that holds the white space behind its word", async () => {
    const symbols = ["of the", "x", " x", "x\n", "<s>"];
    const transitions = symbols.map(() => [0.2, 0.2, 0.2, 0.3, 0.1]);
    const odd = new TableModel({ symbols, bos: 4, trainedContext: 64, transitions });
    const shared = await scoreWords(odd, "of the x");
    expect(shared.words.map(({ surprisalSum }) => surprisalSum === null)).toEqual([true, true, false]);
    expect(shared.notes).toEqual(["2 words share a token with another, and have no numbers."]);
    const { words } = await scoreWords(odd, "x\nx");
    expect(words.map(({ boundaryBefore, boundaryAfter }) => [boundaryBefore, boundaryAfter])).toEqual([
      [expect.closeTo(Math.log(0.8), 6), 0], // not " x"; and the line end behind it is there
      [0, expect.closeTo(Math.log(0.3), 6)], // " x" or the special token
    ]);
    expect(probability(words[0]!.surprisalCorrected)).toBeCloseTo(0.3 / 0.8, 6);
  });

  it("carries impossible words and refuses what is none", async () => {
    const never = await scoreWords(model, "a ayx");
    expect(never.words[1]).toMatchObject({ surprisalSum: Infinity, surprisalCorrected: Infinity });
    for (const text of ["", " \n"])
      await expect(scoreWords(model, text)).rejects.toMatchObject({ code: "EMPTY_INPUT" });
    await expect(scoreWords(model, "a\ud83d")).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it("sums where whole distributions are missing, and refuses the corrected rule by name", async () => {
    const server = new TableModel({
      symbols: SYMBOLS,
      bos: BOS,
      eos: EOS,
      trainedContext: 64,
      transitions: TRANSITIONS,
    });
    server.capabilities.distribution = false;
    const { words, notes } = await scoreWords(server, "a bxy");
    const { words: whole } = await scoreWords(model, "a bxy");
    expect(words.map(({ surprisalSum }) => surprisalSum)).toEqual(
      whole.map(({ surprisalSum }) => surprisalSum),
    );
    expect(words.map(({ surprisalCorrected, boundaryAfter }) => surprisalCorrected ?? boundaryAfter)).toEqual(
      [null, null],
    );
    expect(notes).toEqual([expect.stringContaining("no whole distributions")]);
    await expect(scoreWords(server, "a", { corrected: true })).rejects.toMatchObject({
      code: "UNSUPPORTED_CAPABILITY",
    });
  });
});

describe("wordSpans", () => {
  it("cuts at white space only, and counts bytes and characters", () => {
    const text = "\u3000It isn't  well-known,\r\n«café» 🙂x 你好,世界\u00a0end.\t";
    const spans = wordSpans(text);
    expect(spans.map(({ word }) => word)).toEqual([
      "It",
      "isn't",
      "well-known,",
      "«café»",
      "🙂x",
      "你好,世界",
      "end.",
    ]);
    const [bytes, characters] = [new TextEncoder().encode(text), [...text]];
    for (const { word, byteStart, byteEnd, start, end } of spans) {
      expect(new TextDecoder().decode(bytes.subarray(byteStart, byteEnd))).toBe(word);
      expect(characters.slice(start, end).join("")).toBe(word);
    }
    expect(wordSpans(" \n")).toEqual([]);
  });
});
