/** Text for people: numbers, widths, wrapping, and what is hidden in a text made visible. */
export { channels, inkOn, luminance } from "./colour.ts";
export { type DecodedText, decodeText } from "./decode.ts";
export { escapeMarkup } from "./escape.ts";
export { infinityAsText, infinityFromText, repeatedKey } from "./json.ts";
export { distinctLabels, shortenMiddle } from "./labels.ts";
export {
  errorStyle,
  formatPerplexity,
  formatPerplexityDifference,
  formatRatio,
  isPerplexityName,
  perplexityAndError,
} from "./log-intervals.ts";
export { nearestNames } from "./nearest-names.ts";
export {
  formatBits,
  formatBytes,
  formatCount,
  formatDuration,
  formatList,
  formatNumber,
  formatParameters,
  formatPercent,
  formatPlural,
  formatProbability,
  formatRate,
  formatWithError,
  isNumber,
  numberAndError,
} from "./numbers.ts";
export { cutSentences, type Sentence, SentenceStream } from "./sentences.ts";
export {
  byteLength,
  clusters,
  clusterWidth,
  decodeLossless,
  displayWidth,
  inSentence,
  isLineBreak,
  shorten,
  visible,
  visibleCluster,
  visibleToken,
} from "./visible.ts";
export { type Cell, cellsOf, wrapCells, wrapWords } from "./wrap.ts";
