/**
 * What is said of training curves whose truth is known: 200 whose seeds the thresholds were chosen on, 200 of seeds that were
 * first looked at when all had been chosen (30001 on: never tune on them), and the logs of this repository.
 */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  analyseRun,
  outlookOf,
  phasesOf,
  RunMonitor,
  readTrainingLog,
  type TrainingRun,
} from "../src/train/index.ts";
import { type DrawnCurve, drawCurve } from "./training-curves.ts";

const log = (name: string) => fileURLToPath(new URL(`../tools/train/logs/${name}.jsonl`, import.meta.url));

function runOf({ train, valid }: Pick<DrawnCurve, "train" | "valid">): TrainingRun {
  const unit = { unit: "nats", known: true } as const;
  return {
    name: "drawn",
    train: { tag: "train", ...train },
    valid: { tag: "valid", ...valid },
    units: { train: unit, valid: unit },
    axis: "step",
    per: "token",
    tokensPerStep: null,
    bytesPerToken: null,
    rows: 0,
    notes: [],
  };
}

describe.each([
  ["seeds the thresholds were chosen on", 1],
  ["seeds that nothing was chosen on", 30_001],
])("200 drawn curves, %s", (_, from) => {
  const curves = Array.from({ length: 200 }, (_, i) => drawCurve(from + i));

  it("alarms falsely in at most 2 % of those that do not overfit, too early in at most 2 %, and misses at most 5 %", () => {
    let [falsely, early, missed, overfitting] = [0, 0, 0, 0];
    for (const curve of curves) {
      const [alarm] = new RunMonitor().update(runOf(curve)).filter(({ kind }) => kind === "overfit");
      if (!curve.overfits) {
        if (alarm) falsely++;
        continue;
      }
      overfitting++;
      // An alarm before the loss has turned is a false one too; a fiftieth of the run is the width of the planted corner.
      if (alarm && alarm.step < curve.turn! - 0.02 * curve.length) early++;
      else if (!alarm) missed++;
    }
    expect(falsely / (curves.length - overfitting)).toBeLessThanOrEqual(0.02);
    expect((falsely + early) / curves.length).toBeLessThanOrEqual(0.02);
    expect(missed / overfitting).toBeLessThanOrEqual(0.05);
  });

  it("finds at least 90 % of the planted change-points within 10 % of the run", () => {
    let [planted, found] = [0, 0];
    for (const { valid, changes, length } of curves) {
      const began = phasesOf(valid, "valid")
        .slice(1)
        .map(({ from }) => from);
      planted += changes.length;
      found += changes.filter((change) => began.some((at) => Math.abs(at - change) <= 0.1 * length)).length;
    }
    expect(found / planted).toBeGreaterThanOrEqual(0.9);
  });
});

describe("overtrained.jsonl", () => {
  it("is best at 200, and overfits", async () => {
    const [run] = await readTrainingLog(log("overtrained"));
    const { best, overfit, phases, outlook } = analyseRun(run!);
    expect(best).toEqual({ step: 200, loss: 4.3485108613967896 });
    expect(overfit).toMatchObject({ turned: true });
    expect(phases.map(({ kind }) => kind)).toEqual(["fast fall", "slow fall", "overfitting"]);
    expect(outlook).toMatchObject({ gain: null, reason: expect.stringContaining("turned") });
    expect(run).toMatchObject({ tokensPerStep: 2048, units: { valid: { unit: "nats", known: true } } });
  });

  it("alarms after step 220 and by 320 when it is read point by point", async () => {
    const [whole] = await readTrainingLog(log("overtrained"));
    const { train, valid } = whole!;
    const monitor = new RunMonitor();
    const growing = { ...runOf({ train: { steps: [], losses: [] }, valid: { steps: [], losses: [] } }) };
    for (const [i, step] of train!.steps.entries()) {
      growing.train!.steps.push(step);
      growing.train!.losses.push(train!.losses[i]!);
      const at = valid!.steps.indexOf(step);
      if (at >= 0) {
        growing.valid!.steps.push(step);
        growing.valid!.losses.push(valid!.losses[at]!);
      }
      monitor.update(growing);
    }
    const alarm = monitor.alarms.find(({ kind }) => kind === "overfit");
    expect(alarm).toMatchObject({ best: { step: 200 } });
    expect(alarm!.step).toBeGreaterThan(220);
    expect(alarm!.step).toBeLessThanOrEqual(320);
    // The same as read at once.
    expect(new RunMonitor().update(whole!).map(({ kind, step }) => [kind, step])).toEqual(
      monitor.alarms.map(({ kind, step }) => [kind, step]),
    );
  });

  it.each(["mini", "lab", "lab-pruned-full", "lab-pruned-random"])("%s does not", async (name) => {
    const [run] = await readTrainingLog(log(name));
    expect(analyseRun(run!).alarms.filter(({ kind }) => kind !== "plateau" && kind !== "spike")).toEqual([]);
  });
});

describe("outlook", () => {
  it("has the true gain of a power law in its interval, at least 8 times of 10", () => {
    let covered = 0;
    for (let seed = 1; seed <= 40; seed++) {
      let state = seed * 7919;
      const random = () => {
        state = (state * 1103515245 + 12345) % 2 ** 31;
        return state / 2 ** 31;
      };
      const steps = Array.from({ length: 1000 }, (_, i) => 10 * (i + 1));
      const truth = (t: number) => 2 + 6 * t ** -0.35;
      const losses = steps.map((t) => truth(t) + 0.02 * (random() + random() + random() + random() - 2));
      const { gain } = outlookOf({ steps, losses }, { ahead: 2000 });
      const right = truth(10_000) - truth(12_000);
      if (gain !== null && gain.low <= right && right <= gain.high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(32);
  });

  it("says nothing of a level line, of few points, of no curve", () => {
    const steps = Array.from({ length: 200 }, (_, i) => i + 1);
    expect(outlookOf({ steps, losses: steps.map((t) => 3 + 0.01 * Math.sin(t * 12.9898)) })).toMatchObject({
      gain: null,
      law: null,
    });
    expect(outlookOf({ steps: [1, 2, 3], losses: [3, 2, 1] }).gain).toBeNull();
    expect(outlookOf(null).reason).toContain("no curve");
  });
});
