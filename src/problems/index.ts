export {
  MIXED_KINDS,
  MIXED_WORDING,
  type MixedKind,
  type MixedOptions,
  type MixedProblem,
  mixedArithmetic,
} from "./mixed.ts";
export {
  DIFFICULTIES,
  type Difficulty,
  type Problem,
  type Step,
  TASKS,
  type Task,
} from "./problem.ts";
export { type ProblemOptions, problems, SPLITS, type Split, splitOf } from "./problems.ts";
export {
  completion,
  type DocumentOptions,
  documents,
  isCorrect,
  MODES,
  type Mode,
  type ParsedOutput,
  parseOutput,
  prompt,
} from "./text.ts";
