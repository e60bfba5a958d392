/** What is read of documents: passages, their order, what is left out. */
import { describe, expect, it } from "vitest";
import { CopyingModel } from "../../../test/copying-model.ts";
import { retrievalLift } from "./index.ts";
import { PASSAGE_BYTES, passagesOf, takingOrder } from "./passages.ts";
import { claimPlaces, complement, sentencePlaces } from "./places.ts";
import { bm25, cosines } from "./relevance.ts";

const doc = (text: string, name = "a.md") => ({ name, text });
const filler = (n: number, word: string) =>
  Array.from(
    { length: n },
    (_, i) => `The ${word} number ${i} says nothing that would matter to anybody here.`,
  ).join(" ");

describe("passages", () => {
  it("are whole sentences that share one, and lose nothing", () => {
    const text = filler(60, "line");
    const passages = passagesOf(text, 3);
    expect(passages.length).toBeGreaterThan(4);
    const starts = new Set(sentencePlaces(text).map(({ start }) => start));
    for (const [i, { document, start, end }] of passages.entries()) {
      expect(document).toBe(3);
      expect(end - start).toBeLessThanOrEqual(PASSAGE_BYTES);
      expect(starts.has(start)).toBe(true);
      if (i > 0) {
        const shared = text.slice(start, passages[i - 1]!.end);
        expect(sentencePlaces(shared)).toHaveLength(1);
      }
    }
    expect(complement(text, passages)).toEqual([]);
  });

  it("cut what has no sentences between words, and what has no words between characters", () => {
    for (const text of ["word ".repeat(1000), "北京".repeat(900), "👍🏽".repeat(600), "x".repeat(5000)]) {
      const passages = passagesOf(text, 0);
      expect(complement(text, passages)).toEqual([]);
      for (const { start, end } of passages) {
        expect(Buffer.byteLength(text.slice(start, end))).toBeLessThanOrEqual(PASSAGE_BYTES);
        expect(text.slice(start, end)).not.toContain("\uFFFD");
        expect(Buffer.from(text.slice(start, end)).toString()).toBe(text.slice(start, end)); // no half of a pair
      }
    }
    expect(passagesOf(" \n ", 0)).toEqual([]);
    expect(passagesOf("word ".repeat(1000), 0).every(({ end }) => end % 5 === 0 || end === 4999)).toBe(true);
  });

  it("are taken query by query, the best that is left", () => {
    expect(
      takingOrder(
        [
          [3, 2, 1, 0],
          [9, 0, 0, 8],
        ],
        4,
      ),
    ).toEqual([0, 3, 1, 2]);
    expect(takingOrder([[0, 0, 0]], 3)).toEqual([0, 1, 2]);
    expect(takingOrder([], 3)).toEqual([]);
  });

  it("are ranked by BM25 as Lucene has it", () => {
    const passages = ["the cat sat", "the dog sat on the cat", "北京是首都"];
    const [scores] = bm25(["cat dog"], passages);
    const idf = (n: number) => Math.log(1 + (3 - n + 0.5) / (n + 0.5));
    const mean = (3 + 6 + 5) / 3;
    const tf = (length: number) => 2.2 / (1 + 1.2 * (0.25 + (0.75 * length) / mean));
    expect(scores![0]).toBeCloseTo(idf(2) * tf(3), 12);
    expect(scores![1]).toBeCloseTo(idf(2) * tf(6) + idf(1) * tf(6), 12);
    expect(scores![2]).toBe(0);
    expect(bm25(["首都"], passages)[0]![2]).toBeGreaterThan(0);
    expect(bm25(["cat"], [])).toEqual([[]]);
  });

  it("are compared by any embedder", async () => {
    const embed = async (texts: readonly string[]) => texts.map((text) => [text.length, 1]);
    const [row] = await cosines(embed, ["aa"], ["aa", "a"], undefined);
    expect(row![0]).toBeCloseTo(1, 12);
    expect(row![1]).toBeCloseTo(3 / Math.sqrt(10), 12);
    await expect(
      retrievalLift(new CopyingModel(), { documents: [doc("x")], answer: "y" }, { embedder: 3 as never }),
    ).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });
});

