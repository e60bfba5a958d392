/** Retrieval lift beside numbers in closed form: a model that copies what it has read. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { COPIED, CopyingModel, UNSEEN } from "../../../test/copying-model.ts";
import { SurprisalError } from "../../core/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { type LiftSpan, retrievalLift } from "./index.ts";

const doc = (text: string, name = "a.md") => ({ name, text });
const question = "Who?";
const close = (a: number | null, b: number | null) => expect(Math.abs(a! - b!)).toBeLessThan(1e-9);

describe("retrieval lift", () => {
  it("is what the closed form says, token by token", async () => {
    const answer = "Zyxwvuts";
    const found = await retrievalLift(new CopyingModel(), {
      question,
      documents: [doc("It was Zyxwvuts.")],
      answer,
    });
    // " Zyxwvuts" behind "Answer:": four bytes are needed to know where one is, and "wer: " does not stand in the document.
    const known = [0, 0, 0, 0, 1, 1, 1, 1, 1];
    expect(found.tokens.map(({ lift }) => lift)).toEqual(known.map((one) => (one ? COPIED - UNSEEN : 0)));
    expect(found.tokens.map(({ start, end }) => answer.slice(start, end)).join("")).toBe(answer);
    close(found.answer.lift, 5 * (COPIED - UNSEEN));
    close(found.answer.withDocuments, 4 * UNSEEN + 5 * COPIED);
    close(found.answer.withoutDocuments, 9 * UNSEEN);
    expect(found.recipe).toMatchObject({
      form: "plain",
      order: "given",
      passages: null,
      wording: {
        with: "Question: {question}\n\nDocuments:\n\n{documents}\nAnswer:",
        without: "Question: {question}\nAnswer:",
      },
    });
    expect(found.price).toMatchObject({ answerTokens: 9, passes: 2 });
  });

  it("is 0 for a model that looks at the last token alone", async () => {
    const found = await retrievalLift(TableModel.bytes(), {
      question,
      documents: [doc("Yes. No.")],
      answer: "Yes. No!",
    });
    expect(found.tokens.map(({ lift }) => lift)).toEqual(found.tokens.map(() => 0));
    expect(found.answer.withDocuments).toBeLessThan(0);
  });

  it("asks through a chat template, and has the same tokens there", async () => {
    const model = new CopyingModel({ chatTemplate: true });
    const found = await retrievalLift(model, {
      question,
      documents: [doc("It was Zyxwvuts.")],
      answer: "Zyxwvuts",
    });
    expect(model.contexts.sort()).toEqual([
      "<s>[user] Question: Who?\n\nDocuments:\n\nIt was Zyxwvuts.\n[assistant]\n",
      "<s>[user] Question: Who?\n[assistant]\n",
    ]);
    expect(found.tokens.map(({ lift }) => lift! > 0)).toEqual([..."00001111"].map((one) => one === "1"));
    expect(found.recipe.form).toBe("chat");
    const plain = await retrievalLift(
      model,
      { question, documents: [doc("It was Zyxwvuts.")], answer: "Zyxwvuts" },
      { chat: false },
    );
    expect(plain.recipe.form).toBe("plain");
  });

  it("costs two passes over the answer, and one more for each document that is left out", async () => {
    const request = {
      question,
      documents: [doc("One is red."), doc("Two is blue."), doc("Three is green.")],
      answer: "Red and blue.",
    };
    const model = new CopyingModel();
    const { price } = await retrievalLift(model, request);
    const { length } = (await model.tokenize(" Red and blue.")).ids;
    const prompts = model.contexts.map((text) => text.length - 2);
    const shared = "?Question: Who?\n".length; // <s> is one token
    expect(price.passes).toBe(2);
    expect(price.tokensRun).toBe(prompts[0]! + prompts[1]! - shared + 2 * (length - 1));
    expect(price.tokensRun - (prompts[0]! + prompts[1]! - shared)).toBeLessThanOrEqual(2.2 * length);
    const left = await retrievalLift(model, request, { leaveOneOut: true });
    expect(left.price.passes).toBe(5);
    expect(left.price.tokensRun).toBeGreaterThan(price.tokensRun);
    const one = await retrievalLift(
      model,
      { ...request, documents: [doc("One is red.")] },
      { leaveOneOut: true },
    );
    expect(one.price.passes).toBe(2);
  });

  it("has sums that agree: tokens, claims, sentences, documents", async () => {
    const documents = [
      doc("Anna lives in Bremen.", "1"),
      doc("Anna lives in Bremen, and Berta in Celle.", "2"),
      doc("Rain.", "3"),
    ];
    const answer = "Anna lives in Bremen, and Berta in Celle. It will rain.\n\nOr not.";
    const model = new CopyingModel();
    const found = await retrievalLift(model, { question, documents, answer }, { leaveOneOut: true });
    const total = (spans: readonly LiftSpan[], of: (span: LiftSpan) => number | null | undefined) =>
      spans.reduce((sum, span) => sum + of(span)!, 0);
    for (const of of [
      (span: LiftSpan) => span.lift,
      (span: LiftSpan) => span.withDocuments,
      (span: LiftSpan) => span.tokens,
      (span: LiftSpan) => span.shared,
      (span: LiftSpan) => span.byDocument![1],
    ]) {
      close(total(found.tokens, of), of(found.answer)!);
      close(total(found.sentences, of), of(found.answer)!);
    }
    expect(found.sentences.map(({ start, end }) => answer.slice(start, end))).toEqual([
      "Anna lives in Bremen, and Berta in Celle.",
      "It will rain.",
      "Or not.",
    ]);
    expect(found.claims.map(({ start, end }) => answer.slice(start, end))).toEqual([
      "Anna lives in Bremen,",
      "and Berta in Celle.",
      "It will rain.",
      "Or not.",
    ]);
    for (const span of [found.answer, ...found.sentences, ...found.claims, ...found.tokens]) {
      const sum = span.byDocument!.reduce((all: number, one) => all + one!, 0);
      close(sum + span.shared!, span.lift);
    }
    // The same by asking again without each.
    for (const left of documents.keys()) {
      const fewer = documents.filter((_, d) => d !== left);
      const { lift } = (await retrievalLift(model, { question, documents: fewer, answer })).answer;
      close(found.answer.byDocument![left]!, found.answer.lift! - lift!);
    }
    // Two documents say where Anna lives, so neither adds it alone; one says where Berta does.
    for (const value of found.claims[0]!.byDocument!) expect(Math.abs(value!)).toBeLessThan(5); // the comma
    expect(found.claims[0]!.shared!).toBeGreaterThan(50);
    expect(found.claims[1]!.byDocument![1]).toBeGreaterThan(10);
  });

  it("gives one document the whole lift, without another pass", async () => {
    const found = await retrievalLift(new CopyingModel(), {
      question,
      documents: [doc("It was Zyxwvuts.")],
      answer: "Zyxwvuts",
    });
    expect(found.answer.byDocument).toEqual([found.answer.lift]);
    expect(found.answer.shared).toBe(0);
  });

  it("does not change by a document that is given twice", async () => {
    const text = "It was Zyxwvuts.\nIn June.";
    const answer = "Zyxwvuts, in June.";
    const once = await retrievalLift(
      new CopyingModel(),
      { question, documents: [doc(text), doc("Or not.", "b")], answer },
      { leaveOneOut: true },
    );
    for (const again of [text, `  ${text.replace("\n", "\r\n")}\n`]) {
      const documents = [doc(text), doc("Or not.", "b"), doc(again, "copy")];
      const twice = await retrievalLift(
        new CopyingModel(),
        { question, documents, answer },
        { leaveOneOut: true },
      );
      const bare = (span: LiftSpan) => ({ ...span, byDocument: span.byDocument!.slice(0, 2) });
      expect(twice.tokens.map(bare)).toEqual(once.tokens.map(bare));
      expect(twice.answer.byDocument![2]).toBeNull();
      expect(twice.documents[2]).toEqual({ name: "copy", duplicateOf: 0, read: [], unread: [] });
    }
  });

  it("is never lower on a span by a document that states it", async () => {
    const word = fc.stringMatching(/^[a-z]{6,9}$/);
    const others = fc.array(fc.array(word, { minLength: 1, maxLength: 8 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(word, { minLength: 2, maxLength: 5 }), others, async (words, lists) => {
        const answer = words.join(" ");
        // A span in which the same four bytes stand twice is one that its own document may lower.
        const parts = Array.from(` ${answer}`, (_, i) => ` ${answer}`.slice(i, i + 4));
        fc.pre(new Set(parts).size === parts.length);
        const documents = lists.map((list, i) => doc(list.join(" "), `${i}`));
        const model = new CopyingModel();
        const before = await retrievalLift(model, {
          question,
          documents: [doc("nothing", "n"), ...documents],
          answer,
        });
        const after = await retrievalLift(model, {
          question,
          documents: [doc("nothing", "n"), ...documents, doc(answer, "s")],
          answer,
        });
        expect(after.answer.lift!).toBeGreaterThanOrEqual(before.answer.lift! - 1e-9);
      }),
      { numRuns: 40 },
    );
  });

  it("has no lift without documents, and says so", async () => {
    for (const documents of [[], [doc("  \n")]]) {
      const found = await retrievalLift(new CopyingModel(), { question, documents, answer: "Zyx. Wvu." });
      expect(found.answer).toMatchObject({ lift: null, withDocuments: null, withoutDocuments: 10 * UNSEEN });
      expect(found.reason).toBe("There are no documents.");
      expect(found.price.passes).toBe(1);
      expect(found.sentences.map(({ lift }) => lift)).toEqual([null, null]);
    }
  });

  it("has nothing to say of an empty answer", async () => {
    for (const answer of ["", " \n"]) {
      const model = new CopyingModel();
      const found = await retrievalLift(model, { question, documents: [doc("Text.")], answer });
      expect(found).toMatchObject({
        answer: { tokens: 0, lift: null, withoutDocuments: null },
        tokens: [],
        sentences: [],
        claims: [],
        reason: "The answer is empty.",
        price: { tokensRun: 0, passes: 0 },
      });
      expect(model.contexts).toEqual([]);
    }
  });

  it("reads documents in another language, and places of every script", async () => {
    const answer = "北京是中国的首都。👍🏽 Ünïcode.";
    const found = await retrievalLift(new CopyingModel(), {
      question: "中国的首都是哪里？",
      documents: [doc("北京是中国的首都。"), doc("Pékin est la capitale de la Chine.", "fr")],
      answer,
    });
    expect(found.sentences.map(({ start, end }) => answer.slice(start, end))).toEqual([
      "北京是中国的首都。",
      "👍🏽 Ünïcode.",
    ]);
    const [chinese, other] = found.sentences;
    expect(chinese!.lift!).toBeGreaterThan(40);
    expect(Math.abs(other!.lift!)).toBeLessThan(6);
    for (const { start, end } of found.tokens)
      expect(answer.slice(start, end)).not.toMatch(/^\p{Cs}|\p{Cs}$/u);
  });

  it("takes claims of yours, and refuses places that are none", async () => {
    const request = { question, documents: [doc("It was Zyxwvuts.")], answer: "Zyxwvuts or so" };
    const { claims } = await retrievalLift(new CopyingModel(), request, {
      claims: [
        { start: 4, end: 8 },
        { start: 8, end: 8 },
      ],
    });
    expect(claims.map(({ tokens }) => tokens)).toEqual([4, 0]);
    close(claims[0]!.lift, 4 * (COPIED - UNSEEN));
    expect(claims[1]!.lift).toBeNull();
    await expect(
      retrievalLift(new CopyingModel(), request, { claims: [{ start: 0, end: 99 }] }),
    ).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
    });
    await expect(retrievalLift(new CopyingModel(), request, { contextTokens: 0 })).rejects.toThrow(
      /contextTokens/,
    );
  });

  it("asks a server in plain text, and refuses one that does not score", async () => {
    const documents = [doc("It was Zyxwvuts.")];
    const request = { question, documents, answer: "Zyxwvuts" };
    const here = await retrievalLift(new CopyingModel(), request);
    for (const tokenize of [true, false]) {
      const there = await retrievalLift(
        new CopyingModel({ place: "server", tokenize, chatTemplate: true }),
        request,
      );
      expect(there.tokens).toEqual(here.tokens);
      expect(there.recipe).toEqual(here.recipe);
    }
    await expect(
      retrievalLift(new CopyingModel({ place: "server" }), request, { chat: true }),
    ).rejects.toThrow(/plain text/);
    const refusal = await retrievalLift(new CopyingModel({ score: false }), request).catch(
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(SurprisalError);
    expect(refusal).toMatchObject({ code: "UNSUPPORTED_CAPABILITY" });
    await expect(
      retrievalLift(new CopyingModel(), request, { signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("needs no question", async () => {
    const model = new CopyingModel();
    const found = await retrievalLift(model, { documents: [doc("It was Zyxwvuts.")], answer: "Zyxwvuts" });
    expect(found.answer.lift!).toBeGreaterThan(0);
    expect(model.contexts).toContain("<s>Write a text.\nAnswer:");
  });
});
