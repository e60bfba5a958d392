/** `/v1/chat/completions`, in the variants that servers speak. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import { compact, type Json } from "../pick.ts";
import { bytesOf, merged, spell, spellOne, type TokenSpelling } from "../tokens.ts";
import { lossy, pieces, type SpokenToken, type Utterance, writtenText } from "../utterance.ts";

export interface ChatStyle {
  id: string;
  created: number;
  spelling: TokenSpelling;
  /** "exact": the token's own; "text": those of its string; "null": `null`; "none": no such field. */
  bytes: "exact" | "text" | "null" | "none";
  /** Token ids beside the texts (llama-server). */
  ids?: boolean;
  /** One record per complete character (llama-server, Ollama). */
  merges?: boolean;
  /** The end-of-text token has a record: in the whole answer, also in a stream. */
  endOfText?: "never" | "whole" | "always";
  /** The end-of-text token counts in `usage`. */
  countsEndOfText?: boolean;
  /** `logprobs.refusal` is there, null. */
  refusal?: boolean;
  /** `logprobs` of a chunk without tokens: null, or left out. */
  emptyLogprobs?: null;
  /** The chunk that only names the role: its content; left out: none. */
  role?: { content: string | null } | "with the first token";
  /** Where `finish_reason` comes in a stream. */
  finish: "own chunk" | "last token" | "own chunk, empty content";
  /** Where `usage` comes in a stream, when it was asked for (or always). */
  usage: "own chunk" | "finish" | "repeated choice" | "never";
  usageAlways?: boolean;
  /** Fields of a chunk that are always there, such as `usage: null`. */
  chunk?: Json;
  body?: Json;
  choice?: (finish: string | null) => Json;
  /** Further counts. */
  usageDetails?: Json;
  before?: readonly WireEvent[];
  /** Numbers are never given (LM Studio). */
  mute?: boolean;
  /** The written token comes first among its alternatives, whatever its rank (vLLM). */
  ownFirst?: boolean;
  /** `token_ids` of each choice (vLLM, when asked). */
  tokenIds?: boolean;
  /** No `finish_reason` before the end of a stream (xAI). */
  omitsNullFinish?: boolean;
}

export interface ChatRequest {
  logprobs: boolean;
  topLogprobs: number;
  includeUsage: boolean;
}

