/** An answer on the wire: whole, and as a stream. */
import type { Json } from "./pick.ts";

/** One event of a stream. */
export interface WireEvent {
  /** Name of a server-sent event; left out when it has none. */
  event?: string;
  /** A comment line in its place. */
  comment?: string;
  data?: Json | "[DONE]";
}

export interface WireAnswer {
  body: Json | Json[];
  events: readonly WireEvent[];
}

/** "sse": server-sent events; "sse-tight": without the space after "data:"; "ndjson": a line per event. */
export type Framing = "sse" | "sse-tight" | "ndjson";

export function frame({ event, comment, data }: WireEvent, framing: Framing): string {
  const json = typeof data === "string" ? data : JSON.stringify(data);
  if (framing === "ndjson") return `${json}\n`;
  if (comment !== undefined) return `: ${comment}\n\n`;
  const name = event === undefined ? "" : `event: ${event}\n`;
  return `${name}data:${framing === "sse" ? " " : ""}${json}\n\n`;
}
