/** `/v1/completions` with the four arrays of the first OpenAI API: tokens, token_logprobs, top_logprobs, text_offset. */
import type { WireAnswer, WireEvent } from "../answer.ts";
import type { Json } from "../pick.ts";
import { spell, spellOne, type TokenSpelling } from "../tokens.ts";
import { pieces, type SpokenToken, type Utterance, writtenText } from "../utterance.ts";
import { usageOf } from "./chat.ts";

export interface CompletionsStyle {
  id: string;
  created: number;
  spelling: TokenSpelling;
  /** The end-of-text token has a record (vLLM, SGLang). */
  endOfText?: boolean;
  countsEndOfText?: boolean;
  finish: "own chunk" | "last token";
  usageChunk: boolean;
  /** `text_offset` is not known: -1 (SGLang). */
  noOffsets?: boolean;
  /** Where the token itself stands in its top_logprobs: first (vLLM), last (llama-cpp-python), or not at all (SGLang). */
  own: "first" | "last" | "none";
  choice?: (finish: string | null) => Json;
  body?: Json;
  /** Fields of the whole answer's choice, such as `prompt_logprobs` (vLLM). */
  wholeChoice?: Json;
  /** There is no `logprobs` field (Ollama). */
  omitsLogprobs?: boolean;
  /** `token_ids` of each choice (vLLM, when asked). */
  tokenIds?: boolean;
}

export interface CompletionsRequest {
  /** Number of alternatives; `null`: no numbers. */
  logprobs: number | null;
  echo: boolean;
  includeUsage: boolean;
  /** No token was to be written: the echo alone. */
  onlyEcho?: boolean;
}

export function completionsAnswer(
  said: Utterance,
  style: CompletionsStyle,
  request: CompletionsRequest,
): WireAnswer {
  const written = request.onlyEcho ? [] : said.tokens;
  const end = style.endOfText && said.endOfText && !request.onlyEcho ? [said.endOfText] : [];
  const records = [...(request.echo ? said.prompt : []), ...written, ...end];
  const start = request.echo ? 0 : said.promptText.length;
  const texts = spell(records, style.spelling);
  const logprobs = (from: number, to: number, offset: number) =>
    request.logprobs === null
      ? null
      : fourArrays(records.slice(from, to), texts.slice(from, to), style, request.logprobs, offset);
  const text = (request.echo ? said.promptText : "") + writtenText(written);
  const { id, created } = style;
  const usage = usageOf(request.onlyEcho ? { ...said, tokens: [], endOfText: null } : said, style);
  const choice = ({ logprobs: numbers, ...fields }: Json, finish: string | null) => ({
    index: 0,
    ...fields,
    ...(!style.omitsLogprobs && { logprobs: numbers }),
    finish_reason: finish,
    ...style.choice?.(finish),
  });
  const head = { id, object: "text_completion", created, model: said.model };
  const body = {
    ...head,
    choices: [
      choice(
        {
          text,
          logprobs: logprobs(0, records.length, start),
          ...style.wholeChoice,
          ...(style.tokenIds && { token_ids: [...written, ...end].map(({ id: token }) => token) }),
        },
        said.finish,
      ),
    ],
    ...style.body,
    usage,
  };

  const chunk = (choices: Json[], more: Json = {}): WireEvent => ({ data: { ...head, choices, ...more } });
  const events: WireEvent[] = [];
  const deltas = [...pieces(written), ...end.map(() => "")];
  const prefix = records.length - deltas.length;
  let offset = start;
  for (let i = 0; i < deltas.length || (i === 0 && request.echo); i++) {
    // The whole prompt comes with the first token.
    const from = i === 0 ? 0 : prefix + i;
    const to = prefix + i + 1;
    const delta = (i === 0 && request.echo ? said.promptText : "") + (deltas[i] ?? "");
    const last = style.finish === "last token" && i >= deltas.length - 1;
    const token = [...written, ...end][i];
    const ids = style.tokenIds ? { token_ids: token ? [token.id] : [] } : {};
    events.push(
      chunk([
        choice({ text: delta, logprobs: logprobs(from, to, offset), ...ids }, last ? said.finish : null),
      ]),
    );
    offset += delta.length;
  }
  if (style.finish === "own chunk" || events.length === 0)
    events.push(chunk([choice({ text: "", logprobs: null }, said.finish)]));
  if (style.usageChunk && request.includeUsage) events.push(chunk([], { usage }));
  events.push({ data: "[DONE]" });
  return { body, events };
}

/** Objects keyed by string: two tokens with the same text have one place. */
function fourArrays(
  tokens: readonly SpokenToken[],
  texts: readonly string[],
  { spelling, noOffsets, own }: CompletionsStyle,
  top: number,
  offset: number,
): Json {
  const offsets: number[] = [];
  for (const text of texts) {
    offsets.push(noOffsets ? -1 : offset);
    offset += text.length;
  }
  return {
    text_offset: offsets,
    token_logprobs: tokens.map(({ logprob }) => logprob),
    tokens: texts,
    top_logprobs: tokens.map((token, i) => {
      if (token.logprob === null) return null;
      const best = token.alternatives
        .slice(0, top)
        .map((other) => [spellOne(other, spelling), other.logprob] as const);
      const itself = own === "none" ? [] : [[texts[i]!, token.logprob] as const];
      return Object.fromEntries(own === "first" ? [...itself, ...best] : [...best, ...itself]);
    }),
  };
}
