/** What both fitted models of this room are made of. Internal to it. */
export type { DroppedFeature } from "./design.ts";
export {
  calibrated,
  contributionOf,
  type FoldOptions,
  fitHead,
  heldOutProbabilities,
  type LabelledTable,
  type LinearFeature,
  type LinearHead,
  logitOf,
} from "./head.ts";
export { type NamedNumbers, requireNumber, tableOf } from "./table.ts";
