/** What can go wrong with a server, and whether another attempt may mend it. */
import { SurprisalError, type SurprisalErrorOptions } from "../../core/index.ts";

/** What a server says about its own error, as far as it says anything. */
export interface ServerComplaint {
  message: string;
  /** The request's field the server complains about; `null` when it names none. */
  field: string | null;
}

/** An answer with an error status, with what the server said. */
export class ServerRefusal extends SurprisalError {
  /** HTTP status. */
  readonly status: number;
  readonly complaint: ServerComplaint;
  /** Pause the server asked for, milliseconds; `null` = it asked for none. */
  readonly retryAfterMs: number | null;

  constructor(
    options: SurprisalErrorOptions,
    details: Pick<ServerRefusal, "status" | "complaint" | "retryAfterMs">,
  ) {
    super(options);
    this.status = details.status;
    this.complaint = details.complaint;
    this.retryAfterMs = details.retryAfterMs;
  }

  /** Another attempt may succeed: the server is busy, or was for a moment not itself. */
  get passing(): boolean {
    return this.status === 408 || this.status === 425 || this.status === 429 || this.status >= 500;
  }
}

/** No connection, or no answer on it. */
export class ServerUnreachable extends SurprisalError {
  /** "connected": worth another attempt only if this server has answered before. */
  readonly retry: "never" | "connected" | "always";

  constructor(
    retry: ServerUnreachable["retry"],
    what: string,
    where: string,
    cause?: unknown,
    wayOut: string = "Check the address, and that the server is running and can be reached from here.",
  ) {
    super({
      code: "SERVER_UNREACHABLE",
      what,
      where,
      wayOut,
      cause,
    });
    this.retry = retry;
  }
}

/** @param where the server, and the field: `http://host/v1, choices[0].logprobs`. */
export function malformed(what: string, where: string): SurprisalError {
  return new SurprisalError({
    code: "WIRE_MALFORMED",
    what,
    where,
    wayOut:
      "Nothing after this can be trusted. Check what stands between you and the server, and the server itself.",
  });
}

export function streamCut(what: string, where: string, cause?: unknown): SurprisalError {
  return new SurprisalError({
    code: "STREAM_CUT",
    what,
    where,
    wayOut: "The tokens so far are good; the answer is not complete. Ask again.",
    cause,
  });
}

/** An error that the server reported in the middle of its answer. */
export function serverError(complaint: ServerComplaint, where: string): SurprisalError {
  return new SurprisalError({
    code: "SERVER_ERROR",
    what: `The server reports an error: ${complaint.message}`,
    where,
  });
}

/** Longest quotation of a server's own words, characters. */
const QUOTATION = 500;

/** Errors within errors that are looked into. */
const DEEPEST = 8;

/**
 * The complaint in an error body, or `null` when the JSON is none. Servers write `{error: {message, param}}` (OpenAI and
 * most), `{error: "..."}` (TGI, Ollama), `{message}` or `{detail}` (FastAPI), `{title}` (RFC 9457), `{msg}`, `{error_msg}` (Baidu), `{errors:
 * [...]}` (Cloudflare), `{base_resp: {status_msg}}` (MiniMax), or one of these in a list (Gemini).
 */
export function complaintIn(json: unknown, depth = 0): ServerComplaint | null {
  if (depth > DEEPEST) return null;
  if (Array.isArray(json)) return json.length > 0 ? complaintIn(json[0], depth + 1) : null;
  if (typeof json !== "object" || json === null) return null;
  const { error, errors, detail, message, msg, error_msg, title, base_resp, param } = json as Record<
    string,
    unknown
  >;
  if (typeof error === "object" && error !== null)
    return complaintIn(error, depth + 1) ?? { message: quotationOf(error), field: null };
  const status = typeof base_resp === "object" && base_resp !== null ? base_resp : {};
  for (const words of [
    error,
    message,
    detail,
    msg,
    error_msg,
    title,
    (status as { status_msg?: unknown }).status_msg,
  ])
    if (typeof words === "string" && words !== "") return { message: quotation(words), field: asText(param) };
  if (Array.isArray(detail)) return { message: quotationOf(detail), field: null }; // FastAPI: places and words
  for (const others of [detail, errors, message])
    if (others !== undefined && others !== null && others !== "")
      return complaintIn(others, depth + 1) ?? { message: quotationOf(others), field: null };
  return null;
}

/** What only answers have: where one of these is there, words beside it are no error. */
const SAYS =
  "choices candidates content response generated_text token text meta_info output done delta usage usageMetadata".split(
    " ",
  );

/** Fields that hold words of an error where nothing else is said. */
const WORDS = ["message", "detail", "msg", "error_msg", "errors", "title"];

/**
 * The error that a server reports in a message of its answer, in its own words; `null` where it reports none. An `error`
 * that says nothing (`null`, `""`, `{}` beside an answer) is none.
 */
export function reportedError(json: unknown): ServerComplaint | null {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return null;
  const fields = json as Record<string, unknown>;
  const { error, object, type, base_resp: status } = fields;
  const complaint = () => complaintIn(json) ?? { message: quotationOf(json), field: null };
  if (object === "error" || type === "error") return complaint(); // vLLM once wrote {object: "error"}
  if (isFailedStatus(status)) return complaintIn({ base_resp: status }) ?? complaint();
  const answers = SAYS.some((name) => isSaid(fields[name])) || isObject(fields.message);
  if (error !== undefined && !isNothing(error, answers))
    return complaintIn({ error }) ?? { message: quotationOf(error), field: null };
  if (answers || /ping|alive|heartbeat/i.test(asText(type) ?? "")) return null;
  if (WORDS.some((name) => !isNothing(fields[name] ?? null, true))) return complaintIn(json);
  const [name] = Object.keys(fields).filter((name) => /Exception$/.test(name)); // Amazon Bedrock names an event so
  return name ? (complaintIn(fields[name]) ?? { message: name, field: null }) : null;
}

/** MiniMax: every answer has its status, 0 of one that is well. */
function isFailedStatus(status: unknown): boolean {
  if (typeof status !== "object" || status === null) return false;
  const { status_code: code } = status as { status_code?: unknown };
  return typeof code === "number" && code !== 0;
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}

function isSaid(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** @param beside something else is said: then an empty object is no error either. */
function isNothing(error: unknown, beside: boolean): boolean {
  if (error === null || error === "" || error === false || error === 0) return true;
  if (!beside || typeof error !== "object") return false;
  return Object.values(error).every((value) => value === null || value === "" || value === 0);
}

export function quotation(words: string): string {
  const line = words.replace(/\s+/g, " ").trim();
  return line.length > QUOTATION ? `${line.slice(0, QUOTATION)}...` : line;
}

/** What a server wrote that is no words. */
function quotationOf(json: unknown): string {
  try {
    return quotation(JSON.stringify(json) ?? String(json));
  } catch {
    return "it cannot be shown"; // nested too deep for JSON.stringify
  }
}

function asText(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
