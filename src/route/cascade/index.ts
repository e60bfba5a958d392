/** Several models, cheapest first: the next is asked where it is likely enough to do better, for its price. */
export type {
  CascadeArtefact,
  CascadeGoal,
  CascadePoint,
  CascadeStepFit,
  LaterModel,
  TokenPrice,
} from "./artefact.ts";
export { type CascadeDecision, decideCascade, type WeighedModel } from "./decide.ts";
export type { CascadeFitOptions } from "./fit.ts";
/** Several models, cheapest first: `cascade.fit(records, { steps })`, `router.run(models, question)`. */
export * as cascade from "./namespace.ts";
export type { CascadeRecordOptions } from "./record.ts";
export {
  type CascadeAnswer,
  type CascadeAttempt,
  type CascadeModel,
  type CascadeModelOptions,
  type CascadeReply,
  CascadeRouter,
  type CascadeRunOptions,
} from "./run.ts";
