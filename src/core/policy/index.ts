export { decidePolicy, type PolicyDecision, type PolicyMemory } from "./decide.ts";
export type { PolicyMeasure } from "./measures.ts";
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
export { describePolicy, type PolicyText, parsePolicy } from "./text.ts";
export { untilStopped } from "./until-stopped.ts";
