/**
 * The picture of docs/calibration.md: 1,000 simulated answers of a model that claims more than it knows.
 * `node scripts/calibration-picture.mjs` writes docs/images/calibration.svg, the same on every run. Needs `npm run build`.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { measureCalibration } from "../dist/entries/calibrate.js";
import { reliabilityDiagram, renderSvg } from "../dist/entries/charts-node.js";

let state = 7;
/** Park & Miller's generator: the answers are the same on every run. */
const random = () => {
  state = (state * 16807) % 2147483647;
  return state / 2147483647;
};
const scores = Float64Array.from({ length: 1000 }, () => 0.3 + 0.7 * Math.sqrt(random()));
const correct = Uint8Array.from(scores, (score) => (random() < 0.15 + 0.6 * score ** 2 ? 1 : 0));
const { reliability, confidence } = measureCalibration({ scores, correct }, { bins: 10 });
const chart = reliabilityDiagram({ ...reliability, level: 0.95, title: "Reliability" });
const target = fileURLToPath(new URL("../docs/images/calibration.svg", import.meta.url));
writeFileSync(target, `${renderSvg(chart, { width: 480 })}\n`);
console.log(confidence.words, target);
