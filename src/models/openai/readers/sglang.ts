/** Reads SGLang's own `/generate`: whole answers, and events that repeat everything so far, or (by a switch) do not. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import {
  AnswerAssembler,
  field,
  logprobOf,
  malformed,
  readFields,
  serverError,
  type WireAlternative,
  type WireReader,
  type WireToken,
  wireReader,
} from "../../remote/wire.ts";
import type { ReaderOptions } from "./reader.ts";
import { isEmptyObject } from "./schema.ts";

/** ln p, id, text (where it was asked for). */
const triple = field.triple(field.nullable(field.number), field.int, field.nullish(field.string));
const triples = field.nullish(field.array(triple));
type Triple = ReturnType<typeof triple>;

const generated = field.object({
  text: field.string,
  meta_info: field.object({
    // Checked entry by entry, once: every event has those of all events before it.
    output_token_logprobs: field.nullish(field.array(field.unknown)),
    output_top_logprobs: field.nullish(field.array(field.unknown)),
    completion_tokens: field.count,
    finish_reason: field.nullable(
      field.object({
        type: field.string,
        message: field.nullish(field.string),
        matched: field.nullish(field.union(field.int, field.string, field.array(field.int))),
      }),
    ),
  }),
});

/** Source: sgl-project/sglang, srt/managers/tokenizer_manager.py. */
export function sglangReader(options: ReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  let text = "";
  let tokens = 0;
  let incremental = false;
  let finishReason: FinishReason | null = null;
  let count: number | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || isEmptyObject(json)) return []; // what says nothing is passed over
    const { text: written, meta_info: meta } = readFields(generated, json, server);
    // A character whose last bytes have not come ends the text as U+FFFD, and is written whole by the next event.
    const given = meta.finish_reason === null ? written.replace(/\uFFFD+$/, "") : written;
    const list = meta.output_token_logprobs ?? [];
    const tops = meta.output_top_logprobs ?? [];
    if (tops.length > 0 && tops.length !== list.length)
      throw malformed(
        `${tops.length} entries for ${list.length} tokens`,
        `${server}, meta_info.output_top_logprobs`,
      );
    // The count always goes from the beginning; the lists do, unless the server was told otherwise.
    incremental ||= list.length < meta.completion_tokens && list.length > 0;
    if (!incremental && !given.startsWith(text))
      throw malformed("The text does not go on from the text before", `${server}, text`);
    const from = incremental ? 0 : tokens;
    const added = incremental ? given : given.slice(text.length);
    text = incremental ? text + given : given;
    const fresh = list.slice(from).map((each, i) => wireToken(each, tops[from + i], from + i));
    tokens = from + fresh.length + (incremental ? tokens : 0);
    count = meta.completion_tokens;
    if (incremental && tokens !== count) answer.doubt("The server counts tokens that did not arrive.");
    const { type, message, matched } = meta.finish_reason ?? {};
    if (type === "abort")
      throw serverError({ message: message ?? "it stopped writing", field: null }, server);
    const last = fresh.at(-1);
    if (last && [matched].flat().includes(last.id))
      last.special = true; // the end-of-text token, whatever its text
    else if (type === "stop" && typeof matched !== "string" && last?.token === "")
      answer.doubt("The server does not say whether the last token is the end-of-text token.");
    const records = answer.add({ text: added, tokens: withTexts(fresh, added) });
    if (type !== undefined) {
      finishReason = type === "stop" || type === "length" ? type : "other";
      answer.markEnd();
    }
    return records;
  }

  function wireToken(each: unknown, top: unknown, i: number): WireToken {
    const [own, others] = [`meta_info.output_token_logprobs[${i}]`, `meta_info.output_top_logprobs[${i}]`];
    return {
      ...wireAlternative(readFields(triple, each, `${server}, ${own}`), own),
      alternatives: readFields(triples, top, `${server}, ${others}`)?.map((other) =>
        wireAlternative(other, others),
      ),
    };
  }

  function wireAlternative([logprob, id, token]: Triple, field: string): WireAlternative {
    return { token: token ?? "", id, logprob: logprobOf(logprob, `${server}, ${field}`) };
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: count }));
}

/** Where texts were not asked for, the last token of an event gets the event's text. */
function withTexts(tokens: readonly WireToken[], text: string): WireToken[] {
  if (tokens.some(({ token }) => token !== "")) return [...tokens];
  const last = tokens.findLastIndex(({ special }) => !special);
  return tokens.map((token, i) => (i === last ? { ...token, token: text } : token));
}
