/** Reading requests: servers are lenient, and so is the fake one. */

/** An object of a request or of an answer. */
export type Json = { [field: string]: unknown };

export function object(value: unknown): Json {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function number(value: unknown): number | undefined {
  return typeof value === "number" ? value : undefined;
}

export function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** An answer that is an error, in the dialect's own shape. */
export class Refusal extends Error {
  readonly status: number;
  readonly body: Json;
  readonly headers: Record<string, string>;

  constructor(status: number, body: Json, headers: Record<string, string> = {}) {
    super(JSON.stringify(body));
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

/** Without the fields that are undefined, as servers leave them out. */
export function compact<Fields extends Json>(fields: Fields): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
