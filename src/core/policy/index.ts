export { decidePolicy, type PolicyDecision, type PolicyMemory } from "./decide.ts";
export { type EarlyExit, type ExitVerdict, GO_ON } from "./exit.ts";
export { withLengths } from "./lengths.ts";
export type { MeasureScope, PolicyMeasure } from "./measures.ts";
export {
  type MonitoredTokens,
  type MonitorOptions,
  monitorTokens,
  type PolicyEvent,
  watchPolicy,
} from "./monitor.ts";
export type { Policy } from "./policy.ts";
/** Makes policies: `policy.any(policy.windowAbove(80), policy.repetition())`. */
export * as policy from "./policy.ts";
export type { PolicyProblem } from "./possible.ts";
export { type PolicyCircumstances, policyProblems } from "./problems.ts";
export { describePolicy, type PolicyText, parsePolicy } from "./text.ts";
export { untilStopped } from "./until-stopped.ts";
