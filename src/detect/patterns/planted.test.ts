/** Planted errors and their clean twins (src/detect/fixtures), written before there was a detector. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { SourceDocument } from "../finding.ts";
import { detectPatterns, PATTERN_KINDS } from "./index.ts";

interface Planted {
  id: string;
  kind: string;
  answer: string;
  start: number;
  end: number;
  clean: string;
  documents: string[];
}

const lines = <Row>(name: string): Row[] =>
  readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line): Row => JSON.parse(line));

const named = (texts: readonly string[]): SourceDocument[] | undefined =>
  texts.length === 0 ? undefined : texts.map((text, i) => ({ name: `document ${i + 1}`, text }));

const examine = (answer: string, texts: readonly string[]) =>
  detectPatterns().examine({ answer, documents: named(texts) });

describe("planted errors", () => {
  const planted = lines<Planted>("planted.jsonl");

  it("are at least fifty, in both languages", () => {
    expect(planted.length).toBeGreaterThanOrEqual(50);
    expect(planted.filter(({ answer }) => /\p{Script=Han}/u.test(answer)).length).toBeGreaterThanOrEqual(20);
  });

  it.each(planted.map((each) => [each.id, each] as const))(
    "%s",
    async (_, { kind, answer, start, end, clean, documents }) => {
      const { findings } = await examine(answer, documents);
      const own = findings.filter((finding) => finding.kind === kind);
      const hit = own.find((finding) => finding.start < end && start < finding.end);
      expect(hit, JSON.stringify(findings)).toBeDefined();
      // The span is the planted one, give or take what belongs to it.
      expect(hit!.start).toBeGreaterThanOrEqual(start - 12);
      expect(hit!.end).toBeLessThanOrEqual(end + 12);
      expect(hit!.because).not.toBe("");
      const twin = await examine(clean, documents);
      expect(twin.findings.filter((finding) => finding.kind === kind)).toEqual([]);
    },
  );
});

describe("clean answers", () => {
  const clean = lines<{ answer: string; documents?: string[] }>("clean.jsonl");

  it("are at least thirty", () => expect(clean.length).toBeGreaterThanOrEqual(30));

  it.each(clean.map(({ answer, documents = [] }) => [answer.slice(0, 50), answer, documents] as const))(
    "%s",
    async (_, answer, documents) => {
      const { findings } = await examine(answer, documents);
      expect(findings.map(({ kind, start, end }) => [kind, answer.slice(start, end)])).toEqual([]);
    },
  );

  it("has all kinds in what is planted, but those named here", () => {
    const planted = new Set(lines<Planted>("planted.jsonl").map(({ kind }) => kind));
    expect(PATTERN_KINDS.filter((kind) => !planted.has(kind))).toEqual([
      "doi-implausible",
      "card-check-digit",
      "resident-id-check-digit",
      "identifier-malformed",
    ]);
  });
});

/** Medicine, law, finance, sport, code: by somebody who had not read the detectors, with what was missed at first and is seen now. */
describe("answers of a second reader", () => {
  const rows = lines<{ kind: string | null; answer: string; wrong?: string; documents?: string[] }>(
    "second-reader.jsonl",
  );

  it.each(rows.map((row) => [row.answer.slice(0, 60), row] as const))(
    "%s",
    async (_, { kind, answer, wrong = answer, documents = [] }) => {
      const { findings } = await examine(answer, documents);
      const start = answer.indexOf(wrong);
      const there = findings.filter((found) => found.start < start + wrong.length && start < found.end);
      if (kind === null) expect(findings).toEqual([]);
      else expect(there.map((found) => found.kind)).toContain(kind);
    },
  );
});

