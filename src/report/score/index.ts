/** What the page of one scored text and the terminal share. */
export { shownMeasures } from "./measures.ts";
export { type Piece, piecesOf, splitSpaces, tokenBits } from "./pieces.ts";
export { compressors, leftOut, provenance, summary } from "./provenance.ts";
export { RANK_STYLE, rankClassOf, rankSwitch } from "./ranks.ts";
export {
  type Background,
  BITS_PER_SHADE,
  onPage,
  SHADES,
  shadeColours,
  shadeLabel,
  shadeOf,
} from "./shades.ts";
export { type StandInView, standInLine } from "./stand-in.ts";
export { expectedAt, labelsOf, mostSurprising, type SurprisingToken } from "./surprising.ts";
export type { ScoreView } from "./view.ts";
