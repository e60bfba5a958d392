import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../core/index.ts";
import { MarkovChain } from "../models/test/index.ts";
import { blockEntropies } from "./blocks.ts";
import { countedEntropy, countProfile, ENTROPY_ESTIMATORS } from "./counts.ts";
import { informationByDistance } from "./distance.ts";
import { entropyLab } from "./lab.ts";
import { lempelZiv } from "./lempel-ziv.ts";
import { suffixesOf } from "./suffix-array.ts";
import { byteSymbols, characterSymbols, symbolSequence } from "./symbols.ts";

interface Peers {
  counts: { name: string; values: number[]; entropy: Record<(typeof ENTROPY_ESTIMATORS)[number], number> }[];
  blocks: { text: string; order: number; entropy: Record<(typeof ENTROPY_ESTIMATORS)[number], number> }[];
  lz76: { text: string; phrases: number }[];
}
const peers: Peers = JSON.parse(readFileSync(new URL("./fixtures/peers.json", import.meta.url), "utf8"));

const blocksOf = (text: string, order = 8) => {
  const { symbols, alphabet } = characterSymbols(text);
  return blockEntropies(suffixesOf(symbols, alphabet), { order });
};
const countsOf = (keys: readonly string[]): number[] => {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts.values()];
};
const bits = (nats: number | undefined): number => nats! / Math.LN2;
/** A sequence of a chain. */
function walk(transitions: readonly number[][], length: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  const symbols = new Int32Array(length);
  let state = 0;
  for (let i = 0; i < length; i++) {
    let left = random();
    let next = 0;
    for (; next < transitions.length - 1; next++) {
      left -= transitions[state]![next]!;
      if (left < 0) break;
    }
    symbols[i] = state = next;
  }
  return symbols;
}

