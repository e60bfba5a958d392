/**
 * Reads Gemini's `generateContent`, and the events of `streamGenerateContent`. Fields that are not named here are let through.
 * Source: googleapis/js-genai, src/types.ts (GenerateContentResponse, Candidate, LogprobsResult).
 */
import type { TokenRecord } from "../../core/index.ts";
import type { FinishReason } from "../language-model.ts";
import {
  AnswerAssembler,
  type AnswerReaderOptions,
  callText,
  field,
  logprobOf,
  malformed,
  readFields,
  throwComplaint,
  type WireReader,
  type WireToken,
  wireReader,
} from "../remote/wire.ts";

const entry = field.object({
  token: field.nullish(field.string),
  tokenId: field.nullish(field.int),
  logProbability: field.nullish(field.number),
});
const logprobsResult = field.object({
  chosenCandidates: field.nullish(field.array(entry)),
  topCandidates: field.nullish(field.array(field.object({ candidates: field.nullish(field.array(entry)) }))),
});
/** A text, or something else, which is then in a field of its own: `functionCall`, `inlineData`, ... */
const part = field.object({
  text: field.nullish(field.string),
  thought: field.nullish(field.boolean),
  functionCall: field.unknown,
});
const candidate = field.object({
  index: field.nullish(field.count),
  content: field.nullish(field.object({ parts: field.nullish(field.array(part)) })),
  finishReason: field.nullish(field.string),
  finishMessage: field.fallback(field.nullish(field.string), null),
  logprobsResult: field.nullish(logprobsResult),
});
/** The whole answer, or an event of a stream. */
const response = field.object({
  candidates: field.nullish(field.array(candidate)),
  promptFeedback: field.nullish(field.object({ blockReason: field.nullish(field.string) })),
  usageMetadata: field.fallback(
    field.nullish(field.object({ candidatesTokenCount: field.fallback(field.nullish(field.count), null) })),
    null,
  ),
});
type Part = ReturnType<typeof part>;

/** `finishReason` (js-genai, enum FinishReason); what is not here is "other". */
const FINISH_REASONS: Readonly<Record<string, FinishReason>> = {
  STOP: "stop",
  MAX_TOKENS: "length",
  SAFETY: "content-filter",
  RECITATION: "content-filter",
  BLOCKLIST: "content-filter",
  PROHIBITED_CONTENT: "content-filter",
  SPII: "content-filter",
  IMAGE_SAFETY: "content-filter",
};

/**
 * Takes the whole answer, events of a stream, or a list of them (a stream without `alt=sse`).
 *
 * Numbers come in one list per event, apart from the text. A missing `logProbability` is missing: the field has presence
 * (`optional float`), and a certain token is written with 0.
 */
export function geminiReader(options: AnswerReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let finishReason: FinishReason | null = null;
  let tokens: number | null = null;

  function push(json: unknown): TokenRecord[] {
    return Array.isArray(json) ? json.flatMap(next) : next(json);
  }

  function next(json: unknown): TokenRecord[] {
    if (json === null) return []; // what says nothing is passed over
    throwComplaint(json, server);
    const { candidates, promptFeedback, usageMetadata } = readFields(response, json, server);
    tokens = usageMetadata?.candidatesTokenCount ?? tokens;
    if (promptFeedback?.blockReason) {
      finishReason = "content-filter";
      answer.warn(`The prompt was blocked: ${promptFeedback.blockReason}.`);
    }
    let records: TokenRecord[] = [];
    for (const [i, candidate] of (candidates ?? []).entries()) {
      const where = `${server}, candidates[${i}]`;
      if ((candidate.index ?? 0) !== 0)
        throw malformed(`Candidate ${candidate.index} was not asked for`, `${where}.index`);
      const parts = candidate.content?.parts ?? [];
      if (parts.some(isNoText)) answer.stopComparing();
      records = answer.add({
        text: textOf(parts.filter(({ thought }) => !thought)),
        thinking: textOf(parts.filter(({ thought }) => thought)),
        tokens: wireTokens(candidate.logprobsResult, `${where}.logprobsResult`),
        calls: parts.map(({ functionCall }) => callText(functionCall)).join(""),
      });
      if (!candidate.finishReason || candidate.finishReason === "FINISH_REASON_UNSPECIFIED") continue;
      finishReason = FINISH_REASONS[candidate.finishReason] ?? "other";
      if (finishReason === "other") answer.warn(reasonOf(candidate));
      answer.markEnd(); // events without text may follow, with what was searched for
    }
    return records;
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens }));
}

/** Why it ended, of the reasons that are a fault of the model's (MALFORMED_FUNCTION_CALL, LANGUAGE, ...). */
function reasonOf({ finishReason, finishMessage }: ReturnType<typeof candidate>): string {
  return `The answer ended by ${finishReason}${finishMessage ? `: ${finishMessage}` : ""}.`.replace(
    /\.\.$/,
    ".",
  );
}

/** A call of a function, an image, ... */
function isNoText({
  text,
  thought,
  thoughtSignature,
  ...other
}: Part & { thoughtSignature?: unknown }): boolean {
  return Object.keys(other).length > 0;
}

function textOf(parts: readonly Part[]): string {
  return parts.map(({ text }) => text ?? "").join("");
}

/** @throws SurprisalError WIRE_MALFORMED when the two lists are not of one length. */
function wireTokens(
  result: ReturnType<typeof logprobsResult> | null | undefined,
  where: string,
): WireToken[] {
  const chosen = result?.chosenCandidates ?? [];
  const top = result?.topCandidates;
  if (top && top.length > 0 && top.length !== chosen.length)
    throw malformed(`${chosen.length} tokens and ${top.length} lists of alternatives`, where);
  const one = ({ token, tokenId, logProbability }: ReturnType<typeof entry>, place: string) => ({
    token: token ?? "",
    id: tokenId,
    logprob: logprobOf(logProbability, `${place}.logProbability`),
  });
  return chosen.map((entry, i) => ({
    ...one(entry, `${where}.chosenCandidates[${i}]`),
    alternatives: top?.[i]?.candidates?.map((other, j) =>
      one(other, `${where}.topCandidates[${i}].candidates[${j}]`),
    ),
  }));
}
