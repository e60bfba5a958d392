export { cut, readBytes } from "./bytes.ts";
export type { Corpus, CorpusDocument, CorpusRule } from "./corpus.ts";
export { CorpusDigest, sha256 } from "./digest.ts";
export {
  FINAL_LINE_BREAK_OFF,
  takesFinalLineBreakOff,
  withoutFinalLineBreak,
} from "./final-line-break.ts";
export { readMessages } from "./messages.ts";
export { type OpenCorporaOptions, openCorpora } from "./open.ts";
export { describedParquet } from "./parquet.ts";
export type { Reading } from "./reading.ts";
export { RULES, type RuleName, type TextRule } from "./rules.ts";
export { actualFile } from "./sniff.ts";
export {
  type CorpusFormat,
  type StoredFile,
  specialFile,
  storedFile,
  tooLarge,
  whileUnchanged,
} from "./stored-file.ts";
export { tableObjects } from "./table-objects.ts";
export type { Unreadable, UnreadablePart } from "./unreadable.ts";
export { decodeAt } from "./utf8.ts";
