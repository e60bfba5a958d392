/** A model of this package as a model of the AI SDK. */
import { firstOf, type MeterOptions, SurprisalError, type TokenRecord } from "../../core/index.ts";
import { isChat } from "../generation.ts";
import type { ChatMessage, Generation, LanguageModel } from "../language-model.ts";
import { AnswerMeter, summaryOf, type TokenEvent, wholeAnswer } from "../metered/index.ts";
import { streamOf } from "./stream.ts";
import {
  type GenerateResult,
  type LogprobEntry,
  type ModelCall,
  type SurprisalLanguageModel,
  usageOf,
  type Warning,
  type WrittenPart,
} from "./types.ts";
import { begin, endingOf, generateOptions, unknownOptions } from "./writing-options.ts";
import { WrittenTexts } from "./written-texts.ts";

/** Options of `surprisalModel`. */
export interface SurprisalModelOptions {
  /** Default: the name of the model. */
  modelId?: string | undefined;
  /** Alternatives per token in `logprobs`. Default 5, or as many as the model gives; a call's own `providerOptions.surprisal.alternatives` goes before it. */
  alternatives?: number | undefined;
  /** Most tokens of an answer whose call says nothing. Default 256. */
  maxOutputTokens?: number | undefined;
  /** Options of the meter that each call gets. */
  meter?: MeterOptions | undefined;
}

/**
 * Makes any model of this package one of the AI SDK's (ai 6 and 7): `generateText({ model: surprisalModel(model), ... })`.
 * A chat goes through the model's own template; a model without one gets the texts of the messages, one after the other.
 * `providerMetadata.surprisal` has a `SurprisalSummary` and `logprobs`, a `LogprobEntry` per token. The model is not
 * disposed.
 *
 * Stop sequences end the answer, as far as the model takes them. `providerOptions.surprisal` takes `alternatives`, `minP`,
 * `repeatPenalty`, `repeatLastN`, `frequencyPenalty`, `presencePenalty`, `prefill` and `oneOf`: see GenerateOptions. What a
 * model does not take, tools, response formats and the call's own penalties (which are counted over the answer alone, ours over
 * the prompt too) are not supported, which the call's `warnings` say.
 *
 * @throws SurprisalError from a call: UNSUPPORTED_CAPABILITY for messages with files or tools in them.
 */
export function surprisalModel(
  model: LanguageModel,
  options: SurprisalModelOptions = {},
): SurprisalLanguageModel {
  const modelId = options.modelId ?? model.identity.name;
  const name = { provider: "surprisal", modelId };

  async function* write(call: ModelCall, cancelled?: AbortSignal): AsyncGenerator<WrittenPart, void, void> {
    const { prompt, warnings } = promptOf(call, model);
    const alternatives = alternativesOf(call, options, model);
    const input = await inputTokens(prompt, model);
    const { signal, letGo } = firstOf(call.abortSignal, cancelled);
    const meter = new AnswerMeter({ meter: options.meter });
    const logprobs: LogprobEntry[] = [];
    const texts = new WrittenTexts();
    let generation: Generation;
    try {
      const writing = { ...generateOptions(call, options.maxOutputTokens), alternatives, signal };
      const begun = await begin(model, prompt, writing);
      generation = begun.generation;
      warnings.push(...unsupported(call), ...unknownOptions(call), ...begun.warnings);
      yield { type: "stream-start", warnings };
      yield { type: "response-metadata", modelId };
      for await (const record of begun.records()) {
        const event: TokenEvent = { object: "surprisal.token", record };
        meter.push(event);
        logprobs.push(entryOf(record));
        yield { type: "raw", rawValue: event };
        yield* texts.add(record);
      }
    } catch (error) {
      if (call.abortSignal?.aborted) throw call.abortSignal.reason; // the AI SDK knows its own
      throw error;
    } finally {
      letGo();
    }
    const end = generation.end!;
    const event: TokenEvent = { object: "surprisal.end", end };
    meter.push(event);
    yield { type: "raw", rawValue: event };
    yield* texts.end();
    const { parts } = meter.reading;
    yield {
      type: "finish",
      usage: usageOf(input, end.tokens, parts.reasoning?.tokens ?? null),
      finishReason: { unified: end.finishReason, raw: end.finishReason },
      providerMetadata: { surprisal: { ...summaryOf(meter, name), ...endingOf(end), logprobs } },
    };
  }

  return {
    ...name,
    specificationVersion: "v3",
    supportedUrls: {},
    async doGenerate(call) {
      const result: Partial<GenerateResult> = {};
      const events: TokenEvent[] = [];
      const content: GenerateResult["content"] = [];
      for await (const part of write(call)) {
        if (part.type === "stream-start") result.warnings = part.warnings;
        else if (part.type === "raw") events.push(part.rawValue as TokenEvent);
        else if (part.type === "text-start") content.push({ type: "text", text: "" });
        else if (part.type === "reasoning-start") content.push({ type: "reasoning", text: "" });
        else if (part.type === "text-delta" || part.type === "reasoning-delta")
          content.at(-1)!.text += part.delta;
        else if (part.type === "finish") {
          const { type: _, ...finish } = part;
          Object.assign(result, finish);
        }
      }
      return {
        ...(result as GenerateResult),
        content: content.filter(({ text }) => text !== ""),
        response: { modelId, body: wholeAnswer(events) },
      };
    },
    async doStream(call) {
      const cancelled = new AbortController();
      const parts = write(call, cancelled.signal);
      const first = await parts.next(); // what is wrong with the call is an error of it, not of the stream
      const rest = withFirst(first, parts, call.includeRawChunks === true);
      const cancel = () => {
        cancelled.abort();
        return parts.return(); // also where nothing of it was read
      };
      return { stream: streamOf(rest, cancel) };
    },
  };
}

