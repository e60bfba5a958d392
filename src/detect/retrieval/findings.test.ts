import { describe, expect, it } from "vitest";
import { DEFAULT_THRESHOLDS, findingsOf } from "./findings.ts";

/** Tokens [text, ln p with documents, ln p without], one behind the other. */
function found(given: [string, number, number][], documents: string[], question?: string): string[] {
  let at = 0;
  const tokens = given.map(([text, withDocuments, withoutDocuments], id) => {
    const start = at;
    at += text.length;
    const lift = withDocuments - withoutDocuments;
    return { id, start, end: at, tokens: 1, withDocuments, withoutDocuments, lift };
  });
  const answer = given.map(([text]) => text).join("");
  const about = { answer, question, documents: documents.map((text, i) => ({ name: `${i}.md`, text })) };
  return findingsOf(about, { tokens }, [], DEFAULT_THRESHOLDS).map(({ start, end }) =>
    answer.slice(start, end),
  );
}

describe("the first word of an answer", () => {
  // Surprisal of a right first word as SmolLM2 gives it: 7.3 nats with the document, 7.4 without.
  const first = (text: string): [string, number, number] => [text, -7.3, -7.4];

  it.each<[string, string, string[], string | undefined, string[]]>([
    ["of the documents", "American", ["Peggy Seeger is an american folksinger."], undefined, []],
    ["of the question", "Seeger", ["She sings."], "Who is Seeger?", []],
    ["that sentences begin with", "It", ["Peggy Seeger sings."], undefined, []],
    ["of its own", "Scottish", ["Peggy Seeger is an American folksinger."], undefined, ["Scottish"]],
    ["that is a number", "1957", ["It opened in 1946."], undefined, ["1957"]],
    ["in other letters", "AMERICAN", ["an American singer"], undefined, []],
    ["of Chinese documents", "\u5317", ["\u9996\u90fd\u662f\u5317\u4eac"], undefined, []],
    ["that Chinese documents lack", "\u6caa", ["\u9996\u90fd\u662f\u5317\u4eac"], undefined, ["\u6caa"]],
  ])("%s", (_, word, documents, question, expected) => {
    expect(found([first(word)], documents, question)).toEqual(expected);
  });

  it("alone is treated so: the second is found though the documents have it", () => {
    const tokens: [string, number, number][] = [
      ["Anna", -7.3, -7.4],
      [" Petersen", -7.3, -7.4],
    ];
    expect(found(tokens, ["Anna and Petersen"])).toEqual(["Petersen"]);
    expect(found(tokens, ["nothing"])).toEqual(["Anna Petersen"]);
  });
});

describe("words that say nothing of their own", () => {
  /** Every word improbable, whatever was read. */
  const all = (...texts: string[]): [string, number, number][] => texts.map((text) => [text, -6, -6]);

  it.each<[string, string[], string | undefined, string[]]>([
    ["of closed classes are no finding", ["Bob", " is", " of", " the"], undefined, ["Bob"]],
    ["stand between others", ["University", " of", " Oslo", " is"], undefined, ["University of Oslo"]],
    ["of the question are no finding", ["Bob", " plays"], "What does she play, or who plays?", ["Bob"]],
    [
      "are no names within a sentence",
      ["Asked", " Will", " and", " Will"],
      undefined,
      ["Asked Will and Will"],
    ],
    ["but negations say something", ["It", " was", " not"], undefined, ["not"]],
    ["begin sentences", ["Oslo", ".", " The", " boat"], undefined, ["Oslo", "boat"]],
    ["of Chinese", ["安娜", "是", "的"], undefined, ["安娜"]],
    [
      "but some can be what is made up",
      ["Take", " it", " before", " meals"],
      undefined,
      ["Take it before meals"],
    ],
    ["of the documents are supported", ["Bob", " stands", " there"], undefined, ["Bob"]],
    [
      "but names and numbers may be in the wrong place",
      ["See", " Anna", ",", " 12"],
      undefined,
      ["See Anna, 12"],
    ],
  ])("%s", (_, texts, question, expected) => {
    expect(found(all(...texts), ["Where Max stands, 12 others are; an Anna"], question)).toEqual(expected);
  });
});