describe("entropies of counts", () => {
  it.each(peers.counts)("are infomeasure's: $name", ({ values, entropy }) => {
    const ours = countedEntropy(countProfile(countsOf(values.map(String)))).entropy!;
    for (const name of ENTROPY_ESTIMATORS) expect(ours[name], name).toBeCloseTo(entropy[name], 10);
  });

  it("of nothing, of one, of one thing only", () => {
    expect(countedEntropy(new Map())).toEqual({
      samples: 0,
      distinct: 0,
      singletons: 0,
      coverage: null,
      entropy: null,
    });
    expect(countedEntropy(new Map([[1, 1]]))).toMatchObject({
      coverage: 0,
      entropy: { plugin: 0, "chao-shen": 0 },
    });
    expect(countedEntropy(new Map([[9, 1]])).entropy).toEqual({
      plugin: 0,
      "miller-madow": 0,
      "chao-shen": 0,
    });
    expect(() => countedEntropy(new Map([[0, 1]]))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});

describe("block entropies", () => {
  it.each(peers.blocks)("are infomeasure's of the blocks: order $order", ({ text, order, entropy }) => {
    const ours = blocksOf(text, order).at(-1)!.block!;
    for (const name of ENTROPY_ESTIMATORS) expect(ours[name], name).toBeCloseTo(entropy[name], 10);
  });

  it("are what counting strings says, edges too", () => {
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "你", "🙂"), minLength: 1, maxLength: 120 });
    fc.assert(
      fc.property(texts, (text) => {
        const characters = [...text];
        const blocks = (order: number, last: number) =>
          characters.slice(0, Math.max(0, last)).map((_, i) => characters.slice(i, i + order).join(""));
        for (const { order, block, conditional, samples, distinct, singletons } of blocksOf(text)) {
          const places = characters.length - order + 1;
          if (places < 1) {
            expect([block, conditional, samples]).toEqual([null, null, 0]);
            continue;
          }
          const counts = countsOf(blocks(order, places));
          const all = countedEntropy(countProfile(counts));
          const before = countedEntropy(countProfile(countsOf(blocks(order - 1, places))));
          expect([samples, distinct, singletons]).toEqual([
            places,
            counts.length,
            counts.filter((count) => count === 1).length,
          ]);
          for (const name of ENTROPY_ESTIMATORS) {
            expect(block![name]).toBeCloseTo(all.entropy![name], 10);
            const given = order === 1 ? 0 : before.entropy![name];
            expect(conditional![name]).toBeCloseTo(all.entropy![name] - given, 10);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("of a uniform source are n times its entropy", () => {
    const random = seededRandom(3);
    const symbols = Int32Array.from({ length: 200_000 }, () => Math.floor(random() * 8));
    for (const { order, block, conditional } of blockEntropies(suffixesOf(symbols, 8), { order: 4 })) {
      expect(bits(block!["miller-madow"])).toBeCloseTo(3 * order, 2);
      expect(bits(conditional!["miller-madow"])).toBeCloseTo(3, 2);
    }
  });

  it("of a periodic source become level at the period, and the next symbol is certain", () => {
    const blocks = blocksOf("abc".repeat(1000), 6);
    for (const { block, conditional, distinct, trustworthy } of blocks) {
      expect(distinct).toBe(3);
      expect(bits(block!.plugin)).toBeCloseTo(Math.log2(3), 5);
      expect(trustworthy).toBe(true);
      if (conditional !== blocks[0]!.conditional) expect(conditional!.plugin).toBe(0);
    }
  });

  it("cover what they are estimates of: the interval of a chain's rate, nine times in ten at least", () => {
    const rows = [
      [0.9, 0.1],
      [0.4, 0.6],
    ];
    const rate = new MarkovChain(rows).entropyRate();
    const hits = Array.from({ length: 60 }, (_, seed) => {
      const entropy = blockEntropies(suffixesOf(walk(rows, 20_000, seed), 2), { order: 2 })[1]!;
      const { low, high } = entropy.interval!;
      return low <= rate && rate <= high;
    }).filter((hit) => hit).length;
    expect(hits).toBeGreaterThanOrEqual(54);
  });

  it("says up to which order they may be believed", () => {
    const random = seededRandom(1);
    const symbols = Int32Array.from({ length: 4000 }, () => Math.floor(random() * 16));
    const trusted = blockEntropies(suffixesOf(symbols, 16), { order: 5 }).map(
      ({ trustworthy }) => trustworthy,
    );
    expect(trusted).toEqual([true, true, false, false, false]); // 4,096 blocks of three, and 3,998 places
  });

  it("refuses orders that are none", () => {
    for (const order of [0, 65, 1.5, Number.NaN])
      expect(() => blocksOf("abc", order)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  });
});

describe("the lab", () => {
  const rows = [
    [0.7, 0.2, 0.1],
    [0.1, 0.6, 0.3],
    [0.5, 0.25, 0.25],
  ];
  const rate = new MarkovChain(rows).entropyRate();

  it("knows the rate of a chain of 1,000,000 symbols within 1 %, from the blocks of its order and from the fit", () => {
    const symbols = walk(rows, 1_000_000, 7);
    const lab = entropyLab(symbolSequence(symbols, "bytes"), {
      order: 6,
      lempelZiv: false,
      distances: [1, 50],
    });
    expect(lab.trustedOrder).toBe(6);
    expect(Math.abs(lab.blocks[1]!.conditional!.plugin / rate - 1)).toBeLessThan(0.01);
    expect(Math.abs(lab.plugin!.rate / rate - 1)).toBeLessThan(0.01);
    expect(Math.abs(lab.extrapolated!.limit / rate - 1)).toBeLessThan(0.01);
    // I(X_t; X_t+1) = H(X) - rate of a chain; after 50 steps nothing is left.
    const pi = new MarkovChain(rows).stationaryDistribution();
    const first = [...pi].reduce((sum, p) => sum - p * Math.log(p), 0);
    expect(lab.distances[0]!.corrected).toBeCloseTo(first - rate, 2);
    expect(Math.abs(lab.distances[1]!.corrected!)).toBeLessThan(1e-4);
  });

  it("says what cannot be known of texts that are too short", () => {
    const one = entropyLab(characterSymbols("x"));
    expect(one).toMatchObject({ symbols: 1, trustedOrder: null, plugin: null, extrapolated: null });
    expect(one.lempelZiv.map(({ rate: value }) => value)).toEqual([null, null, null]);
    expect(
      one.blocks.slice(1).every(({ block, conditional }) => block === null && conditional === null),
    ).toBe(true);
    expect(one.notes.join()).toMatch(/One character says nothing.*shorter than the order from 2 on/);
    const same = entropyLab(characterSymbols("a".repeat(500)));
    expect(same.notes.join()).toContain("Only one character occurs");
    expect(same.plugin!.rate).toBe(0);
    expect(() => entropyLab(characterSymbols(""))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
    const short = entropyLab(characterSymbols("abcde"));
    expect(short.blocks.map(({ samples }) => samples)).toEqual([5, 4, 3, 2, 1, 0, 0, 0]);
    expect(short.trustedOrder).toBeNull();
  });

  it("extrapolates only where the orders agree on a limit", () => {
    // Exclusive or of the two before, wrong one time in ten: level, a fall at order 3, level. No power law.
    const random = seededRandom(9);
    const symbols = new Int32Array(200_000);
    for (let i = 2; i < symbols.length; i++)
      symbols[i] = symbols[i - 1]! ^ symbols[i - 2]! ^ (random() < 0.1 ? 1 : 0);
    const lab = entropyLab(symbolSequence(symbols, "bytes"), { lempelZiv: false, distances: [] });
    const truth = -0.9 * Math.log(0.9) - 0.1 * Math.log(0.1);
    expect(Math.abs(lab.plugin!.rate / truth - 1)).toBeLessThan(0.01);
    expect(lab.extrapolated).toBeNull();
    expect(lab.notes.join()).toContain("No extrapolation");
    // Of four orders none can be left out: a fit, but no range.
    const four = entropyLab(symbolSequence(walk(rows, 200_000, 7), "bytes"), {
      ...{ order: 4, lempelZiv: false, distances: [] },
    });
    expect(Math.abs(four.extrapolated!.limit / rate - 1)).toBeLessThan(0.02);
    expect([four.extrapolated!.low, four.extrapolated!.high]).toEqual([null, null]);
  });

  it("draws its intervals with the seed, and says why an order is not believed", () => {
    const sequence = symbolSequence(walk(rows, 3000, 7), "bytes");
    const [first, again, other] = [1, 1, 2].map((seed) => entropyLab(sequence, { seed, distances: [] }));
    expect(again).toEqual(first);
    expect(other!.plugin!.interval).not.toEqual(first!.plugin!.interval);
    expect(other!.lempelZiv[0]!.interval).not.toEqual(first!.lempelZiv[0]!.interval);
    // De Bruijn's cycle of pairs of 16 symbols, three times: every pair thrice, and yet too seldom.
    const cycle = Array.from({ length: 16 }, (_, i) => i).flatMap((i) => [
      i,
      ...Array.from({ length: 15 - i }, (_, k) => [i, i + 1 + k]).flat(),
    ]);
    const pairs = entropyLab(symbolSequence([...cycle, ...cycle, ...cycle], "bytes"), { order: 2 });
    expect(pairs.trustedOrder).toBe(1);
    expect(pairs.blocks[1]!.coverage).toBeGreaterThan(0.98);
    expect(pairs.notes.join()).toContain("too short for so many different blocks");
  });

  it("takes any bytes", () => {
    const random = seededRandom(9);
    const lab = entropyLab(
      byteSymbols(Uint8Array.from({ length: 60_000 }, () => Math.floor(random() * 256))),
      {
        order: 2,
      },
    );
    expect(bits(lab.blocks[0]!.block!["miller-madow"])).toBeCloseTo(8, 2);
    expect(lab.trustedOrder).toBe(1);
  });
});

describe("universal estimates", () => {
  it.each(peers.lz76)("have antropy's phrases of $text", ({ text, phrases }) => {
    const sequence = characterSymbols(text);
    const { estimates } = lempelZiv(sequence, suffixesOf(sequence.symbols, sequence.alphabet));
    expect(estimates.find(({ method }) => method === "lz76")!.phrases).toBe(phrases);
  });

  it("parse as the textbook does: Cover & Thomas's 1|0|11|01|010|00|10", () => {
    const sequence = characterSymbols("1011010100010");
    const { estimates, convergence } = lempelZiv(sequence, suffixesOf(sequence.symbols, 2));
    const lz78 = estimates.find(({ method }) => method === "lz78")!;
    expect(lz78.phrases).toBe(7);
    expect(lz78.rate).toBeCloseTo((7 * Math.log(7)) / 13, 12);
    expect(convergence).toBeCloseTo(Math.log(Math.log(13)) / Math.log(13), 12);
  });

  it("are the obvious sums", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(2), { minLength: 2, maxLength: 150 }), (list) => {
        const sequence = symbolSequence(list, "bytes");
        const [match, , lz78] = lempelZiv(
          sequence,
          suffixesOf(sequence.symbols, sequence.alphabet),
        ).estimates;
        const text = list.join("");
        let sum = 0;
        for (let i = 1; i < text.length; i++) {
          let length = 0;
          // What begins earlier may go on into what it is compared with.
          while (i + length < text.length && text.indexOf(text.slice(i, i + length + 1)) < i) length++;
          sum += (length + 1) / Math.log(i + 1);
        }
        expect(match!.rate).toBeCloseTo((text.length - 1) / sum, 10);
        const known = new Set<string>();
        let phrases = 0;
        let phrase = "";
        for (const symbol of text) {
          phrase += symbol;
          if (known.has(phrase)) continue;
          known.add(phrase);
          phrases++;
          phrase = "";
        }
        expect(lz78!.phrases).toBe(phrases + (phrase === "" ? 0 : 1));
      }),
      { numRuns: 100 },
    );
  });

  it("come near the rate of a chain, slowly, and say how far off they are where it is known", () => {
    const rows = [
      [0.9, 0.1],
      [0.2, 0.8],
    ];
    const rate = new MarkovChain(rows).entropyRate();
    const sequence = symbolSequence(walk(rows, 300_000, 5), "bytes");
    const { estimates } = lempelZiv(sequence, suffixesOf(sequence.symbols, 2));
    for (const { method, rate: value, course, shuffledBias, interval } of estimates) {
      expect(Math.abs(value! / rate - 1), method).toBeLessThan(0.25);
      const [first, last] = [course[0]!, course.at(-1)!];
      expect(last).toEqual({ symbols: 300_000, rate: value });
      expect(Math.abs(last.rate - rate), method).toBeLessThan(Math.abs(first.rate - rate) + 0.02);
      expect(Math.abs(shuffledBias!), method).toBeLessThan(0.15);
      expect(interval === null).toBe(method !== "match-length");
    }
  });
});

it("pairs are counted the same way in a table and in order", () => {
  const random = seededRandom(2);
  const list = Array.from({ length: 3000 }, () => Math.floor(random() ** 3 * 40));
  const sequence = symbolSequence(list, "bytes");
  const wide = { symbols: sequence.symbols, alphabet: 5000 }; // 25,000,000 cells
  const inOrder = informationByDistance(wide, [1, 7, 2999]);
  for (const [i, { distance, plugin, corrected }] of informationByDistance(
    sequence,
    [1, 7, 2999],
  ).entries()) {
    expect(inOrder[i]).toMatchObject({ distance, pairs: 3000 - distance });
    expect(inOrder[i]!.plugin).toBeCloseTo(plugin!, 10);
    expect(inOrder[i]!.corrected).toBeCloseTo(corrected!, 10);
  }
  expect(informationByDistance(sequence, [3000])[0]).toEqual({
    distance: 3000,
    pairs: 0,
    plugin: null,
    corrected: null,
    bias: null,
  });
});
