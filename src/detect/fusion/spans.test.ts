import { describe, expect, it } from "vitest";
import { examination, finding } from "../../../test/detect-answers.ts";
import { seededRandom } from "../../core/index.ts";
import { clusters } from "../../text/index.ts";
import { examine } from "../examine.ts";
import { SIGNALS, type Signal } from "../finding.ts";
import { detectPatterns, PATTERN_WEIGHTS } from "../patterns/index.ts";
import { PROBABILITY_WRONG } from "../series/index.ts";
import { defaultSuspicion, noisyOr } from "./default-rule.ts";
import { fuse } from "./fuse.ts";
import { groupFindings } from "./spans.ts";

const places = (answer: string, ...given: [start: number, end: number][]) =>
  groupFindings(
    answer,
    given.map(([start, end]) => finding(start, end)),
    "test",
  ).map(({ start, end }) => [start, end]);

describe("places", () => {
  it.each<[string, string, [number, number][], [number, number][]]>([
    [
      "overlap, also by way of others",
      "0123456789",
      [
        [0, 3],
        [5, 8],
        [2, 6],
      ],
      [[0, 8]],
    ],
    [
      "only touch",
      "0123456789",
      [
        [0, 3],
        [3, 5],
      ],
      [
        [0, 3],
        [3, 5],
      ],
    ],
    [
      "lie within each other",
      "0123456789",
      [
        [0, 9],
        [3, 5],
      ],
      [[0, 9]],
    ],
    [
      "go beyond the answer",
      "0123",
      [
        [-5, 2],
        [3, 99],
      ],
      [
        [0, 2],
        [3, 4],
      ],
    ],
    ["lie beyond it", "0123", [[10, 12]], [[3, 4]]],
    [
      "have no length",
      "0123",
      [
        [1, 1],
        [4, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ["halve a surrogate pair", "a😀b", [[2, 3]], [[1, 3]]],
    ["end within one", "a😀b", [[0, 2]], [[0, 3]]],
    ["halve a family", "x👨‍👩‍👧y", [[3, 5]], [[1, 9]]],
    ["part a letter from its mark", "cafe\u0301s", [[0, 4]], [[0, 5]]],
    ["part a line break", "a\r\nb", [[0, 2]], [[0, 3]]],
    ["part a flag", "🇩🇪🇫🇷", [[4, 6]], [[4, 8]]],
    ["are in an empty answer", "", [[0, 0]], []],
  ])("that %s", (_, answer, given, found) => {
    expect(places(answer, ...given)).toEqual(found);
  });

  it("never overlap, are in order, begin and end at characters, and lose no finding: random ones", () => {
    const random = seededRandom(4);
    const parts = [
      "a",
      "é",
      "e\u0301",
      "😀",
      "👩🏽‍🚀",
      "字",
      "\r\n",
      "🇩🇪",
      "\ud800",
      "\u200d",
      "ש",
      "\u202e",
    ];
    for (let round = 0; round < 300; round++) {
      const answer = Array.from(
        { length: 1 + Math.floor(random() * 12) },
        () => parts[Math.floor(random() * parts.length)],
      ).join("");
      const findings = Array.from({ length: 1 + Math.floor(random() * 8) }, () => {
        const start = Math.floor(random() * (answer.length + 1));
        return finding(start, start + Math.floor(random() * 4), {
          strength: random(),
          signal: SIGNALS[Math.floor(random() * 5)]!,
        });
      });
      const edges = new Set([0]);
      let at = 0;
      for (const cluster of clusters(answer)) {
        at += cluster.length;
        edges.add(at);
      }
      const groups = groupFindings(answer, findings, "test");
      let last = 0;
      for (const { start, end, because } of groups) {
        expect(start).toBeGreaterThanOrEqual(last);
        expect(end).toBeGreaterThan(start);
        expect([edges.has(start), edges.has(end)]).toEqual([true, true]);
        expect(because.map(({ strength }) => strength)).toEqual(
          because.map(({ strength }) => strength).toSorted((a, b) => b - a),
        );
        for (const each of because) {
          expect(start).toBeLessThanOrEqual(each.start);
          expect(Math.min(each.end, answer.length)).toBeLessThanOrEqual(end);
        }
        last = end;
      }
      expect(groups.flatMap(({ because }) => because).length).toBe(findings.length);
      expect(groupFindings(answer, findings.toReversed(), "test")).toEqual(groups);
    }
  });

  it("over several sentences swallow none of what lies in them, and are told of there", () => {
    const answer = "It was 1 May. It is red. It has 2 legs. So it is.";
    const loop = finding(0, 49, { kind: "shift", strength: 0.9 });
    const other = finding(25, 49, { kind: "shift", strength: 0.8 });
    const [date, legs] = [finding(7, 12), finding(32, 33)];
    const reached = [date, legs, loop, other];
    const groups = groupFindings(answer, reached, "test");
    expect(groups).toEqual([
      { start: 7, end: 12, because: [loop, date] },
      { start: 32, end: 33, because: [loop, other, legs] },
    ]);
    expect(groupFindings(answer, reached.toReversed(), "test")).toEqual(groups);
    // Where nothing lies in them they are places themselves; those that overlap are one.
    expect(groupFindings(answer, [date, other], "test")).toEqual([
      { start: 7, end: 12, because: [date] },
      { start: 25, end: 49, because: [other] },
    ]);
    expect(groupFindings(answer, [loop, other], "test")).toEqual([
      { start: 0, end: 49, because: [loop, other] },
    ]);
  });

  it("of a whole sentence, with the white space around it, take what lies in it", () => {
    const answer = "It was 1 May. It is red. 这是红的。那是黑的。";
    expect(places(answer, [13, 25], [20, 23])).toEqual([[13, 25]]);
    expect(places(answer, [25, 30], [27, 28])).toEqual([[25, 30]]);
    expect(places(answer, [25, 31], [27, 28])).toEqual([[27, 28]]);
  });

  it("that cannot be are refused", () => {
    expect(() => places("abc", [2, 1])).toThrow(/from 2 to 1/);
    expect(() => places("abc", [Number.NaN, 1])).toThrow(/from NaN to 1/);
    expect(() => places("abc", [0.5, 1])).toThrow(/whole numbers/);
  });
});

describe("the default rule", () => {
  it("is a noisy-or of the strongest of each signal", () => {
    const weak = finding(0, 1, { signal: "retrieval", strength: 0.2 });
    const strong = finding(0, 1, { signal: "retrieval", strength: 0.5 });
    const other = finding(0, 1, { signal: "patterns", kind: "number-not-in-context", strength: 1 });
    expect(noisyOr([weak, strong])).toBeCloseTo(0.6 * 0.5, 12);
    expect(noisyOr([weak, strong, other])).toBeCloseTo(1 - (1 - 0.3) * (1 - 0.8), 12);
    expect(noisyOr([])).toBe(0);
  });

  it("weighs patterns as their own suspicion does", async () => {
    // 0.5 in the one and 0.7 in the other scale were two scores for one finding.
    for (const [kind, weight] of Object.entries(PATTERN_WEIGHTS))
      expect(noisyOr([finding(0, 1, { signal: "patterns", kind, strength: 1 })])).toBeCloseTo(weight, 12);
    const answer = "She was born on 30 February 1832.";
    const examined = await examine({ answer }, [detectPatterns()]);
    expect(fuse(examined).probability).toBeCloseTo(examined.examinations[0]!.suspicion!, 12);
  });

  it("is used without an artefact, and marked as no calibrated number", () => {
    const examinations = [
      examination("anomaly", 2.5, {
        findings: [finding(0, 3, { strength: 1 }), finding(6, 8, { strength: 0.5 })],
      }),
      examination("patterns", 0, {
        findings: [finding(2, 5, { signal: "patterns", kind: "isbn", strength: 1 })],
      }),
    ];
    const fused = fuse({ answer: "0123456789", examinations });
    expect([fused.calibrated, fused.reason]).toEqual([false, undefined]);
    expect(fused.spans).toMatchObject([
      { start: 0, end: 5, because: [{ signal: "anomaly" }, { signal: "patterns" }] },
      { start: 6, end: 8, because: [{ strength: 0.5 }] },
    ]);
    expect(fused.spans[0]!.score).toBeCloseTo(1 - 0.7 * 0.3, 12);
    expect(fused.spans[1]!.score).toBeCloseTo(0.15, 12);
    expect(fused.probability).toBeCloseTo(1 - 0.7 * 0.3, 12);
  });

  it("takes a probability that has no place, and tells no suspicion from one that cannot be said", () => {
    const series = { ...examination("series", 0.8), unit: PROBABILITY_WRONG };
    expect(defaultSuspicion([series])).toBeCloseTo(0.4, 12);
    expect(defaultSuspicion([examination("anomaly", 3)])).toBe(0);
    expect(defaultSuspicion([examination("anomaly", null)])).toBeNull();
    expect(fuse({ answer: "a", examinations: [] })).toMatchObject({
      probability: null,
      reason: "no detector looked at the answer",
    });
  });

  it.each(SIGNALS)("knows a weight of %s", (signal: Signal) => {
    expect(noisyOr([finding(0, 1, { signal, kind: "constructor", strength: 1 })])).toBeGreaterThan(0);
  });
});
