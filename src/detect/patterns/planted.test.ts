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
