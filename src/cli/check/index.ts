/** `surprisal check`: a configuration read, measured, judged, and told to people and to CI. */
export { type Baseline, readBaseline, writeBaseline } from "./baseline.ts";
export { BASELINE_NAME, CONFIG_NAMES, readConfig } from "./config.ts";
export { EXAMPLE } from "./example.ts";
export type { Measurement } from "./measure.ts";
export { annotations, junit, measuredOf, numbersOf, stepSummary, wordsOf } from "./outputs.ts";
export { type CheckResult, exitCodeFor, judgeAll, measureAll, stateOf } from "./run-checks.ts";
