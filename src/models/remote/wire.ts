/** The part of this door that reads answers and sends nothing: what a page or an edge function may load. */
export { tokensMatchText } from "./alignment.ts";
export { AnswerAssembler, type AnswerPiece } from "./answer.ts";
export { callText } from "./calls.ts";
export {
  complaintIn,
  malformed,
  reportedError,
  ServerRefusal,
  serverError,
  streamCut,
} from "./failure.ts";
export * as field from "./fields.ts";
/** One by one, for what is part of pages: bundlers keep all of `field`. */
export {
  array as listOf,
  byte as aByte,
  count as aCount,
  extend as extended,
  type Field,
  fallback as orElse,
  int as anInt,
  nullable as orNull,
  nullish as orNothing,
  number as aNumber,
  object as objectOf,
  optional as orLeftOut,
  readFields,
  record as recordOf,
  refine as holding,
  string as aString,
  union as oneOf,
  unknown as anything,
} from "./fields.ts";
export { logprobOf, logprobOfProbability } from "./numbers.ts";
export { placeTokens } from "./placing.ts";
export {
  type AnswerReaderOptions,
  readRecords,
  throwComplaint,
  type WireReader,
  wireReader,
} from "./reader.ts";
export { type Piece, pieceOf, type WireAlternative, type WireToken } from "./wire-token.ts";
