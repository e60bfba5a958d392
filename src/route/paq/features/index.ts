/** What a PAQ router knows of a prompt. */
export type { PaqFeatures, PaqVector } from "./contract.ts";
export { encoderFeatures } from "./encoder.ts";
export { joinedFeatures } from "./joined.ts";
export { STATISTICS, statisticsFeatures, statisticsOf } from "./statistics.ts";
