export { attempt, type Item, type ItemRow, itemOf, itemsOf, readItems } from "./given.ts";
export { judgeOf } from "./judge.ts";
export { isObject, type Line, malformed } from "./lines.ts";
export { listedMethods } from "./list.ts";
export { drawn, measure, promptFor, type Setup } from "./measure.ts";

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
export { viewOf } from "./view.ts";
export { writeOne } from "./written.ts";
