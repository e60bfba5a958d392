/** Reads `/v1/responses`: whole answers, and streams of named events in which everything is said several times. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import {
  AnswerAssembler,
  aCount,
  aString,
  callText,
  complaintIn,
  listOf,
  malformed,
  objectOf,
  orElse,
  orNothing,
  readFields,
  serverError,
  throwComplaint,
  type WireReader,
  type WireToken,
  wireReader,
} from "../../remote/wire.ts";
import { answerTokens, type ReaderOptions } from "./reader.ts";
import { isEmptyObject, tokenEntries } from "./schema.ts";
import { UsageCount } from "./usage.ts";

const part = objectOf({
  type: aString,
  text: orNothing(aString),
  refusal: orNothing(aString),
  logprobs: tokenEntries,
});

/** A count that is none is as if it were not there: the text is good without it. */
const count = orElse(orNothing(aCount), null);

const response = objectOf({
  status: orNothing(aString),
  incomplete_details: orNothing(objectOf({ reason: orNothing(aString) })),
  output: orNothing(listOf(objectOf({ type: aString, content: orNothing(listOf(part)) }))),
  usage: orElse(
    orNothing(
      objectOf({
        output_tokens: count,
        output_tokens_details: orElse(orNothing(objectOf({ reasoning_tokens: count })), null),
      }),
    ),
    null,
  ),
});

/** Events that carry what is read here. Of the others, `delta` and the like may be anything. */
const textEvent = objectOf({
  type: aString,
  sequence_number: count,
  output_index: orNothing(aCount),
  content_index: orNothing(aCount),
  delta: orNothing(aString),
  text: orNothing(aString),
  refusal: orNothing(aString),
  logprobs: tokenEntries,
  response: orNothing(response),
});
const otherEvent = objectOf({ type: aString, sequence_number: count });

type OutputPart = ReturnType<typeof part>;
type ResponseFields = ReturnType<typeof response> & { error?: unknown };
type ResponseEvent = ReturnType<typeof textEvent>;

const LOST = "Events that repeat the text differ from what came before: some were lost or repeated.";

/** Text and numbers of one content part, as its deltas gave them; `.done` repeats them. */
interface PartSoFar {
  text: string;
  tokens: WireToken[];
}

