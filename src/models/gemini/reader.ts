/** Reads Gemini's `generateContent`, and the events of `streamGenerateContent`. */
import type { TokenRecord } from "../../core/index.ts";
import type { FinishReason, GenerationEnd } from "../language-model.ts";
import {
  AnswerAssembler,
  type AnswerOptions,
  complaintIn,
  logprobOf,
  malformed,
  serverError,
  streamCut,
  type WireToken,
} from "../remote/index.ts";
import { type GeminiPart, type GeminiToken, type LogprobsResult, readResponse } from "./schema.ts";

export interface GeminiReaderOptions extends AnswerOptions {
  /** Names the server in errors. Default "the server". */
  server?: string | undefined;
}

export interface GeminiReader {
  /**
   * @param json the whole answer, an event of a stream, or a list of events (a stream without `alt=sse`).
   * @returns the records that are complete with this.
   * @throws SurprisalError WIRE_MALFORMED; SERVER_ERROR for an error the server reports in its answer.
   */
  push(json: unknown): TokenRecord[];
  /**
   * @returns the last records, and what is known at the end.
   * @throws SurprisalError STREAM_CUT when no event had a finish reason.
   */
  finish(): { records: TokenRecord[]; end: Omit<GenerationEnd, "provenance"> };
}

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
 * Numbers come in one list per event, apart from the text. A missing `logProbability` is missing: the field has presence
 * (`optional float`), and a certain token is written with 0.
 */
export function geminiReader(options: GeminiReaderOptions = {}): GeminiReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let finishReason: FinishReason | null = null;
  let tokens: number | null = null;

  function push(json: unknown): TokenRecord[] {
    if (Array.isArray(json)) return json.flatMap(push);
    if (typeof json === "object" && json !== null && "error" in json && json.error)
      throw serverError(complaintIn(json) ?? { message: JSON.stringify(json.error), field: null }, server);
    const { candidates, promptFeedback, usageMetadata } = readResponse(json, server);
    tokens = usageMetadata?.candidatesTokenCount ?? tokens;
    if (promptFeedback?.blockReason) {
      finishReason = "content-filter";
      answer.warn(`The prompt was blocked: ${promptFeedback.blockReason}.`);
    }
    const records: TokenRecord[] = [];
    for (const [i, candidate] of (candidates ?? []).entries()) {
      const where = `${server}, candidates[${i}]`;
      if ((candidate.index ?? 0) !== 0)
        throw malformed(`Candidate ${candidate.index} was not asked for`, `${where}.index`);
      if (finishReason && finishReason !== "content-filter")
        throw malformed("The answer goes on after its end", where);
      const parts = candidate.content?.parts ?? [];
      if (parts.some(isNoText)) answer.stopComparing();
      records.push(
        ...answer.add({
          text: textOf(parts.filter(({ thought }) => !thought)),
          thinking: textOf(parts.filter(({ thought }) => thought)),
          tokens: wireTokens(candidate.logprobsResult, `${where}.logprobsResult`),
        }),
      );
      if (candidate.finishReason && candidate.finishReason !== "FINISH_REASON_UNSPECIFIED")
        finishReason = FINISH_REASONS[candidate.finishReason] ?? "other";
    }
    return records;
  }

  return {
    push,
    finish() {
      if (!finishReason) throw streamCut("The answer ended without a finish reason", server);
      return answer.finish({ finishReason, tokens });
    },
  };
}

/** A call of a function, an image, ... */
function isNoText({ text, thought, thoughtSignature, ...other }: GeminiPart): boolean {
  return Object.keys(other).length > 0;
}

function textOf(parts: readonly GeminiPart[]): string {
  return parts.map(({ text }) => text ?? "").join("");
}

/** @throws SurprisalError WIRE_MALFORMED when the two lists are not of one length. */
function wireTokens(result: LogprobsResult | null | undefined, where: string): WireToken[] {
  const chosen = result?.chosenCandidates ?? [];
  const top = result?.topCandidates;
  if (top && top.length !== chosen.length)
    throw malformed(`${chosen.length} tokens and ${top.length} lists of alternatives`, where);
  const one = ({ token, tokenId, logProbability }: GeminiToken, place: string) => ({
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