describe("what is read of documents that do not fit", () => {
  const fact = "The lighthouse of Zyxwvuts was built in 1871 by Qponmlk.";
  const long = `${filler(40, "line")} ${fact} ${filler(40, "row")}`;
  const documents = [
    doc(long, "long.md"),
    doc("Short and read whole, about the lighthouse.", "short.md"),
    doc(filler(40, "page"), "other.md"),
  ];
  const request = { question: "Who built the lighthouse?", documents, answer: "Qponmlk built it in 1871." };

  it("is the best passages, and the result says what was not read", async () => {
    const model = new CopyingModel({ trainedContext: 2600 });
    const found = await retrievalLift(model, request);
    expect(found.recipe.passages).toMatchObject({ by: "BM25", embedded: 0, bytes: 900, overlap: 1 });
    expect(found.recipe.contextTokens).toBe(2600);
    const context = model.contexts.find((text) => text.includes("Documents:"))!;
    expect(context).toContain(fact);
    for (const [i, { name, read, unread }] of found.documents.entries()) {
      const { text } = documents[i]!;
      expect(name).toBe(documents[i]!.name);
      for (const { start, end } of read) expect(context).toContain(text.slice(start, end));
      expect(complement(text, [...read, ...unread])).toEqual([]);
      const inOrder = [...read, ...unread].sort((a, b) => a.start - b.start);
      for (const [k, { start }] of inOrder.entries())
        expect(start).toBeGreaterThanOrEqual(inOrder[k - 1]?.end ?? 0); // nothing is both
      for (const { start, end } of unread) expect(context).not.toContain(text.slice(start, end));
    }
    expect(found.documents[0]!.unread.length).toBeGreaterThan(0);
    expect(found.answer.lift!).toBeGreaterThan(30);
    const order = documents.map(({ name }) => name).filter((_, i) => found.documents[i]!.read.length > 0);
    expect(order[0]).toBe("long.md");
  });

  it("is chosen by an encoder where there is one", async () => {
    const asked: string[] = [];
    const toZyx = async (texts: readonly string[]) => {
      asked.push(...texts);
      return texts.map((text) => (/Zyx|Qpo/.test(text) ? [1, 0] : [0, 1]));
    };
    const model = new CopyingModel({ trainedContext: 1400 });
    const found = await retrievalLift(model, request, { embedder: toZyx });
    expect(found.recipe.passages).toMatchObject({ by: "toZyx", embedded: asked.length });
    expect(model.contexts.find((text) => text.includes("Documents:"))).toContain(fact);
  });

  it("is all where it fits, to the token", async () => {
    const small = { ...request, documents: [doc("It was Zyxwvuts."), doc("Or not.", "b")] };
    const free = new CopyingModel();
    await retrievalLift(free, small);
    const longest = Math.max(...free.contexts.map((text) => text.length - 2));
    const needed = longest + ` ${small.answer}`.length - 1;
    const fits = await retrievalLift(new CopyingModel({ trainedContext: needed }), small);
    expect(fits.recipe.passages).toBeNull();
    expect(fits.documents.map(({ unread }) => unread)).toEqual([[], []]);
    const less = await retrievalLift(new CopyingModel({ trainedContext: needed - 1 }), small);
    expect(less.recipe.passages).toMatchObject({ read: 1, passages: 2 });
    const asked = await retrievalLift(new CopyingModel(), small, { contextTokens: needed - 1 });
    expect(asked.documents).toEqual(less.documents);
  });

  it("is an error where no passage fits beside the answer", async () => {
    const tight = retrievalLift(new CopyingModel({ trainedContext: 80 }), request);
    await expect(tight).rejects.toMatchObject({ code: "CONTEXT_EXCEEDED" });
    await expect(
      retrievalLift(new CopyingModel({ trainedContext: 80 }), {
        ...request,
        answer: "x".repeat(200),
        documents: [],
      }),
    ).rejects.toMatchObject({ code: "CONTEXT_EXCEEDED" });
  });

  it("stands with the best document last where that is asked for", async () => {
    const model = new CopyingModel();
    const three = [doc("Qponmlk built it.", "1"), doc("Rain.", "2"), doc("It was built.", "3")];
    const found = await retrievalLift(model, { ...request, documents: three }, { order: "best-last" });
    const context = model.contexts.find((text) => text.includes("Documents:"))!;
    expect(context).toContain("Rain.\n\nIt was built.\n\nQponmlk built it.\nAnswer:");
    expect(found.recipe.order).toBe("best-last");
  });
});

describe("claims", () => {
  it("are cut at what adds a statement", () => {
    const cut = (text: string) => claimPlaces(text).map(({ start, end }) => text.slice(start, end));
    expect(cut("He was born in Ulm, and he died in Princeton, which is in 1,000 books.")).toEqual([
      "He was born in Ulm,",
      "and he died in Princeton,",
      "which is in 1,000 books.",
    ]);
    expect(cut("Yes, it is. No.")).toEqual(["Yes, it is.", "No."]);
    expect(cut("北京是中国的首都，人口超过两千万；上海更大。")).toEqual([
      "北京是中国的首都，",
      "人口超过两千万；",
      "上海更大。",
    ]);
    expect(cut("")).toEqual([]);
  });
});
