/** One harness for every router, on records, without a model. */
export type { Interval } from "./bootstrap.ts";
export type { Route, RouteOf } from "./columns.ts";
export { accuracyTokensCurve, type CurvePoint } from "./curve.ts";
export {
  type DeepConfEvaluation,
  type EvaluateDeepConfOptions,
  evaluateDeepConf,
  type VoteResult,
} from "./deepconf.ts";
export {
  type DecisionClasses,
  type EvaluateRouterOptions,
  evaluateRouter,
  type MethodResult,
  type RouterEvaluation,
} from "./evaluate.ts";
export {
  chooseExit,
  type EvaluateExitOptions,
  type ExitEvaluation,
  type ExitPoint,
  type ExitResult,
  evaluateExit,
  exitCurve,
} from "./exit.ts";
export {
  type EvaluatePaqOptions,
  evaluatePaq,
  type PaqEvaluation,
  type PaqMethod,
  type PaqRoute,
} from "./paq.ts";
export { randomRoutingPValue } from "./random-routing.ts";
export { REWORDINGS, type Rewording, reworded } from "./rewordings.ts";
export { carRoute, cascadeRoute } from "./routes.ts";
export { type EvaluateSplitsOptions, evaluateSplits, type SplitsEvaluation } from "./splits.ts";
