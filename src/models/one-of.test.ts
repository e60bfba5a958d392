/** Against the definition: every way of cutting the texts into tokens, written out. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OneOf, type TokenPieces } from "./one-of.ts";
import { TableModel } from "./test/index.ts";

const encoder = new TextEncoder();
/** Half letters, letters, and pairs; the last is the end of the text. */
const SYMBOLS: readonly Uint8Array[] = [
  ...["a", "b", "ab", "ba", "aab", "é"].map((text) => encoder.encode(text)),
  Uint8Array.of(0xc3),
  Uint8Array.of(0xa9),
  encoder.encode("a"), // a second token of the same bytes
  encoder.encode("</s>"),
];
const END = SYMBOLS.length - 1;
const pieces: TokenPieces = {
  size: SYMBOLS.length,
  piece: (id) => SYMBOLS[id]!,
  endsGeneration: (id) => id === END,
};
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** [V] ln p after a token; -1 = nothing. */
type Chain = (previous: number) => Float32Array;

interface Ends {
  /** Probability that each text is written. */
  chosen: number[];
  /** Per path of tokens the masses outside, in order. */
  outside: Map<string, number[]>;
}

/** By the definition in GenerateOptions.oneOf, over strings of hexadecimal bytes. */
function obvious(texts: readonly string[], chain: Chain): Ends {
  const wanted = texts.map((text) => hex(encoder.encode(text)));
  const tokens = SYMBOLS.map(hex);
  const completes = (rest: string): boolean =>
    rest === "" ||
    tokens.some((token, id) => id !== END && rest.startsWith(token) && completes(rest.slice(token.length)));
  const ends: Ends = { chosen: texts.map(() => 0), outside: new Map() };
  const go = (written: string, previous: number, p: number, path: number[], masses: number[]) => {
    const live = wanted.filter((text) => text.startsWith(written));
    const complete = live.includes(written);
    const row = [...chain(previous)].map(Math.exp);
    const allowed = row.map(
      (_, id) =>
        id !== END &&
        live.some((text) => {
          const next = written + tokens[id];
          return text.startsWith(next) && completes(text.slice(next.length));
        }),
    );
    const inside = row.reduce((sum, q, id) => sum + (allowed[id] ? q : 0), 0);
    const rest = row.reduce((sum, q, id) => sum + (allowed[id] ? 0 : q), 0);
    if (complete) {
      const share = live.length === 1 ? 1 : rest / (rest + inside);
      ends.chosen[wanted.indexOf(written)]! += p * share;
      if (share > 0) ends.outside.set(path.join(), masses);
      if (live.length === 1) return;
    }
    const total = complete ? inside + rest : inside;
    for (const [id, q] of row.entries())
      if (allowed[id] && q > 0)
        go(
          written + tokens[id],
          id,
          (p * q) / total,
          [...path, id],
          [...masses, complete ? 0 : rest / (inside + rest)],
        );
  };
  go("", -1, 1, [], []);
  return ends;
}

/** Every decision that OneOf leaves to chance, in turn. */
function explored(texts: readonly string[], chain: Chain): Ends {
  const ends: Ends = { chosen: texts.map(() => 0), outside: new Map() };
  const scripts: number[][] = [[]];
  for (let script = scripts.pop(); script; script = scripts.pop()) {
    const oneOf = new OneOf(texts, pieces);
    const path: number[] = [];
    let p = 1;
    let previous = -1;
    for (let step = 0; !oneOf.done; step++) {
      const row = chain(previous);
      const id = oneOf.choose(row, row, (candidates) => {
        const weights = [...candidates].map(Math.exp);
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        if (script[step] === undefined)
          for (let other = 1; other < weights.length; other++)
            if (weights[other]! > 0) scripts.push([...script.slice(0, step), other]);
        const place = script[step] ?? 0;
        script[step] = place;
        p *= weights[place]! / total;
        return place;
      });
      if (id === null) break;
      path.push(id);
      previous = id;
    }
    ends.chosen[oneOf.choice.index!]! += p;
    if (p > 0) ends.outside.set(path.join(), [...oneOf.choice.outside]);
  }
  return ends;
}

const chains = fc
  .array(
    fc.array(fc.integer({ min: 1, max: 50 }), { minLength: SYMBOLS.length, maxLength: SYMBOLS.length }),
    {
      minLength: SYMBOLS.length + 1,
      maxLength: SYMBOLS.length + 1,
    },
  )
  .map((rows): Chain => {
    const logs = rows.map((row) => {
      const total = row.reduce((sum, weight) => sum + weight, 0);
      return Float32Array.from(row, (weight) => Math.log(weight / total));
    });
    return (previous) => logs[previous + 1]!;
  });
const textLists = fc.uniqueArray(
  fc.array(fc.constantFrom("a", "b", "é"), { minLength: 1, maxLength: 4 }).map((letters) => letters.join("")),
  { minLength: 1, maxLength: 4 },
);

describe("one of some texts", () => {
  it("is chosen with the probabilities of the definition, and the mass outside is told", () => {
    fc.assert(
      fc.property(textLists, chains, (texts, chain) => {
        const [found, expected] = [explored(texts, chain), obvious(texts, chain)];
        expect(found.chosen.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
        for (const [i, p] of expected.chosen.entries()) expect(found.chosen[i]).toBeCloseTo(p, 5);
        expect([...found.outside.keys()].sort()).toEqual([...expected.outside.keys()].sort());
        for (const [path, masses] of expected.outside)
          for (const [i, mass] of masses.entries()) expect(found.outside.get(path)![i]).toBeCloseTo(mass, 5);
      }),
      { numRuns: 60 },
    );
  });

  it.each<[string, string[]]>([
    ["letters that no token has", ["a", "c"]],
    ["a text that only the end-of-text token spells", ["</s>"]],
    ["a text that needs it in its middle", ["a</s>b"]],
  ])("cannot be %s", (_, texts) => {
    expect(() => new OneOf(texts, pieces)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", where: expect.stringMatching(/^oneOf\[/) }),
    );
  });

  it("cannot be chosen where the model gives each of them probability 0", () => {
    const never = Float32Array.from(SYMBOLS, (_, id) => (id === 1 ? 0 : Number.NEGATIVE_INFINITY));
    const oneOf = new OneOf(["a"], pieces);
    expect(() => oneOf.choose(never, never, () => 0)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  it("is drawn by a model as often as its table says, where one begins with another", async () => {
    const model = TableModel.twoState(0.3, 0.6);
    // b has probability 1/3 after BOS; "aa" is chosen where another a follows, 0.7, "a" where not.
    const counts = { a: 0, aa: 0, b: 0 };
    for (let seed = 0; seed < 600; seed++) {
      const writing = model.generate([2], { oneOf: ["a", "aa", "b"], temperature: 1, seed });
      let text = "";
      for await (const record of writing) text += record.text;
      counts[text as keyof typeof counts]++;
      expect(writing.end?.choice?.outside.every((mass) => mass < 1e-6)).toBe(true);
    }
    const p = { a: (2 / 3) * 0.3, aa: (2 / 3) * 0.7, b: 1 / 3 };
    for (const text of ["a", "aa", "b"] as const)
      expect(Math.abs(counts[text] - 600 * p[text])).toBeLessThan(
        4 * Math.sqrt(600 * p[text] * (1 - p[text])),
      );
  });
});
