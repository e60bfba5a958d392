export { type ItemRow, itemOf, readItems } from "./given.ts";
export { judgeOf } from "./judge.ts";
export { listedMethods } from "./list.ts";
export type { Setup } from "./measure.ts";
export { planOf, planText } from "./plan.ts";
export { rank } from "./rank.ts";
export { type ConfidenceRow, type FailedRow, failureOf, keptRows, measureAll } from "./run.ts";
export { viewOf } from "./view.ts";
