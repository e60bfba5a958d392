/** What both fitted models of this room are made of. Internal to it. */
export {
  calibrated,
  contributionOf,
  fitHead,
  heldOutProbabilities,
  type LabelledTable,
  type LinearHead,
  logitOf,
} from "./head.ts";
export { type NamedNumbers, requireNumber, tableOf } from "./table.ts";
