/**
 * JSON has no Infinity: after a token of probability 0 a perplexity is the text "Infinity", as in protobuf's JSON, and
 * that token's ln p "-Infinity". `null` says only that there is no number.
 */

/** For JSON.stringify. */
export function infinityAsText(_key: string, value: unknown): unknown {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY ? String(value) : value;
}

/**
 * What is a number and never a text, and infinite where a token had probability 0, or where exp of finite nats passes
 * 1.8e308. A model, a document or a column may be called "Infinity" too.
 */
const NUMBERS = /nll|perplexity|logprob|^bitsPer|^standardError$|^(value|low|high)$/i;

/** For JSON.parse. */
export function infinityFromText(key: string, value: unknown): unknown {
  if ((key === "interval" || key === "nats") && Array.isArray(value)) return value.map(fromText);
  return NUMBERS.test(key) ? fromText(value) : value;
}

function fromText(value: unknown): unknown {
  return value === "Infinity" || value === "-Infinity" ? Number(value) : value;
}
