/** Methods against each other on answers whose labels are known: what each is worth, and which are told apart. */
export { contextOverlap, wordCount } from "./baselines.ts";
export {
  type BenchAnswers,
  type Benched,
  type BenchedMethod,
  type BenchOptions,
  benchMethods,
  CALIBRATORS,
  finiteOrder,
  type HeldOutCalibrator,
} from "./bench.ts";
export { type LabelledLength, lengthMatched } from "./matched.ts";
