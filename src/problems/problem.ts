/** What a synthetic reasoning problem is. */

/** The tasks, by the names of their models in DeepMind's Mathematics Dataset (Saxton and others 2019). */
export const TASKS = ["algebra_linear_1d", "base_conversion", "arithmetic"] as const;
/** One of TASKS. */
export type Task = (typeof TASKS)[number];

/** 1 = nearly every small model answers at once, 5 = nearly none does. Each task's file says what a level holds. */
export const DIFFICULTIES = [1, 2, 3, 4, 5] as const;
/** One of DIFFICULTIES. */
export type Difficulty = (typeof DIFFICULTIES)[number];

/** One line of a chain of reasoning. */
export interface Step {
  text: string;
  /** `false`: redundant by construction (the problem said again, the result repeated, a check at the end). */
  essential: boolean;
}

/** A question, the steps that solve it, and the answer. */
export interface Problem {
  task: Task;
  difficulty: Difficulty;
  /** One line, without an instruction. */
  question: string;
  /** The whole chain, redundant steps included. */
  steps: Step[];
  /** Canonical: a decimal integer, or the digits in the base asked for. */
  answer: string;
}

export type Generate = (random: () => number, difficulty: Difficulty) => Problem;

export const essential = (text: string): Step => ({ text, essential: true });
export const redundant = (text: string): Step => ({ text, essential: false });
