import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { car, monitorQuality, type QualityAlarm, type RouteRecord } from "../index.ts";

const random = seededRandom(1);
const records = Array.from({ length: 800 }, (_, i): RouteRecord => {
  const nll = random();
  return {
    id: `${i}`,
    paths: {
      short: { correct: random() < 1 - nll ** 2, tokens: 3, signals: { nll } },
      long: { correct: true, tokens: 20 },
    },
  };
});

describe("monitorQuality", () => {
  it("counts rates since the beginning and over the last answers", () => {
    const monitor = monitorQuality({ window: 10 });
    for (let i = 0; i < 20; i++)
      monitor.observe({
        path: i < 15 ? "short" : "long",
        signal: i % 4 === 0 ? null : 0.5,
        tokens: i,
        ...(i % 2 === 0 && { correct: i % 4 === 0 }),
      });
    const { total, recent, observed, tokens, ms, drift } = monitor.reading();
    expect(observed).toBe(20);
    expect(total["path:short"]).toEqual({ hits: 15, of: 20, rate: 0.75 });
    expect(recent["path:short"]).toEqual({ hits: 5, of: 10, rate: 0.5 });
    expect(recent["path:long"]).toEqual({ hits: 5, of: 10, rate: 0.5 });
    expect(total.missing).toEqual({ hits: 5, of: 20, rate: 0.25 });
    expect(total.wrong).toEqual({ hits: 5, of: 10, rate: 0.5 });
    expect(recent["wrong on long"]).toEqual({ hits: 1, of: 2, rate: 0.5 });
    expect([tokens, ms, drift]).toEqual([14.5, null, null]);
  });

  it("raises an alarm with its cause once a rate is surely outside, and again only after it was inside", () => {
    const raised: QualityAlarm[] = [];
    const monitor = monitorQuality({
      window: 40,
      limits: [{ rate: "missing", above: 0.05 }],
      onAlarm: (alarm) => raised.push(alarm),
    });
    const observe = (n: number, missing: boolean) => {
      for (let i = 0; i < n; i++) monitor.observe({ signal: missing ? null : 0.1 });
    };
    observe(40, false);
    observe(3, true); // 3 of 40 are above 0.05, but not surely
    expect(raised).toEqual([]);
    observe(12, true);
    expect(raised).toHaveLength(1);
    expect(raised[0]).toMatchObject({
      kind: "rate",
      rate: "missing",
      cause: expect.stringMatching(/missing is .* over the last 40 answers, surely above 0\.05/),
    });
    expect(monitor.reading().alarms).toEqual(raised);
    observe(60, false);
    expect(monitor.reading().alarms).toEqual([]);
    observe(20, true);
    expect(raised).toHaveLength(2);
  });

  it("holds a router to the risk that it was fitted for", () => {
    const { artefact } = car.fit(records, { goal: { kind: "risk", risk: 0.1 } });
    const monitor = monitorQuality({ artefact, window: 100 });
    const alarms = Array.from({ length: 100 }, (_, i) =>
      monitor.observe({ path: "short", correct: i % 2 === 0 }),
    ).flat();
    expect(alarms).toMatchObject([
      { kind: "rate", rate: "wrong on short", cause: expect.stringMatching(/surely above 0\.1/) },
    ]);
    const fine = monitorQuality({ artefact, window: 100 });
    for (let i = 0; i < 300; i++) expect(fine.observe({ path: "short", correct: i % 12 !== 0 })).toEqual([]);
  });

  it("sees drift of the signals, and says since when", () => {
    const { artefact } = car.fit(records);
    const monitor = monitorQuality({ artefact });
    const next = seededRandom(2);
    for (let i = 0; i < 300; i++) expect(monitor.observe({ signal: next() })).toEqual([]);
    const alarms = Array.from({ length: 200 }, () => monitor.observe({ signal: 0.7 + 0.5 * next() })).flat();
    expect(alarms).toMatchObject([
      { kind: "drift", cause: expect.stringMatching(/no longer like the 800 of the reference/) },
    ]);
    expect(monitor.reading().drift).toMatchObject({ drifted: true, since: expect.any(Number) });
  });

  it("sets off no more false alarms at a look than was allowed", () => {
    const next = seededRandom(3);
    let looks = 0;
    let alarms = 0;
    for (let stream = 0; stream < 1000; stream++) {
      const monitor = monitorQuality({ window: 10, limits: [{ rate: "failed", above: 0.2 }], error: 0.01 });
      for (let i = 0; i < 10; i++) monitor.observe({ failed: next() < 0.2 });
      alarms += monitor.reading().alarms.length;
      looks++; // fewer than 10 answers are not looked at
    }
    expect(alarms / looks).toBeLessThanOrEqual(0.01 + 3 * Math.sqrt((0.01 * 0.99) / looks));
  });

  it("refuses what cannot be watched", () => {
    expect(() => monitorQuality({ window: 3 })).toThrow(/nothing of a rate/);
    expect(() => monitorQuality({ limits: [{ rate: "failed" }] })).toThrow(/no bound/);
    expect(() => monitorQuality({ limits: [{ rate: "failed", above: 2 }] })).toThrow(/no rate/);
  });
});
