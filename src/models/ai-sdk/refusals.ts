/** Calls that fail because log-probabilities were asked for, and what is remembered of them. */
import type { CallFields, ModelName } from "./types.ts";

/** What of a call decides whether a provider gives numbers: some refuse them only beside tools or a schema. */
export type CallKind = "plain" | "tools" | "schema";

/** Requests that were no good, rather than bad luck: the same again would fail again. */
const REFUSED: readonly number[] = [400, 404, 405, 406, 409, 413, 415, 422, 501];

/** What providers and the AI SDK say of options that they do not take. */
const WORDS = /log[\s_-]?prob|provider ?options|no endpoints found/i;

/**
 * What servers answer that the asking made fail, and others too: 500 (vllm-project/vllm pull request 30059), 502 of a gateway
 * before such a one, 403 for what a plan or a model has no right to.
 */
const BROKEN: readonly number[] = [403, 500, 502];

/** A call that fails with numbers and works without, so often, is refused, whatever the words. */
const OFTEN = 2;

/** Errors within errors that are looked into. */
const DEEPEST = 4;

/** Remembers, for each model and kind of call, that numbers are refused, so that each is tried once. */
export class Refusals {
  readonly #known = new Map<string, string>();
  readonly #suspected = new Map<string, number>();

  /** What the provider said; `null` = it has not refused yet. A model that refuses plain calls refuses all. */
  of(model: ModelName, kind: CallKind): string | null {
    return this.#known.get(keyOf(model, "plain")) ?? this.#known.get(keyOf(model, kind)) ?? null;
  }

  /** To be called when the plain call worked. @param verdict of the error that the other one gave. */
  remember(model: ModelName, kind: CallKind, words: string, verdict: "refused" | "perhaps"): void {
    const key = keyOf(model, kind);
    const times = (this.#suspected.get(key) ?? 0) + 1;
    this.#suspected.set(key, times);
    if (verdict === "refused" || times >= OFTEN) this.#known.set(key, words);
  }
}

export function kindOf(params: CallFields): CallKind {
  const { tools, responseFormat } = params as {
    tools?: readonly unknown[] | undefined;
    responseFormat?: { type?: unknown } | undefined;
  };
  if (tools && tools.length > 0) return "tools";
  return responseFormat?.type === "json" ? "schema" : "plain";
}

/**
 * Whether a call should be made again without asking for numbers.
 *
 * - "refused": because of them, by all that is known, and so every time: by its words, or by a status that says that the
 *   request itself is no good.
 * - "perhaps": an error that does not say, such as one in a stream, or a server that fails. The plain call shows.
 * - "no": an abort, a key, a limit, a server or a connection that is down. These have nothing to do with it.
 */
export function verdictOf(error: unknown): "refused" | "perhaps" | "no" {
  if (isAbort(error)) return "no";
  if (WORDS.test(textOf(error))) return "refused";
  const status = statusOf(error);
  if (status !== null && BROKEN.includes(status)) return "perhaps";
  if (status !== null) return REFUSED.includes(status) ? "refused" : "no";
  const { isRetryable } = (error ?? {}) as { isRetryable?: unknown };
  return isRetryable === true ? "no" : "perhaps";
}

/** The provider's words, in one line. */
export function wordsOf(error: unknown): string {
  const { message, error: inner } = (error ?? {}) as { message?: unknown; error?: unknown };
  const said =
    typeof message === "string" && message !== "" ? message : inner ? wordsOf(inner) : shown(error);
  const line = said.replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}...` : line;
}

function keyOf({ provider, modelId }: ModelName, kind: CallKind): string {
  return JSON.stringify([provider, modelId, kind]);
}

function isAbort(error: unknown): boolean {
  const { name } = (error ?? {}) as { name?: unknown };
  return name === "AbortError" || name === "TimeoutError" || name === "ResponseAborted";
}

function statusOf(error: unknown, depth = 0): number | null {
  if (typeof error !== "object" || error === null || depth > DEEPEST) return null;
  const { statusCode, status, code, cause, error: inner } = error as Record<string, unknown>;
  for (const value of [statusCode, status, code])
    if (typeof value === "number" && value >= 400 && value < 600) return value;
  return statusOf(inner, depth + 1) ?? statusOf(cause, depth + 1);
}

/** All that an error says: its message, the answer's body, and the errors within it. */
function textOf(error: unknown, depth = 0): string {
  if (typeof error === "string") return error;
  if (typeof error !== "object" || error === null || depth > DEEPEST) return "";
  const { message, responseBody, data, cause, error: inner } = error as Record<string, unknown>;
  return [message, responseBody, shown(data), textOf(cause, depth + 1), textOf(inner, depth + 1)].join(" ");
}

function shown(value: unknown): string {
  if (value === undefined) return "";
  try {
    return typeof value === "string" ? value : (JSON.stringify(value) ?? String(value));
  } catch {
    return "";
  }
}
