/** What is wrong with an answer by its form alone, or against its documents. docs/hallucination.md has the kinds. */
export { PATTERN_KINDS, PATTERN_WEIGHTS, type PatternKind } from "./kinds.ts";
export type { PatternOptions } from "./options.ts";
export { detectPatterns, PatternWatch } from "./patterns.ts";
