/** Servers of language models: HTTP, streams, and what every wire format has in common. Nothing here knows a format. */
export { shownAddress } from "./address.ts";
export { tokensMatchText } from "./alignment.ts";
export { AnswerAssembler } from "./answer.ts";
export { type RemoteAnswer, RemoteClient, type RemoteClientOptions, type RequestOptions } from "./client.ts";
export { readNdjson, readServerSentEvents } from "./events.ts";
export {
  complaintIn,
  malformed,
  ServerRefusal,
  serverError,
  streamCut,
} from "./failure.ts";
export { readFields, wireNumber } from "./fields.ts";
export { parseJson } from "./json.ts";
export { ApiKey } from "./key.ts";
export { logprobOf, logprobOfProbability } from "./numbers.ts";
export { placeTokens } from "./placing.ts";
export {
  type AnswerReaderOptions,
  finishAnswer,
  readRecords,
  throwComplaint,
  type WireReader,
} from "./reader.ts";
export { type Piece, pieceOf, type WireAlternative, type WireToken } from "./wire-token.ts";
