/** Text for people: numbers, widths, wrapping, and what is hidden in a text made visible. */
export { type DecodedText, decodeText } from "./decode.ts";
export { infinityAsText, infinityFromText } from "./json.ts";
export { nearestNames } from "./nearest-names.ts";
export {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatNumber,
  formatParameters,
  formatPlural,
  formatProbability,
  formatRate,
  formatWithError,
} from "./numbers.ts";
export {
  byteLength,
  clusters,
  clusterWidth,
  decodeLossless,
  displayWidth,
  isLineBreak,
  shorten,
  visible,
  visibleCluster,
  visibleToken,
} from "./visible.ts";
export { type Cell, cellsOf, wrapCells, wrapWords } from "./wrap.ts";
