/** Servers of language models: HTTP, streams, and what every wire format has in common. Nothing here knows a format. */
export { baseAddress, shownAddress } from "./address.ts";
export { RemoteClient, type RemoteClientOptions, type RequestOptions } from "./client.ts";
export { readNdjson, readServerSentEvents } from "./events.ts";
export { parseJson } from "./json.ts";
export { ApiKey } from "./key.ts";
export type { RemoteAnswer } from "./remote-answer.ts";
export * from "./wire.ts";
