/** The noise floor where answers of a group are right or wrong together: over simulated sets of known truth. */
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../core/index.ts";
import { measureCalibration, noiseFloor, type Pairs, tallyOf } from "../index.ts";

/**
 * Answers of a calibrated model in groups of three: right where a number is below the score, the group's own with probability
 * sqrt(likeness). @param shift what is claimed beyond the truth. @param isOneScore a group has one score, as copies have.
 */
function inGroups(seed: number, likeness: number, { shift = 0, isOneScore = false } = {}): Pairs {
  const random = seededRandom(seed);
  const [scores, correct, groups]: [number[], boolean[], number[]] = [[], [], []];
  for (let group = 0; group < 100; group++) {
    const [common, score] = [random(), Math.sqrt(random())];
    for (let i = 0; i < 3; i++) {
      const truth = isOneScore ? score : Math.sqrt(random());
      scores.push(Math.min(1, truth + shift));
      correct.push((random() < Math.sqrt(likeness) ? common : random()) < truth);
      groups.push(group);
    }
  }
  return { scores, correct, groups };
}

const SETS = 150;
/** Of so many sets, the share whose error is inside the floor; the floor is an upper one, at 97.5 %. */
function inside(likeness: number, options = {}, knowsGroups = true): { inside: number; likeness: number } {
  let [count, sum] = [0, 0];
  for (let seed = 0; seed < SETS; seed++) {
    const pairs = inGroups(500 + seed, likeness, options);
    const floor = noiseFloor(tallyOf(pairs), {
      simulations: 200,
      seed,
      ...(knowsGroups && { pairs }),
    });
    if (floor.inside) count++;
    sum += floor.withinGroups ?? 0;
  }
  return { inside: count / SETS, likeness: sum / SETS };
}
const MARGIN = 3 * Math.sqrt((0.975 * 0.025) / SETS) + 0.01; // of the simulations' own quantile, too

describe("the noise floor of groups", () => {
  it.each([0, 0.5, 1])("holds the error of calibrated sets that are alike by %f", (likeness) => {
    const found = inside(likeness);
    expect(Math.abs(found.inside - 0.975)).toBeLessThan(MARGIN);
    expect(Math.abs(found.likeness - likeness)).toBeLessThan(0.08);
  });

  it("holds it for copies of one answer, which is lost where groups are not known", () => {
    expect(Math.abs(inside(1, { isOneScore: true }).inside - 0.975)).toBeLessThan(MARGIN);
    expect(inside(1, { isOneScore: true }, false).inside).toBeLessThan(0.5);
  });

  it("is no excuse for a model that is over-confident about all of them", () => {
    const found = inside(0, { shift: 0.2 });
    expect(found.inside).toBeLessThan(0.05);
    expect(found.likeness).toBeLessThan(0.1);
  });

  it("is the same as without groups where each answer has its own, and says how alike they were", () => {
    const pairs = inGroups(1, 1);
    const report = (groups: Pairs["groups"]) =>
      measureCalibration({ ...pairs, groups }, { resamples: 2, simulations: 50 }).noiseFloor;
    const alone = report(undefined);
    expect(report(Array.from(pairs.scores, (_, i) => i))).toEqual(alone);
    expect(alone.withinGroups).toBeNull();
    expect(report(pairs.groups).withinGroups).toBeGreaterThan(0.8);
    expect(report(pairs.groups).high).toBeGreaterThan(alone.high);
  });
});
