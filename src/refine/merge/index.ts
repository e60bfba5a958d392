export type { MergeRequest, Merger } from "./merger.ts";
export { MERGE_PROMPT, type RewriteOptions, rewriteMerger } from "./rewrite.ts";
export { substituteStep } from "./substitute.ts";
