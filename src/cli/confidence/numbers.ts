/** Numbers of tokens as people and servers write them: records, OpenAI's two forms, plain numbers. */
import type { Alternative, TokenRecord } from "../../core/index.ts";
import { infinityFromText } from "../../text/index.ts";
import type { AnswerSample } from "../../uncertainty/index.ts";
import { isObject, malformed } from "./lines.ts";

const FORM =
  'Tokens look like [{"text": "Par", "logprob": -0.2}, ...], [-0.2, ...], or the "logprobs" of an OpenAI answer.';
/** What servers write for "no number", and below: OpenAI's -9999, SGLang's -3.4e38. */
const NO_NUMBER = -9998;

/** @returns `null`: there are none. @throws SurprisalError INVALID_ARGUMENT for anything else. */
export function readRecords(value: unknown, where: string): TokenRecord[] | null {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map((each: unknown, i) => recordOf(each, `${where}, token ${i}`));
  if (isObject(value)) {
    const { content, tokens, token_logprobs: numbers, top_logprobs: top } = value;
    if (Array.isArray(content)) return readRecords(content, where);
    if (Array.isArray(numbers))
      return numbers.map((logprob: unknown, i) => {
        const listed: unknown = Array.isArray(top) ? top[i] : undefined;
        const text: unknown = Array.isArray(tokens) ? tokens[i] : "";
        const alternatives = isObject(listed)
          ? Object.entries(listed).map(([token, number]) => ({ token, logprob: number }))
          : undefined;
        return recordOf({ text, logprob, alternatives }, `${where}, token ${i}`);
      });
  }
  throw malformed("The numbers of the tokens are no list", where, FORM);
}

function recordOf(value: unknown, where: string): TokenRecord {
  if (!isObject(value)) return { text: "", logprob: logprobOf(value, where) };
  const { alternatives, top_logprobs: top, entropy, part, rank, tokenCount } = value;
  const listed = alternatives ?? top;
  if (listed !== undefined && listed !== null && !Array.isArray(listed))
    throw malformed("The alternatives are no list", where, FORM);
  const choices = (listed ?? [])
    .map((each: unknown, i: number) => alternativeOf(each, `${where}, alternative ${i}`))
    .toSorted((a, b) => (b.logprob ?? -Infinity) - (a.logprob ?? -Infinity));
  // What else is wrong with a record the estimators say.
  return {
    ...alternativeOf(value, where),
    ...(choices.length > 0 && { alternatives: choices }),
    ...(entropy !== undefined && { entropy: entropy as TokenRecord["entropy"] }),
    ...(part !== undefined && part !== null && { part: part as TokenRecord["part"] }),
    ...(typeof rank === "number" && { rank }),
    ...(typeof tokenCount === "number" && { tokenCount }),
  };
}

function alternativeOf(value: unknown, where: string): Alternative {
  if (!isObject(value)) throw malformed("A token is no object", where, FORM);
  const { text = value.token, bytes, id, logprob } = value;
  if (text !== undefined && typeof text !== "string") throw malformed("A token has no text", where, FORM);
  const isBytes =
    Array.isArray(bytes) && bytes.every((each) => Number.isInteger(each) && each >= 0 && each < 256);
  return {
    text: text ?? "",
    ...(isBytes && { bytes: Uint8Array.from(bytes) }),
    ...(typeof id === "number" && { id }),
    logprob: logprobOf(logprob, where),
  };
}

function logprobOf(value: unknown, where: string): number | null {
  const number = infinityFromText("logprob", value);
  if (number === undefined || number === null) return null;
  if (typeof number !== "number" || Number.isNaN(number))
    throw malformed(`${JSON.stringify(value)} is no log-probability`, where, FORM);
  return number <= NO_NUMBER && number !== -Infinity ? null : number;
}

/** One sample: a text, or an object with it and its numbers. */
export function sampleOf(value: unknown, where: string): AnswerSample {
  if (typeof value === "string") return { text: value };
  const form = 'Samples look like "..." or {"text": "...", "logprob": -3.2, "tokens": 5}.';
  if (!isObject(value) || typeof value.text !== "string")
    throw malformed("A sample has no text", where, form);
  const { text, tokens, logprobs, entropy } = value;
  const listed = Array.isArray(tokens) ? tokens : logprobs;
  const records = readRecords(listed, where);
  if (records !== null) return { text, ...numbersOf(records) };
  if (tokens !== undefined && tokens !== null && typeof tokens !== "number")
    throw malformed("The number of tokens is no number", where, form);
  if (entropy !== undefined && entropy !== null && typeof entropy !== "number")
    throw malformed("The entropy is no number", where, form);
  return {
    text,
    logprob: logprobOf(value.logprob, where),
    tokens: tokens ?? undefined,
    entropy: entropy ?? null,
  };
}

/** What the tokens of an answer come to; `null` where one of them does not say it. */
export function numbersOf(records: readonly TokenRecord[]): Omit<AnswerSample, "text"> {
  const own = records.filter(({ part = "answer" }) => part === "answer");
  const whole = own.every(({ logprob, tokenCount = 1 }) => logprob !== null && tokenCount === 1);
  const entropies = own.map(({ entropy }) => entropy).filter((each) => typeof each === "number");
  const all = entropies.length === own.length && own.length > 0;
  return {
    logprob:
      whole && own.length > 0
        ? Math.min(
            0,
            own.reduce((sum, { logprob }) => sum + logprob!, 0),
          )
        : null,
    tokens: own.reduce((sum, { tokenCount = 1 }) => sum + tokenCount, 0),
    entropy: all ? entropies.reduce((sum, each) => sum + each, 0) / own.length : null,
  };
}