/** Source: the types of openai-node 6, and Ollama's answers. */
export function responsesReader(options: ReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  const usage = new UsageCount(1);
  const parts = new Map<string, PartSoFar>();
  let sequence: number | null = null;
  let gap = false;
  let verified = false;
  let finishReason: FinishReason | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || isEmptyObject(json)) return []; // what says nothing is passed over
    if (!isEvent(json)) return whole(readFields(response, json, server), true);
    const event = readEvent(json, server);
    follow(event);
    switch (event.type) {
      case "error":
        throw serverError(complaintIn(json) ?? { message: "it does not say which", field: null }, server);
      case "response.output_text.delta":
      case "response.refusal.delta":
        return delta(event);
      case "response.output_text.done":
        return repeat(partOf(event), event.text, tokensOf(event.logprobs, "logprobs"));
      case "response.refusal.done":
        return repeat(partOf(event), event.refusal, []);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        if (!event.response)
          throw malformed("A field of the answer is wrong: it is missing", `${server}, response`);
        return whole(event.response, false);
      case "response.reasoning_text.delta":
        return typeof event.delta === "string" ? thought(event.delta) : [];
      default:
        return calls(event);
    }
  }

  function follow({ sequence_number: number }: ResponseEvent): void {
    if (typeof number !== "number") return;
    gap ||= sequence !== null && number !== sequence + 1;
    sequence = number;
  }

  function delta(event: ResponseEvent): TokenRecord[] {
    const part = partOf(event);
    const text = event.delta ?? "";
    const tokens = tokensOf(event.logprobs, "logprobs");
    part.text += text;
    for (const token of tokens) part.tokens.push(token);
    return answer.add({ text, tokens });
  }

  function partOf({ output_index = 0, content_index = 0 }: ResponseEvent): PartSoFar {
    const key = `${output_index} ${content_index}`;
    const part = parts.get(key) ?? { text: "", tokens: [] };
    parts.set(key, part);
    return part;
  }

  /** A call of a tool: its arguments come in deltas and are then repeated, its name with the item. */
  function calls({ type, delta, item }: ResponseEvent & { item?: unknown }): TokenRecord[] {
    if (type === "response.output_item.added") return nameOf(item);
    if (!/function_call|tool_call/.test(type)) return [];
    answer.stopComparing("tool-call");
    return type.endsWith(".delta") && typeof delta === "string"
      ? answer.add({ text: "", tokens: [], calls: delta })
      : [];
  }

  /** What a call begins with. */
  function nameOf(item: unknown): TokenRecord[] {
    const { type, name } = (item ?? {}) as { type?: unknown; name?: unknown };
    if (type !== "function_call") return [];
    return answer.add({ text: "", tokens: [], calls: callText({ name }) });
  }

  /**
   * A repetition is no news: it shows whether everything came. What it has beyond that is news: of a gateway that sends
   * only the whole, and of deltas that were lost.
   */
  function repeat(
    part: PartSoFar,
    text: string | null | undefined,
    tokens: readonly WireToken[],
  ): TokenRecord[] {
    verified ||= typeof text === "string";
    if (text && part.text === "" && part.tokens.length === 0) {
      part.text = text;
      part.tokens = [...tokens];
      return answer.add({ text, tokens });
    }
    const sameText = text === undefined || text === null || text === part.text;
    const sameTokens = tokens.length === 0 || sameNumbers(tokens, part.tokens);
    if (!sameText || !sameTokens) answer.doubt(LOST);
    const lost = text && !sameText && text.startsWith(part.text) ? text.slice(part.text.length) : "";
    part.text += lost;
    return lost === "" ? [] : answer.add({ text: lost, tokens: [] });
  }

  /** @param news whether this is all there is; else it ends a stream. */
  function whole(response: ResponseFields, news: boolean): TokenRecord[] {
    const { status, error, incomplete_details: details, usage: counts } = response;
    if (error) throwComplaint({ error }, server);
    if (status === "failed" || status === "cancelled")
      throw serverError(
        { message: `the answer ${status === "failed" ? "failed" : "was cancelled"}`, field: null },
        server,
      );
    usage.add(
      counts && {
        completion_tokens: counts.output_tokens,
        completion_tokens_details: counts.output_tokens_details,
      },
    );
    const records: TokenRecord[] = [];
    const keep = (found: readonly TokenRecord[]) => {
      for (const record of found) records.push(record);
    };
    const said: PartSoFar = { text: "", tokens: [] };
    for (const [i, item] of (response.output ?? []).entries()) {
      if (item.type !== "message" && item.type !== "reasoning") answer.stopComparing("tool-call");
      if (news && item.type === "reasoning") keep(thought((item.content ?? []).map(textOf).join("")));
      if (news && /call/.test(item.type)) keep(answer.add({ text: "", tokens: [], calls: callText(item) }));
      if (item.type !== "message") continue;
      for (const [j, part] of (item.content ?? []).entries()) {
        const text = textOf(part);
        const tokens = tokensOf(part.logprobs, `output[${i}].content[${j}].logprobs`);
        said.text += text;
        said.tokens = said.tokens.concat(tokens);
        if (news) keep(answer.add({ text, tokens }));
      }
    }
    if (!news && said.text !== "") keep(repeat(joined([...parts.values()]), said.text, said.tokens));
    if (status === "completed") finishReason = "stop";
    else if (status === "incomplete")
      finishReason = details?.reason === "content_filter" ? "content-filter" : "length";
    return records;
  }

  function thought(thinking: string): TokenRecord[] {
    if (thinking !== "") usage.thinkingIsShown();
    return answer.add({ text: "", tokens: [], thinking });
  }

  function tokensOf(entries: OutputPart["logprobs"], field: string): WireToken[] {
    return answerTokens(entries, `${server}, ${field}`, answer);
  }

  return wireReader(answer, server, push, () => {
    if (gap && !verified) answer.doubt("The events are not numbered one after the other: some were lost.");
    return { finishReason, tokens: usage.tokens(answer) };
  });
}

/** @throws SurprisalError WIRE_MALFORMED. */
function readEvent(json: unknown, where: string): ResponseEvent {
  const { type } = readFields(otherEvent, json, where);
  const isRead = /^response\.(output_text|refusal|created|completed|incomplete|failed)/.test(type);
  return isRead ? readFields(textEvent, json, where) : (json as ResponseEvent);
}

function isEvent(json: unknown): boolean {
  return typeof json === "object" && json !== null && !("object" in json && "output" in json);
}

function textOf({ text, refusal }: OutputPart): string {
  return text ?? refusal ?? "";
}

function joined(parts: readonly PartSoFar[]): PartSoFar {
  return { text: parts.map(({ text }) => text).join(""), tokens: parts.flatMap(({ tokens }) => tokens) };
}

function sameNumbers(a: readonly WireToken[], b: readonly WireToken[]): boolean {
  return a.length === b.length && a.every(({ logprob }, i) => logprob === b[i]!.logprob);
}
