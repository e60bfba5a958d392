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
import { answerTokens, LACKING, type ReaderOptions } from "./reader.ts";
import { SaidOnce } from "./said-once.ts";
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

const outputItem = objectOf({ type: aString, content: orNothing(listOf(part)) });

const response = objectOf({
  status: orNothing(aString),
  incomplete_details: orNothing(objectOf({ reason: orNothing(aString) })),
  output: orNothing(listOf(outputItem)),
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
/** What repeats deltas, in a form that is known. */
const repeated = objectOf({ part: orElse(orNothing(part), null), item: orElse(orNothing(outputItem), null) });
const otherEvent = objectOf({ type: aString, sequence_number: count });

const NO_PART = { ...part({ type: "" }), content: null };

type OutputPart = ReturnType<typeof part>;
type OutputItem = ReturnType<typeof outputItem>;
type ResponseFields = ReturnType<typeof response> & { error?: unknown };
type ResponseEvent = ReturnType<typeof textEvent>;

const LATE = "Numbers that came after all of their text are left out.";
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
  const thoughts = new SaidOnce();
  const called = new SaidOnce();
  let sequence: number | null = null;
  let gap = false;
  let verified = false;
  let finishReason: FinishReason | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || isEmptyObject(json)) return []; // what says nothing is passed over
    if (isUnnamed(json)) {
      answer.doubt(LACKING);
      return [];
    }
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
      case "response.content_part.done":
        return unsaid([repeated(event).part ?? NO_PART]);
      case "response.output_item.done":
        return itemDone(repeated(event).item ?? NO_PART);
      case "response.completed":
      case "response.incomplete":
      case "response.failed":
        return whole(endOf(event), false);
      case "response.reasoning_text.delta":
        return typeof event.delta === "string" ? thought(thoughts.add(event.delta)) : [];
      case "response.reasoning_text.done":
        return typeof event.text === "string" ? thought(thoughts.news(event.text)) : [];
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

  function partOf({
    output_index = 0,
    content_index = 0,
  }: Pick<Partial<ResponseEvent>, "output_index" | "content_index">): PartSoFar {
    const key = `${output_index} ${content_index}`;
    const part = parts.get(key) ?? { text: "", tokens: [] };
    parts.set(key, part);
    return part;
  }

  /** A call of a tool: its name comes with the item, its arguments in deltas; both are then repeated. */
  function calls({ type, delta, item, ...event }: ResponseEvent & { item?: unknown }): TokenRecord[] {
    if (type === "response.output_item.added") return call(item);
    if (!/function_call|tool_call/.test(type)) return [];
    answer.stopComparing("tool-call");
    if (type.endsWith(".done")) return call({ ...event, type: "function_call" });
    return type.endsWith(".delta") && typeof delta === "string" ? callSays(called.add(delta)) : [];
  }

  /** What a call has that was not said: its name, its arguments. */
  function call(item: unknown): TokenRecord[] {
    const { type, name, ...given } = (item ?? {}) as { type?: unknown; name?: unknown };
    if (!/^(function|custom_tool)_call$/.test(String(type))) return [];
    return callSays(called.news(callText({ name })) + called.news(callText(given)));
  }

  function callSays(calls: string): TokenRecord[] {
    return calls === "" ? [] : answer.add({ text: "", tokens: [], calls });
  }

  /** All of an item, or of a part: news where no delta was. */
  function itemDone(item: OutputItem): TokenRecord[] {
    if (item.type === "reasoning") return thought(thoughts.news(textsOf(item)));
    return item.type === "message" ? unsaid(item.content ?? []) : call(item);
  }

  function unsaid(content: readonly OutputPart[]): TokenRecord[] {
    const text = content.map(textOf).join("");
    if (text === "" || joined([...parts.values()]).text !== "") return [];
    const tokens = content.flatMap(({ logprobs }) => tokensOf(logprobs, "logprobs"));
    return repeat(partOf({}), text, tokens);
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
    if (sameText && !sameTokens && part.tokens.length === 0) answer.doubt(LATE);
    else if (!sameText || !sameTokens) answer.doubt(LOST);
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
      if (news && item.type === "reasoning") keep(thought(textsOf(item)));
      if (news && /call/.test(item.type)) keep(answer.add({ text: "", tokens: [], calls: callText(item) }));
      if (!news && item.type !== "message") keep(itemDone(item));
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
    if (thinking === "") return [];
    usage.thinkingIsShown();
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

/** What an event that ends a stream says of the answer; some leave the status to the event's name. */
function endOf({ type, response: said }: ResponseEvent): ResponseFields {
  const fields = said ?? response({});
  return { ...fields, status: fields.status ?? type.slice("response.".length) };
}

/** Neither an event nor an answer of this or another format. */
function isUnnamed(json: unknown): boolean {
  return (
    isFields(json) && !Object.keys(json).some((name) => /^(type|output|object|choices|error)$/.test(name))
  );
}

function isEvent(json: unknown): boolean {
  return !isFields(json) || "type" in json || !("output" in json);
}

const isFields = (json: unknown): json is object =>
  typeof json === "object" && json !== null && !Array.isArray(json);

function textOf({ text, refusal }: OutputPart): string {
  return text ?? refusal ?? "";
}

function textsOf({ content }: OutputItem): string {
  return (content ?? []).map(textOf).join("");
}

function joined(parts: readonly PartSoFar[]): PartSoFar {
  return { text: parts.map(({ text }) => text).join(""), tokens: parts.flatMap(({ tokens }) => tokens) };
}

function sameNumbers(a: readonly WireToken[], b: readonly WireToken[]): boolean {
  return a.length === b.length && a.every(({ logprob }, i) => logprob === b[i]!.logprob);
}
