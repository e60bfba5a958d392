/** Logs of trainers, told apart by their content. */
export { JsonLinesReader } from "./json-lines.ts";
export { LogSource, nameOf, readTrainingLog } from "./source.ts";
