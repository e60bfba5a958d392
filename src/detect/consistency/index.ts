/** What further samples of an answer do not say again. */
export { CONSISTENCY_KINDS, type ConsistencyOptions, detectConsistency } from "./consistency.ts";