describe("what looks like a fault and is none, and the other way round", () => {
  it.each<[string, readonly string[], readonly string[]]>([
    // [answer, documents, kinds that are found]
    ["$10 \\cdot 11 / 2 = 55$", [], []],
    ["$10 \\cdot 11 / 2 = 56$", [], ["arithmetic-wrong"]],
    ["We know that \u221a16 + 1 = 5 and log 100 + 1 = 3.", [], []],
    ["12 m \u00d7 8 m = 96 m\u00b2", [], []],
    ["12 m \u00d7 8 m = 86 m\u00b2", [], ["arithmetic-wrong"]],
    // Forms of GSM8K's solutions.
    ["Then 40 nickels is equal to 40 x 5 = 200 cents.", [], []],
    ["4 students drank 1.5 quarts = 4 * 1.5 = 6 quarts.", [], []],
    ["4 students drank 1.5 quarts = 4 * 1.5 = 7 quarts.", [], ["arithmetic-wrong"]],
    ["Since 2/5 is equal to 12.8 hectares, 1/5 is equal to 12.8/2 = 6.4 hectares.", [], []],
    ["-30/3 = -10 degrees", [], []],
    ["So 45y/2 = $1125\ny = $1125*(2/45), that is 50.", [], []],
    ["Nikita has (1/2) 278 + 11 = 150 points.", [], []],
    ["15 divided by 3 equals 6.", [], ["arithmetic-wrong"]],
    [
      "She has 16 - 3 - 4 = 9 eggs left and sells the 9 eggs.",
      ["The ducks lay 16 eggs, of which she eats 3 eggs."],
      [],
    ],
    ["She sells 9 eggs.", ["The ducks lay 16 eggs, of which she eats 2 eggs."], ["number-not-in-context"]],
    [
      "return False\nif a > b and c > d and e:\nreturn False\nif x:\nreturn False\nif y:\nreturn False\n",
      [],
      [],
    ],
    ["15% of 240 is 36, and a third of 90 is 30.", [], []],
    ["A quarter of 90 is 22.5, so about 15% of 90 is 13.5.", [], []],
    ["A quarter of 90 is 25.", [], ["arithmetic-wrong"]],
    ["30% of 200 is 60 more than before; 5% of 10 million is 500 thousand.", [], []],
    ["240\u768415%\u662f36\u3002", [], []],
    ["240\u768415%\u662f32\u3002", [], ["arithmetic-wrong"]],
    ["Nelson Mandela (18 July 1918 \u2013 5 December 2013)", [], []],
    [
      "\u9c81\u8fc5\uff081881\u5e749\u670825\u65e5\u20141836\u5e7410\u670819\u65e5\uff09",
      [],
      ["dates-out-of-order"],
    ],
    ["He ruled from 27 BC to AD 14, and they counted down from 2020 to 1990.", [], []],
    ["She served as mayor from 1990 to 1985.", [], ["dates-out-of-order"]],
    ["The ISBN number is 978-0-306-40615-3.", [], ["isbn-check-digit"]],
    ["The ISBN is 978-0-306-40615-7.", [], []],
    ["Yes. Yes. Yes. Yes. Yes.", [], []],
    ["I will. I will. I will.", [], []],
    ["I will go. I will go. I will go. I will go.", [], ["repetition-loop"]],
    ["It has 8 GB of memory.", ["The laptop has 16 GB of memory."], ["number-not-in-context"]],
    ["It has 16,000 MB of memory.", ["The laptop has 16 GB of memory."], []],
    [
      "\u4e3b\u9891\u4e3a2.3GHz\u3002",
      ["\u5904\u7406\u5668\u4e3b\u9891\u4e3a3.2GHz\u3002"],
      ["number-not-in-context"],
    ],
    ["It cost $5 million to $10 million.", ["The plan costs $5\u201310 million."], []],
    ["They sold 171 units.", ["Q1 120 units, Q2 140 units"], ["number-not-in-context"]],
    ["They sold 120 units.", ["Q1 120 units, Q2 140 units"], []],
    ["It costs $3,600 a year.", ["The monthly fee is $300."], []],
    ["It costs $3,700 a year.", ["The monthly fee is $300."], ["number-not-in-context"]],
    ["See https://a.org/v2/auth/token?x=1.", ["Read https://www.a.org/v2/auth/ first."], []],
    ["See https://a.org and https://a.org/v2.", ["Read https://www.a.org/v2/auth first."], []],
    ["See https://a.org/v3/login.", ["Read https://www.a.org/v2/auth first."], ["citation-not-in-documents"]],
  ])("%s", async (answer, documents, expected) => {
    const { findings } = await examine(answer, documents);
    expect(findings.map(({ kind }) => kind)).toEqual(expected);
  });
});
