/** Reads `/generate` and `/generate_stream` of Hugging Face's Text Generation Inference. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import {
  AnswerAssembler,
  field,
  logprobOf,
  malformed,
  pieceOf,
  readFields,
  throwComplaint,
  tokensMatchText,
  type WireAlternative,
  type WireReader,
  type WireToken,
  wireReader,
} from "../../remote/wire.ts";
import { finishReasonOf, type ReaderOptions } from "./reader.ts";
import { isEmptyObject } from "./schema.ts";

const token = field.object({
  id: field.int,
  text: field.string,
  logprob: field.nullable(field.number),
  special: field.boolean,
});
type Token = ReturnType<typeof token>;

const ending = field.object({ finish_reason: field.string, generated_tokens: field.count });
const whole = field.object({
  generated_text: field.string,
  details: field.nullish(
    field.extend(ending, {
      tokens: field.array(token),
      top_tokens: field.nullish(field.array(field.array(token))),
    }),
  ),
});
const event = field.object({
  /** From 1. */
  index: field.nullish(field.int),
  token,
  top_tokens: field.nullish(field.array(token)),
  generated_text: field.nullish(field.string),
  details: field.nullish(ending),
});

/** Source: huggingface/text-generation-inference, router/src/lib.rs. */
export function tgiReader(options: ReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  const written: WireToken[] = [];
  let index: number | null = null;
  let finishReason: FinishReason | null = null;
  let count: number | null = null;

  function push(json: unknown): TokenRecord[] {
    const [first] = Array.isArray(json) ? json : [json]; // the route "/" answers with a list of one
    if (first === undefined || first === null || isEmptyObject(first)) return []; // what says nothing is passed over
    throwComplaint(first, server);
    return isEvent(first) ? next(first) : everything(first);
  }

  function everything(json: unknown): TokenRecord[] {
    const { generated_text: text, details } = readFields(whole, json, server);
    const tops = details?.top_tokens ?? [];
    if (tops.length > 0 && tops.length !== details!.tokens.length)
      throw malformed(
        `${tops.length} entries for ${details!.tokens.length} tokens`,
        `${server}, details.top_tokens`,
      );
    const tokens = (details?.tokens ?? []).map((each, i) => wireToken(each, tops[i]));
    const records = answer.add({ text, tokens });
    end(details);
    return records;
  }

  function next(json: unknown): TokenRecord[] {
    const fields = readFields(event, json, server);
    if (typeof fields.index === "number") {
      if (index !== null && fields.index !== index + 1)
        answer.doubt("The events are not numbered one after the other: some were lost or repeated.");
      index = fields.index;
    }
    const each = wireToken(fields.token, fields.top_tokens);
    written.push(each);
    const records = answer.add({ text: each.special ? "" : each.token, tokens: [each] });
    const text = fields.generated_text;
    if (typeof text !== "string") return records;
    if (!tokensMatchText(written.map(pieceOf), text))
      answer.doubt(
        "The tokens are not those of the whole text: some were lost, repeated or changed on the way.",
      );
    end(fields.details);
    return records;
  }

  /** @param details left out when they were not asked for. */
  function end(details: ReturnType<typeof ending> | null | undefined): void {
    finishReason = details ? finishReasonOf(details.finish_reason, server) : "other";
    count = details?.generated_tokens ?? null;
    answer.markEnd();
  }

  function wireToken(each: Token, top: readonly Token[] | null | undefined): WireToken {
    return {
      ...wireAlternative(each),
      special: each.special,
      alternatives: top?.map(wireAlternative),
    };
  }

  function wireAlternative({ id, text, logprob }: Token): WireAlternative {
    return { token: text, id, logprob: logprobOf(logprob, `${server}, logprob of ${JSON.stringify(text)}`) };
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: count }));
}

function isEvent(json: unknown): boolean {
  return typeof json === "object" && json !== null && "token" in json;
}
