/** Perplexity for every model of the AI SDK that gives log-probabilities. */
import type { MeterOptions } from "../../core/index.ts";
import { AnswerMeter, type AnswerMeterOptions, summaryOf } from "../metered/index.ts";
import { type AskedCall, providerOptionsFor, withOptions } from "./ask.ts";
import { streamOf } from "./stream.ts";
import {
  type CallFields,
  type GenerateFields,
  type GivenMetadata,
  type Metadata,
  type ModelName,
  type PartFields,
  type StreamFields,
  type SurprisalMiddleware,
  usageOf,
  type WrittenPart,
} from "./types.ts";

/** Options of `surprisalMiddleware`. */
export interface SurprisalMiddlewareOptions extends Omit<AnswerMeterOptions, "meter" | "choice" | "choices"> {
  /** Options of the meter that each call gets. */
  meter?: MeterOptions | undefined;
  /** Alternatives per token to ask for, at least 0. Default 5: completions, the old API, give no more. */
  alternatives?: number | undefined;
  /**
   * The provider options that ask for log-probabilities. Default: as OpenAI, Azure and xAI want them, and every other
   * provider as an OpenAI-compatible one, by keys of the body. `false` asks for nothing. Options given with a call go
   * before these.
   */
  ask?: false | ((call: AskedCall) => Metadata) | undefined;
}

/**
 * One middleware for ai 6 and ai 7, at `wrapLanguageModel({ model, middleware: surprisalMiddleware() })`. It asks the
 * provider for log-probabilities, reads every chunk of the answer, and puts a `SurprisalSummary` into
 * `providerMetadata.surprisal`. A policy (`stopWhen`) ends a stream: the request is cancelled, what is open is closed,
 * and it finishes with the reason "other", whose raw form, and `providerMetadata.surprisal.stoppedBy`, say why.
 *
 * A provider that gives no log-probabilities has `null` for every number, and a warning that says so.
 *
 * @throws SurprisalError INVALID_ARGUMENT for options that are none.
 */
export function surprisalMiddleware(options: SurprisalMiddlewareOptions = {}): SurprisalMiddleware {
  const { alternatives = 5, ask = providerOptionsFor, ...meterOptions } = options;
  new AnswerMeter(meterOptions); // complains now about what would fail at the first call
  /** Calls whose raw chunks the caller wants too. */
  const wantRaw = new WeakSet<object>();
  return {
    specificationVersion: "v3",
    async transformParams({ type, params, model }) {
      const { provider, modelId } = model;
      const asked = ask === false ? {} : ask({ type, provider, modelId, alternatives });
      const transformed = {
        ...params,
        providerOptions: withOptions(params.providerOptions, asked),
        ...(type === "stream" && { includeRawChunks: true }),
      };
      if (params.includeRawChunks) wantRaw.add(transformed);
      return transformed;
    },
    async wrapGenerate({ doGenerate, model }) {
      const result = await doGenerate();
      const meter = new AnswerMeter(meterOptions, "whole");
      meter.push(result.response?.body);
      return { ...result, providerMetadata: withSummary(result, meter, model) };
    },
    async wrapStream<Result extends StreamFields>({
      doStream,
      params,
      model,
    }: {
      doStream: () => PromiseLike<Result>;
      params: CallFields;
      model: ModelName;
    }) {
      const result = await doStream();
      const reader = result.stream.getReader();
      const parts = meteredParts(reader, new AnswerMeter(meterOptions), model, wantRaw.has(params));
      return { ...result, stream: streamOf(parts, (reason) => reader.cancel(reason)) };
    },
  };
}

function withSummary(
  { providerMetadata }: Pick<GenerateFields, "providerMetadata">,
  meter: AnswerMeter,
  model: ModelName,
): GivenMetadata {
  return {
    ...providerMetadata,
    surprisal: { ...providerMetadata?.surprisal, ...summaryOf(meter, model) },
  };
}

/** @yields the parts, without the raw ones unless `wantsRaw`. */
async function* meteredParts(
  reader: ReadableStreamDefaultReader<PartFields>,
  meter: AnswerMeter,
  model: ModelName,
  wantsRaw: boolean,
): AsyncGenerator<PartFields, void, void> {
  const open = new OpenParts();
  let finished = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.type === "raw") {
        // The parts that a chunk becomes come after it: what was said until a stop has been given on by now.
        if (meter.stoppedBy) break;
        meter.push((value as { rawValue?: unknown }).rawValue);
        if (wantsRaw) yield value;
        continue;
      }
      open.follow(value);
      if (value.type === "finish") {
        finished = true;
        yield {
          ...value,
          providerMetadata: withSummary(value as GenerateFields, meter, model),
        } as PartFields;
      } else yield value;
      if (meter.stoppedBy && !finished && /^(text|reasoning|tool-input)-delta$/.test(value.type)) break;
    }
    const cancelled = reader.cancel().catch(() => {}); // the answer was ended on purpose
    yield* open.close();
    yield stopped(meter, model);
    await cancelled;
  } finally {
    meter.finish();
    await reader.cancel().catch(() => {});
  }
}

function stopped(meter: AnswerMeter, model: ModelName): WrittenPart {
  const { tokens } = meter.finish();
  return {
    type: "finish",
    usage: usageOf(null, tokens),
    finishReason: { unified: "other", raw: `surprisal: ${meter.stoppedBy?.message}` },
    providerMetadata: { surprisal: summaryOf(meter, model) },
  };
}

/** What has begun in a stream and not ended. */
class OpenParts {
  readonly #ends = new Map<string, { type: string; id: string }>();

  follow(part: PartFields): void {
    const [, kind, edge] = /^(text|reasoning|tool-input)-(start|end)$/.exec(part.type) ?? [];
    if (!kind) return;
    const { id } = part as PartFields & { id: string };
    if (edge === "start") this.#ends.set(`${kind} ${id}`, { type: `${kind}-end`, id });
    else this.#ends.delete(`${kind} ${id}`);
  }

  close(): Iterable<PartFields> {
    return this.#ends.values();
  }
}
