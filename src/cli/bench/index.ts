export { columnsOf } from "./columns.ts";
export { detectorsOf } from "./detectors.ts";
export { withFused } from "./fused.ts";
export { type BenchRow, readBenchItems } from "./given.ts";
export { BASELINES, type ChosenMethods, chooseMethods } from "./methods.ts";
export { type BenchSetup, measureBenched } from "./more.ts";
export { sectionsOf } from "./sections.ts";
