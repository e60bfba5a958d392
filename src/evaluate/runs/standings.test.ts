import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pairedDifference, unitsOfCorpus, unitsOfDocument } from "./paired-units.ts";
import { type Contender, standings, standingsByGroup } from "./standings.ts";

/** A table of tokens of so many bytes and nats each. */
function tableOf(tokens: readonly (readonly [bytes: number, nats: number])[]) {
  const byteOffsets = new Uint32Array(tokens.length + 1);
  for (const [i, [bytes]] of tokens.entries()) byteOffsets[i + 1] = byteOffsets[i]! + bytes;
  return { length: tokens.length, byteOffsets, logprobs: Float64Array.from(tokens, ([, nats]) => -nats) };
}

const tokens = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 9 }),
    fc.integer({ min: 0, max: 40 }).map((x) => x / 8),
  ),
  { minLength: 1, maxLength: 60 },
);

describe("parts of a corpus", () => {
  it("hold every nat and every scored byte, however the tokens lie", () => {
    fc.assert(
      fc.property(fc.array(tokens, { minLength: 1, maxLength: 14 }), (documents) => {
        const tables = documents.map(tableOf);
        const bytes = tables.reduce((sum, { byteOffsets }) => sum + byteOffsets.at(-1)!, 0);
        const corpus = { documents: tables.length, bytes };
        let offset = 0;
        const units = unitsOfCorpus(
          corpus,
          tables.map((table, documentIndex) => {
            const part = unitsOfDocument(corpus, { documentIndex, offset }, table);
            offset += table.byteOffsets.at(-1)!;
            return part;
          }),
        )!;
        const nats = documents.flat().reduce((sum, [, own]) => sum + own, 0);
        expect(units.of).toBe(tables.length >= 10 ? "documents" : "bytes");
        expect(units.nats.reduce((sum, own) => sum + own, 0)).toBeCloseTo(nats, 3);
        expect(units.bytes.reduce((sum, own) => sum + own, 0)).toBe(bytes);
        expect(units.nats.length).toBeLessThanOrEqual(128);
      }),
    );
  });

  it("share a token across a border out by its bytes, and leave out what has no number", () => {
    const corpus = { documents: 1, bytes: 128 };
    const { nats, bytes } = unitsOfDocument(
      corpus,
      { documentIndex: 0, offset: 0 },
      tableOf([
        [48, Number.NaN],
        [32, 4],
        [48, 1],
      ]),
    );
    expect(nats).toEqual([2, 3]);
    expect(bytes).toEqual([16, 64]);
  });
});

/** A model that needs `nats` for each of 40 parts of 100 bytes. */
const contender = (nats: (part: number) => number, corpusSha256 = "x"): Contender => {
  const units = {
    of: "bytes" as const,
    nats: Array.from({ length: 40 }, (_, part) => nats(part)),
    bytes: new Array<number>(40).fill(100),
  };
  const total = units.nats.reduce((sum, own) => sum + own, 0);
  return { corpusSha256, bitsPerByte: total / 4000 / Math.LN2, units };
};

describe("how models stand", () => {
  const hard = (part: number) => 60 + 50 * Math.sin(part); // what is hard for both
  it("is told by the difference in pairs: a small one counts where it is the same everywhere", () => {
    const [base, better] = [contender(hard), contender((part) => hard(part) - 1)];
    expect(standings([base, better])).toEqual(["behind", "best"]);
    const { difference, standardError } = pairedDifference(base.units!, better.units!)!;
    expect(difference).toBeCloseTo(-1 / 100 / Math.LN2, 9);
    expect(standardError).toBeLessThan(1e-12);
  });

  it("is a tie where the difference goes both ways, and of equal ones", () => {
    const base = contender(hard);
    const other = contender((part) => hard(part) + 10 * Math.cos(2.7 * part));
    const worse = contender((part) => hard(part) + 30);
    expect(standings([base, other, worse])).toEqual(["tied", "tied", "behind"]);
    expect(standings([base, contender(hard)])).toEqual(["tied", "tied"]);
  });

  it("is not said of one alone, of other texts, or of runs without parts", () => {
    const base = contender(hard);
    expect(standings([base])).toEqual([null]);
    expect(standings([base, contender(hard, "y")])).toEqual([null, null]);
    expect(standings([base, { ...base, units: undefined }])).toEqual([null, null]);
    expect(standings([base, contender(() => 1), { ...base, bitsPerByte: null }])).toEqual([
      "behind",
      "best",
      null,
    ]);
    const short = { ...base, units: { of: "bytes" as const, nats: [1, 2], bytes: [9, 9] } };
    expect(standings([short, { ...short, bitsPerByte: 9 }])).toEqual(["tied", "tied"]); // too short to say
  });

  it("is told group by group", () => {
    const items = [contender(hard), contender((part) => hard(part) - 1), contender(hard, "z")];
    expect(standingsByGroup(items, ({ corpusSha256 }) => corpusSha256)).toEqual(["behind", "best", null]);
  });
});
