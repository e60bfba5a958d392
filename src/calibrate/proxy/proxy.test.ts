import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RECIPES, seededRandom } from "../../core/index.ts";
import { compareSpans } from "../../evaluate/scoring/index.ts";
import { TableModel } from "../../models/test/index.ts";
import { proxy } from "./proxy.ts";
import {
  applyProxyCalibration,
  calibrateProxy,
  type ProxyCalibration,
  type ProxyPair,
  studentQuantile,
} from "./proxy-calibration.ts";

/** A text of a and b that changes with probability q, from a seed. */
function writtenBy(ab: number, ba: number, length: number, random: () => number): string {
  let letter = random() < ab / (ab + ba) ? "b" : "a";
  let text = letter;
  while (text.length < length) {
    if (random() < (letter === "a" ? ab : ba)) letter = letter === "a" ? "b" : "a";
    text += letter;
  }
  return text;
}

describe("proxy", () => {
  it("scores a text by the open model, after its prompt", async () => {
    const open = proxy(TableModel.twoState(0.1, 0.3));
    const bare = await open.score("ba");
    expect(bare.totalNll).toBeCloseTo(-Math.log(0.25 * 0.3), 12); // π(b) · ba
    const prompted = await open.score("ba", { prompt: "aabb" });
    expect(prompted.totalNll).toBeCloseTo(-Math.log(0.7 * 0.3), 12); // bb · ba
    expect(prompted.natsPerByte).toBeCloseTo(-Math.log(0.7 * 0.3) / 2, 12);
    expect(prompted.bitsPerByte).toBeCloseTo(-Math.log2(0.7 * 0.3) / 2, 12);
    expect(prompted).toMatchObject({ bytes: 2, scoredBytes: 2, partial: false, estimate: null });
    expect(prompted.recipe.name).toBe("cached");
    expect(prompted.surprisal.between(0, 1)).toBeCloseTo(-Math.log(0.7), 12);
    expect(prompted.surprisal.between(1, 2)).toBeCloseTo(-Math.log(0.3), 12);
  });

  it("says that the first token of a text has no number where nothing stands in front of it", async () => {
    const open = proxy(TableModel.twoState(0.1, 0.3), {
      recipe: { ...RECIPES.cached, prefix: "none", addSpecial: false },
    });
    const bare = await open.score("ba");
    expect(bare).toMatchObject({ bytes: 2, scoredBytes: 1, partial: true });
    expect(bare.natsPerByte).toBeCloseTo(-Math.log(0.3), 12);
    expect(bare.surprisal.between(0, 1)).toBeNull();
    expect(await open.score("ba", { prompt: "a" })).toMatchObject({ scoredBytes: 2, partial: false });
    await expect(open.score("b")).rejects.toMatchObject({ code: "NOTHING_TO_SCORE" });
  });

  it("refuses an empty text, also after a prompt", async () => {
    const open = proxy(TableModel.twoState(0.1, 0.3));
    await expect(open.score("", { prompt: "ab" })).rejects.toMatchObject({ code: "EMPTY_INPUT" });
  });

  it("shares out a token that reaches over the border", async () => {
    // Pairs of letters are tokens; every token is equally likely.
    const symbols = ["aa", "ab", "ba", "bb", "a", "b"];
    const pairs = new TableModel({
      symbols,
      transitions: symbols.map(() => Array(6).fill(1 / 6)),
      name: "pairs",
    });
    const recipe = { ...RECIPES.cached, prefix: "none" as const };
    const { surprisal, totalNll: nll } = await proxy(pairs, { recipe }).score("bab", { prompt: "bba" }); // bb ab ab
    expect(nll).toBeCloseTo(1.5 * Math.log(6), 12);
    expect(surprisal.between(0, 1)).toBeCloseTo(0.5 * Math.log(6), 12);
  });

  it("compares two tokenizers span by span", async () => {
    const letters = TableModel.twoState(0.2, 0.2);
    const symbols = ["aa", "ab", "ba", "bb", "a", "b", "<s>"];
    const pairs = new TableModel({
      symbols,
      bos: 6,
      transitions: symbols.map(() => [0.3, 0.1, 0.1, 0.3, 0.1, 0.1, 0]),
    });
    const text = "aabba";
    const spans = compareSpans(
      (await proxy(letters).score(text)).surprisal,
      (await proxy(pairs).score(text)).surprisal,
    );
    expect(spans.map(({ start, end }) => text.slice(start, end))).toEqual(["aa", "bb", "a"]);
    for (const [i, [first, second]] of [
      [0.5 * 0.8, 0.3],
      [0.2 * 0.8, 0.3],
      [0.2, 0.1],
    ].entries()) {
      expect(spans[i]!.first).toBeCloseTo(-Math.log(first!), 12);
      expect(spans[i]!.second).toBeCloseTo(-Math.log(second!), 12);
    }
  });

  /**
   * Two symmetric chains: of n-1 places where a text can change, a share q does, and a chain that expects a share c says
   * -(1-q) ln(1-c) - q ln c nats each. Both are straight lines in q, so each is one in the other.
   */
  it("calibrated on texts of both models, gives the other model's number where that is known in closed form", async () => {
    const [a, b] = [0.1, 0.3];
    const random = seededRandom(3);
    const open = proxy(TableModel.twoState(b, b));
    const closed = proxy(TableModel.twoState(a, a));
    const length = 200;
    const pairs: ProxyPair[] = [];
    for (const q of [0.05, 0.15, 0.3, 0.5, 0.7]) {
      const text = writtenBy(q, q, length, random);
      const [mine, theirs] = [await open.score(text), await closed.score(text)];
      pairs.push({ proxy: mine.natsPerByte!, actual: theirs.natsPerByte!, bytes: length });
    }
    const calibration = calibrateProxy(pairs);
    const slope = Math.log((1 - a) / a) / Math.log((1 - b) / b);
    const line = (c: number, q: number) =>
      (Math.LN2 + (length - 1) * (-(1 - q) * Math.log(1 - c) - q * Math.log(c))) / length;
    expect(calibration.slope).toBeCloseTo(slope, 10);
    expect(calibration.intercept).toBeCloseTo(line(a, 0) - slope * line(b, 0), 10);
    expect(calibration.residualStandardError).toBeCloseTo(0, 10);
    expect(calibration.leaveOneOutError).toBeCloseTo(0, 10);
    expect(calibration.rSquared).toBeCloseTo(1, 12);

    const stored = JSON.parse(JSON.stringify(calibration)) as ProxyCalibration;
    const text = writtenBy(0.4, 0.4, length, random);
    const { estimate } = await proxy(open.model, { calibration: stored }).score(text);
    const truth = await closed.score(text);
    expect(estimate?.estimate).toBeCloseTo(truth.natsPerByte!, 10);
    expect(estimate?.extrapolated).toBe(false);
  });

  it("gives intervals that hold the truth as often as they say, where the models differ", async () => {
    const random = seededRandom(11);
    const open = proxy(TableModel.twoState(0.3, 0.45));
    const closed = proxy(TableModel.twoState(0.15, 0.25));
    const pair = async (): Promise<Required<ProxyPair>> => {
      const [ab, ba] = [0.05 + 0.4 * random(), 0.05 + 0.4 * random()];
      const text = writtenBy(ab, ba, 100 + Math.floor(300 * random()), random);
      const [mine, theirs] = [await open.score(text), await closed.score(text)];
      return { proxy: mine.natsPerByte!, actual: theirs.natsPerByte!, bytes: mine.bytes };
    };
    const calibration = calibrateProxy(await Promise.all(Array.from({ length: 40 }, pair)));
    const others = await Promise.all(Array.from({ length: 400 }, pair));
    let inside = 0;
    let squares = 0;
    let rawSquares = 0;
    for (const { proxy: x, actual, bytes } of others) {
      const { estimate, low, high } = applyProxyCalibration(calibration, x, { bytes });
      if (low <= actual && actual <= high) inside++;
      squares += (estimate - actual) ** 2;
      rawSquares += (x - actual) ** 2;
    }
    expect(inside / others.length).toBeGreaterThan(0.9);
    expect(inside / others.length).toBeLessThan(0.995);
    const error = Math.sqrt(squares / others.length);
    expect(error).toBeLessThan(0.8 * Math.sqrt(rawSquares / others.length));
    expect(calibration.leaveOneOutError / error).toBeGreaterThan(0.7);
    expect(calibration.leaveOneOutError / error).toBeLessThan(1.4);
    expect(calibration.rSquared).toBeGreaterThan(0.5);
  });
});

