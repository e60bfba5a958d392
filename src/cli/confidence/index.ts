export { bySamples } from "./estimates.ts";
export { attempt, type Item, type ItemRow, itemOf, itemsOf, readItems } from "./given.ts";
export { isObject, type Line, malformed } from "./lines.ts";
export { listedMethods } from "./list.ts";
export {
  clusterRule,
  drawn,
  type Made,
  type Measured,
  measure,
  promptFor,
  type Setup,
  type Spent,
} from "./measure.ts";
export { numbersOf } from "./numbers.ts";
export { planOf, planText } from "./plan.ts";
export { textOfQuestion } from "./question.ts";
export { rank } from "./rank.ts";
export {
  type ConfidenceRow,
  type DoneRow,
  type FailedRow,
  failureOf,
  keptRows,
  measureAll,
  rowsIn,
} from "./run.ts";
export { ALTERNATIVES } from "./scored.ts";
export { NO_MODEL, recipeOf, setupOf, type UsedModels } from "./setup.ts";
export { viewOf } from "./view.ts";
export { writeOne } from "./written.ts";