async function* withFirst(
  first: IteratorResult<WrittenPart, void>,
  parts: AsyncGenerator<WrittenPart, void, void>,
  wantsRaw: boolean,
): AsyncGenerator<WrittenPart, void, void> {
  if (!first.done) yield first.value;
  for await (const part of parts) if (wantsRaw || part.type !== "raw") yield part;
}

function promptOf(
  { prompt }: ModelCall,
  model: LanguageModel,
): { prompt: string | ChatMessage[]; warnings: Warning[] } {
  const messages = prompt.map(({ role, content }) => ({
    role,
    content: typeof content === "string" ? content : content.map((part) => textOf(part, model)).join(""),
  }));
  if (model.capabilities.chat) return { prompt: messages, warnings: [] };
  const details = `${model.identity.name} has no chat template: it goes on from the messages' texts, one after the other.`;
  return {
    prompt: messages.map(({ content }) => content).join("\n\n"),
    warnings: messages.length > 1 ? [{ type: "compatibility", feature: "chat", details }] : [],
  };
}

/** What the model thought before is not told to it again. @throws SurprisalError UNSUPPORTED_CAPABILITY */
function textOf(
  { type, text = "" }: { type: string; text?: string | undefined },
  model: LanguageModel,
): string {
  if (type === "text") return text;
  if (type === "reasoning") return "";
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: `A message has a part of the type "${type}", and this model reads text only`,
    where: model.identity.name,
    wayOut: "Leave files and tools out of the messages, or put what they say into words.",
  });
}

/** `null` where only the source knows what it makes of the prompt. */
async function inputTokens(prompt: string | ChatMessage[], model: LanguageModel): Promise<number | null> {
  const { tokenize, chatTemplate } = model.capabilities;
  if (!tokenize || (isChat(prompt) && !chatTemplate)) return null;
  const text =
    typeof prompt === "string" ? prompt : model.applyChatTemplate(prompt, { addGenerationPrompt: true });
  const { ids } = await model.tokenize(text, { addSpecial: typeof prompt === "string", parseSpecial: true });
  return ids.length;
}

function alternativesOf(call: ModelCall, options: SurprisalModelOptions, model: LanguageModel): number {
  const asked = call.providerOptions?.surprisal?.alternatives ?? options.alternatives ?? 5;
  return Math.min(typeof asked === "number" ? asked : 5, model.capabilities.alternatives);
}

function unsupported(call: ModelCall): Warning[] {
  const used: Record<string, boolean> = {
    tools: (call.tools?.length ?? 0) > 0,
    responseFormat: (call.responseFormat?.type ?? "text") !== "text",
    presencePenalty: Boolean(call.presencePenalty),
    frequencyPenalty: Boolean(call.frequencyPenalty),
    reasoning: !["provider-default", "none"].includes(call.reasoning ?? "none"),
  };
  return Object.keys(used)
    .filter((feature) => used[feature])
    .map((feature) => ({ type: "unsupported", feature }));
}

function entryOf(record: TokenRecord): LogprobEntry {
  const { alternatives = [] } = record;
  return { ...tokenOf(record), top_logprobs: alternatives.map(tokenOf) };
}

function tokenOf({ text, bytes, logprob }: Pick<TokenRecord, "text" | "bytes" | "logprob">) {
  return {
    token: text,
    ...(bytes && { bytes: [...bytes] }),
    logprob: logprob !== null && Number.isFinite(logprob) ? logprob : null,
  };
}