describe("calibrateProxy", () => {
  const surprisal = fc.double({ min: 0.1, max: 4, noNaN: true });
  const pairLists = fc
    .array(fc.record({ proxy: surprisal, actual: surprisal, bytes: fc.integer({ min: 1, max: 1000 }) }), {
      minLength: 5,
      maxLength: 12,
    })
    .filter((pairs) => new Set(pairs.map((pair) => pair.proxy.toFixed(2))).size >= 4);

  it("is the line with the least weighted squares", () => {
    fc.assert(
      fc.property(pairLists, fc.double({ min: -0.1, max: 0.1, noNaN: true }), (pairs, nudge) => {
        const { slope, intercept } = calibrateProxy(pairs);
        const squares = (a: number, b: number) =>
          pairs.reduce((sum, { proxy: x, actual: y, bytes }) => sum + bytes * (y - a - b * x) ** 2, 0);
        const least = squares(intercept, slope);
        expect(squares(intercept + nudge, slope)).toBeGreaterThanOrEqual(least - 1e-9 * least);
        expect(squares(intercept, slope + nudge)).toBeGreaterThanOrEqual(least - 1e-9 * least);
        expect(squares(intercept - 2 * nudge, slope + nudge)).toBeGreaterThanOrEqual(least - 1e-9 * least);
      }),
    );
  });

  it("has the error of leaving each text out and fitting again", () => {
    fc.assert(
      fc.property(pairLists, (pairs) => {
        let squares = 0;
        let weights = 0;
        for (const [i, { proxy: x, actual: y, bytes }] of pairs.entries()) {
          const { slope, intercept } = calibrateProxy(pairs.toSpliced(i, 1));
          squares += bytes * (y - intercept - slope * x) ** 2;
          weights += bytes;
        }
        const { leaveOneOutError } = calibrateProxy(pairs);
        expect(leaveOneOutError / Math.sqrt(squares / weights)).toBeCloseTo(1, 6);
      }),
    );
  });

  it("is the fit worked out by hand: speed and stopping distance of ten cars", () => {
    const cars = [
      [4, 2],
      [4, 10],
      [7, 4],
      [7, 22],
      [8, 16],
      [9, 10],
      [10, 18],
      [10, 26],
      [10, 34],
      [11, 17],
    ];
    // Means 8 and 15.9; Sxx = 56, Sxy = 143, Syy = 876.9.
    const calibration = calibrateProxy(cars.map(([x, y]) => ({ proxy: x!, actual: y! })));
    expect(calibration.slope).toBeCloseTo(143 / 56, 12);
    expect(calibration.intercept).toBeCloseTo(15.9 - (8 * 143) / 56, 12);
    const s = Math.sqrt((876.9 - 143 ** 2 / 56) / 8);
    expect(calibration.residualStandardError).toBeCloseTo(s, 12);
    expect(calibration.rSquared).toBeCloseTo(143 ** 2 / 56 / 876.9, 12);
    const { estimate, low, high } = applyProxyCalibration(calibration, 10);
    expect(estimate).toBeCloseTo(15.9 + (2 * 143) / 56, 12);
    expect((high - estimate) / (2.306004135 * s * Math.sqrt(1 + 1 / 10 + 4 / 56))).toBeCloseTo(1, 8);
    expect(low).toBeCloseTo(Math.max(0, 2 * estimate - high), 10);
  });

  it("is wider for a short text, and outside the range it knows", () => {
    const calibration = calibrateProxy(
      [1, 2, 3, 4, 5].map((x, i) => ({ proxy: x, actual: x + (i % 2), bytes: 100 })),
    );
    const width = (x: number, bytes?: number) => {
      const { low, high } = applyProxyCalibration(calibration, x, bytes === undefined ? {} : { bytes });
      return high - low;
    };
    expect(width(5, 1000)).toBeLessThan(width(5));
    expect(width(5)).toBe(width(5, 100));
    expect(applyProxyCalibration(calibration, 5).extrapolated).toBe(false);
    expect(applyProxyCalibration(calibration, 5.1).extrapolated).toBe(true);
    expect(applyProxyCalibration(calibration, 0.9).extrapolated).toBe(true);
    expect(applyProxyCalibration(calibration, 0).low).toBe(0);
  });

  it("refuses a calibration that was damaged, instead of an estimate that is no number", () => {
    const calibration = calibrateProxy(
      [1, 2, 3, 4.5].map((x) => ({ proxy: x, actual: x ** 1.1, bytes: 10 })),
    );
    const { leaveOneOutError, rSquared, ...needed } = calibration; // those two are for the reader only
    for (const name of Object.keys(needed))
      for (const wrong of [undefined, "x", {}])
        expect(
          () => applyProxyCalibration({ ...calibration, [name]: wrong }, 2, { bytes: 5 }),
          `${name}: ${JSON.stringify(wrong)}`,
        ).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where: "calibration" }));
    for (const wrong of [null, {}, { ...calibration, version: 2 }, { ...calibration, spread: 0 }])
      expect(() => applyProxyCalibration(wrong as ProxyCalibration, 2)).toThrow(
        expect.objectContaining({ code: "INVALID_ARGUMENT", where: "calibration" }),
      );
    expect(() => calibrateProxy(["1", 2, 3, 4].map((x) => ({ proxy: x as number, actual: 1 })))).toThrow(
      "pair 0",
    );
  });

  const good = [1, 2, 3, 4].map((x) => ({ proxy: x, actual: 2 * x }));
  it.each<[string, readonly ProxyPair[], string]>([
    ["too few pairs", good.slice(1), "pairs"],
    ["no pairs", [], "pairs"],
    ["equal proxies", good.map(({ actual }) => ({ proxy: 1, actual })), "pairs"],
    ["proxies equal but for one", good.map(({ actual }, i) => ({ proxy: i === 2 ? 3 : 1, actual })), "pairs"],
    ["a negative number", [...good, { proxy: -1, actual: 1 }], "proxy of pair 4"],
    ["a missing number", [...good, { proxy: 1, actual: Number.NaN }], "actual of pair 4"],
    ["an infinite number", [...good, { proxy: 1, actual: Number.POSITIVE_INFINITY }], "actual of pair 4"],
    ["a text of no bytes", good.map((pair) => ({ ...pair, bytes: 0 })), "bytes of pair 0"],
    ["bytes for some", [...good, { proxy: 5, actual: 1, bytes: 10 }], "pair 4"],
  ])("refuses %s", (_, pairs, where) => {
    expect(() => calibrateProxy(pairs)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", where }));
  });

  it("refuses numbers of which it could only write a file that nobody reads", () => {
    const pairs = [1, 2, 3, 4].map((proxy) => ({ proxy, actual: proxy === 4 ? 1e300 : proxy }));
    expect(() => calibrateProxy(pairs)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", what: expect.stringContaining("1.00e+300") }),
    );
  });

  it("refuses a level that is none, and to apply to what is no surprisal", () => {
    expect(() => calibrateProxy(good, { level: 1 })).toThrow(expect.objectContaining({ where: "level" }));
    expect(() => applyProxyCalibration(calibrateProxy(good), -1)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });

  // Abramowitz & Stegun, table 26.10
  it.each([
    [1, 0.95, 12.706],
    [2, 0.95, 4.303],
    [3, 0.9, 2.353],
    [5, 0.95, 2.571],
    [10, 0.99, 3.169],
    [30, 0.95, 2.042],
    [120, 0.95, 1.98],
    [100_000, 0.95, 1.96],
  ])("Student's t with %i degrees of freedom at %d is %d", (degrees, level, t) => {
    expect(studentQuantile(level, degrees)).toBeCloseTo(t, 2.99);
  });
});