/** The answer of a chat. */
export function chatAnswer(said: Utterance, style: ChatStyle, request: ChatRequest): WireAnswer {
  const { id, created } = style;
  const records: readonly SpokenToken[] = style.merges ? merged(said.tokens) : said.tokens;
  const texts = spell(records, style.spelling);
  const asked = request.logprobs && !style.mute;
  const deltas = pieces(records);
  const entry = (token: SpokenToken, text: string, decoded: string) =>
    logprobEntry(token, text, style, request.topLogprobs, style.spelling === "id" ? decoded : text);
  const entries = records.map((token, i) => entry(token, texts[i]!, deltas[i]!));
  const end = said.endOfText && endEntry(said.endOfText, style, request.topLogprobs);
  const wrap = (content: Json[]) => compact({ content, refusal: style.refusal ? null : undefined });
  const none = style.emptyLogprobs === null ? { logprobs: null } : {};
  const usage = usageOf(said, style);
  const finish = said.finish;

  const choice = (fields: Json, finishReason: string | null) => ({
    index: 0,
    ...fields,
    ...((finishReason !== null || !style.omitsNullFinish) && { finish_reason: finishReason }),
    ...style.choice?.(finishReason),
  });
  const whole = [...entries, ...(end && style.endOfText !== "never" && style.endOfText ? [end] : [])];
  const body = {
    id,
    object: "chat.completion",
    created,
    model: said.model,
    choices: [
      choice(
        {
          message: { role: "assistant", content: writtenText(said.tokens) },
          ...(asked ? { logprobs: wrap(whole) } : none),
          ...(style.tokenIds && {
            token_ids: [...said.tokens, ...(said.endOfText ? [said.endOfText] : [])].map((token) => token.id),
          }),
        },
        finish,
      ),
    ],
    ...style.body,
    usage,
  };

  const head = { id, object: "chat.completion.chunk", created, model: said.model };
  const chunk = (choices: Json[], more: Json = {}): WireEvent => ({
    data: { ...head, choices, ...style.chunk, ...more },
  });
  const events: WireEvent[] = [...(style.before ?? [])];
  if (typeof style.role === "object")
    events.push(
      chunk([choice({ delta: { role: "assistant", content: style.role.content }, ...none }, null)]),
    );
  const endInStream = end && style.endOfText === "always";
  for (const [i, each] of entries.entries()) {
    const delta = {
      ...(i === 0 && style.role === "with the first token" && { role: "assistant" }),
      content: deltas[i]!,
    };
    const last = style.finish === "last token" && i === entries.length - 1 && !endInStream;
    const ids = style.tokenIds ? { token_ids: [records[i]!.id] } : {};
    events.push(
      chunk([
        choice({ delta, ...(asked ? { logprobs: wrap([each]) } : none), ...ids }, last ? finish : null),
      ]),
    );
  }
  const counts = style.usage !== "never" && (request.includeUsage || style.usageAlways) ? { usage } : {};
  if (endInStream)
    events.push(
      chunk([
        choice(
          {
            delta: { content: "" },
            ...(asked ? { logprobs: wrap([end]) } : none),
            ...(style.tokenIds && { token_ids: [said.endOfText!.id] }),
          },
          style.finish === "last token" ? finish : null,
        ),
      ]),
    );
  if (style.finish !== "last token" || (entries.length === 0 && !endInStream)) {
    const delta = style.finish === "own chunk, empty content" ? { content: "" } : {};
    events.push(chunk([choice({ delta, ...none }, finish)], style.usage === "finish" ? counts : {}));
  }
  if ("usage" in counts && style.usage === "own chunk") events.push(chunk([], counts));
  if ("usage" in counts && style.usage === "repeated choice")
    events.push(chunk([choice({ delta: { role: "assistant", content: "" }, ...none }, null)], counts));
  events.push({ data: "[DONE]" });
  return { body, events };
}

/** The end-of-text token: servers decode it to its name; llama-server to nothing. */
function endEntry(token: SpokenToken, style: ChatStyle, top: number): Json {
  if (style.merges) return { ...logprobEntry(token, "", style, top), bytes: [] };
  const name = lossy(token.bytes);
  return logprobEntry(token, style.spelling === "id" ? spellOne(token, "id") : name, style, top, name);
}

/** One entry of `logprobs.content`. */
export function logprobEntry(
  token: SpokenToken,
  text: string,
  style: Pick<ChatStyle, "spelling" | "bytes" | "ids" | "ownFirst">,
  top: number,
  /** The text that `bytes` are taken from, when they are. */
  decoded: string = text,
): Json {
  const others = style.ownFirst
    ? [token, ...token.alternatives.filter((other) => other.id !== token.id)]
    : token.alternatives;
  const bytes = (exact: Uint8Array, spelled: string) => {
    if (style.bytes === "none") return {};
    if (style.bytes === "null") return { bytes: null };
    return { bytes: style.bytes === "exact" ? Array.from(exact) : bytesOf(spelled) };
  };
  const id = (value: number) => (style.ids ? { id: value } : {});
  return {
    ...id(token.id),
    token: text,
    ...bytes(token.bytes, decoded),
    logprob: token.logprob,
    top_logprobs: others.slice(0, top).map((other) => {
      const spelled = spellOne(other, style.spelling);
      return { ...id(other.id), token: spelled, ...bytes(other.bytes, spelled), logprob: other.logprob };
    }),
  };
}

export function usageOf(said: Utterance, style: Pick<ChatStyle, "countsEndOfText" | "usageDetails">): Json {
  const completion = said.tokens.length + (said.endOfText && style.countsEndOfText ? 1 : 0);
  return {
    prompt_tokens: said.prompt.length,
    completion_tokens: completion,
    total_tokens: said.prompt.length + completion,
    ...style.usageDetails,
  };
}
