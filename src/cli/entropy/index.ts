/** The commands of `surprisal entropy`. */
export { blocksCommand } from "./blocks.ts";
export { context } from "./context.ts";
export { converge } from "./converge.ts";
export { cross } from "./cross.ts";
export { next } from "./next.ts";
