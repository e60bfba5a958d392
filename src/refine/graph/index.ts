export { type Expression, readExpression, sameExpression } from "./expression.ts";
export {
  type DanglingReference,
  danglingReferences,
  describeReference,
  type StepGraph,
  type StepGraphOptions,
  type StepNode,
  type StepReference,
  stepGraph,
} from "./graph.ts";
export { equationsOf, type Item } from "./items.ts";
export { isNumber, numberName, numbersIn } from "./numbers.ts";
