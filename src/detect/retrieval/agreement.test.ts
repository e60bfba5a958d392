/** Agreement of sentences with documents by words, embeddings and entailment. */
import { describe, expect, it } from "vitest";
import type { EntailmentPair } from "../../uncertainty/index.ts";
import { documentAgreement } from "./index.ts";
import { namesOf, numbersOf, unitsOf } from "./units.ts";

const doc = (text: string, name = "a.md") => ({ name, text });
const EINSTEIN = doc(
  "Albert Einstein was born in Ulm on 14 March 1879. His sister's name was Maja.",
  "einstein.md",
);

describe("units", () => {
  it("are words, Chinese characters, numbers and names", () => {
    expect(unitsOf("Einstein’s 3 cats don't")).toEqual(["einstein", "3", "cats", "don't"]);
    expect(unitsOf("北京是首都 OK")).toEqual(["北", "京", "是", "首", "都", "ok"]);
    expect(numbersOf("1,500 and 1500, 2.50, 2.5, 12th, −3, 1,2")).toEqual([
      "1500",
      "1500",
      "2.5",
      "2.5",
      "12th",
      "-3",
      "1,2",
    ]);
    expect(numbersOf("12345678901234567890 5.0 007")).toEqual(["12345678901234567890", "5", "007"]);
    expect(namesOf("He met Anna O’Brien, and I'm sure. Then London's mayor left.")).toEqual([
      "anna",
      "o'brien",
      "london",
    ]);
    expect(namesOf("Delhi")).toEqual(["delhi"]);
    expect(namesOf("Marie Curie discovered radium today.")).toEqual(["marie", "curie"]);
    expect(namesOf("北京")).toEqual([]);
  });
});

describe("agreement with documents", () => {
  it("counts words, numbers and names, and names what is missing", async () => {
    const answer = "He was born in Ulm in 1879. He was born in Bonn in 1880.";
    const { sentences, mean, worst, price } = await documentAgreement(answer, [EINSTEIN]);
    const [right, wrong] = sentences;
    expect(right).toMatchObject({ start: 0, end: 27, words: 6 / 7, numbers: 1, names: 1, missing: [] });
    expect(wrong).toMatchObject({ words: 4 / 7, numbers: 0, names: 0, missing: ["1880", "bonn"] });
    expect(right!.nearest).toMatchObject({ document: 0, start: 0 });
    expect(right!.reasons).toEqual({
      embedding: "There is no embedding model: give embedder.",
      entailment: "There is no judge of entailment: give entailment.",
      contradiction: "There is no judge of entailment: give entailment.",
    });
    expect(mean).toEqual({
      words: expect.closeTo(5 / 7, 12),
      numbers: 0.5,
      names: 0.5,
      embedding: null,
      entailment: null,
      contradiction: null,
    });
    expect(worst.numbers).toBe(0);
    expect(price).toEqual({ textsEmbedded: 0, pairsAsked: 0 });
  });

  it("compares Chinese by characters", async () => {
    const { sentences } = await documentAgreement("北京是首都。上海是首都。", [doc("中国的首都是北京。")]);
    expect(sentences.map(({ words }) => words)).toEqual([1, 3 / 5]);
  });

  it("says nothing of words in another script, but of numbers", async () => {
    const { sentences } = await documentAgreement("He was born in 1879 in Ulm.", [
      doc("爱因斯坦1879年出生于乌尔姆。"),
    ]);
    expect(sentences[0]).toMatchObject({ words: null, names: null, numbers: 1, missing: [] });
    expect(sentences[0]!.reasons).toMatchObject({ words: "The documents are written in another script." });
  });

  it("asks an embedder and a judge where there are", async () => {
    const pairs: EntailmentPair[] = [];
    const { sentences, mean, worst, price } = await documentAgreement(
      "In Ulm. In Bonn.",
      [EINSTEIN, doc("It rains in Bonn.", "b")],
      {
        question: "Where was he born?",
        embedder: async (texts) =>
          texts.map((text) => [/Ulm/.test(text) ? 1 : 0, /Bonn/.test(text) ? 1 : 0, 0.5]),
        entailment: async (asked) => {
          pairs.push(...asked);
          return asked.map(([premise]) =>
            /Ulm/.test(premise)
              ? { entailment: 0.9, neutral: 0.1, contradiction: 0 }
              : { entailment: 0.1, neutral: 0.2, contradiction: 0.7 },
          );
        },
      },
    );
    expect(pairs).toEqual([
      [EINSTEIN.text, "Where was he born? In Ulm."],
      ["It rains in Bonn.", "Where was he born? In Bonn."],
    ]);
    expect(sentences.map(({ embedding }) => embedding)).toEqual([1, 1].map((one) => expect.closeTo(one, 9)));
    expect(sentences[1]!.nearest).toMatchObject({ document: 1 });
    expect(mean).toMatchObject({ entailment: 0.5, contradiction: 0.35 });
    expect(worst).toMatchObject({ entailment: 0.1, contradiction: 0.7 });
    expect(price).toEqual({ textsEmbedded: 4, pairsAsked: 2 });
  });

  it("has its reasons without documents, without an answer, without words", async () => {
    const none = await documentAgreement("In Ulm.", []);
    expect(none.sentences[0]).toMatchObject({
      words: null,
      numbers: null,
      names: null,
      embedding: null,
      nearest: null,
    });
    expect(new Set(Object.values(none.sentences[0]!.reasons))).toEqual(new Set(["There are no documents."]));
    expect((await documentAgreement("", [EINSTEIN])).sentences).toEqual([]);
    expect((await documentAgreement("?!", [EINSTEIN])).sentences[0]).toMatchObject({
      words: null,
      reasons: { words: "The sentence has no words.", numbers: "The sentence has no numbers." },
    });
  });
});
