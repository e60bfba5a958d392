export { readSamples, refineLines, writtenText } from "./dataset.ts";
export { readDemonstrations, refineTogether } from "./demonstrations.ts";
export { checkFiles, filesOf, type RefineFiles } from "./files.ts";
export { checkOptions, checkScores, REFINE_PARAMETERS, type RefineGiven } from "./options.ts";
