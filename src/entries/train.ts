/** `surprisal/train`: training curves: logs of any trainer as runs, what they say, and when to stop. */
export * from "../train/index.ts";
