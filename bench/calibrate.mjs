/** Measures of calibration over a million answers: all of them once, and with 200 resamples. */
import { measureCalibration } from "../dist/entries/calibrate.js";
import { row, send } from "./_shared.mjs";

const N = 1_000_000;
let state = 1;
/** Park & Miller's generator: the answers are the same on every run. */
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const scores = Float64Array.from({ length: N }, () => Math.sqrt(random()));
const correct = Uint8Array.from(scores, (score) => (random() < score ** 1.3 ? 1 : 0));

const seconds = (work) => {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
};
const two = seconds(() => measureCalibration({ scores, correct }, { resamples: 2 }));
const all = seconds(() => measureCalibration({ scores, correct }, { resamples: 200 }));
const each = (all - two) / 198;
send([
  row("calibration, 1,000,000 answers, all measures, s", two - 2 * each, "<=", 2),
  row("calibration, the same with 200 resamples, s", all, "<=", 30),
]);
