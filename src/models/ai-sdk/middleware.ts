/** Perplexity for every model of the AI SDK that gives log-probabilities. */
import type { MeterOptions } from "../../core/index.ts";
import { AnswerMeter, type AnswerMeterOptions, type SurprisalSummary, summaryOf } from "../metered/index.ts";
import { type AskedCall, providerOptionsFor, withOptions } from "./ask.ts";
import { type CallKind, kindOf, Refusals, verdictOf, wordsOf } from "./refusals.ts";
import { streamOf } from "./stream.ts";
import { SwitchingSource } from "./switching-source.ts";
import {
  type CallFields,
  type GenerateFields,
  type GivenMetadata,
  type InnerModel,
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
   * The provider options that ask for log-probabilities. Default: by each provider's own names (OpenAI, Azure, xAI,
   * DeepSeek, Cerebras, Together, Fireworks, the AI Gateway), none of those that have no such option, and every other
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
 * A provider that gives no log-probabilities has `null` for every number, and a warning that says so. One that refuses a
 * call because they were asked for (the model has none, or none beside tools) is asked again without, and so from then on:
 * no call fails here that would not fail without the middleware, and the error is then the call's own.
 *
 * @throws SurprisalError INVALID_ARGUMENT for options that are none.
 */
export function surprisalMiddleware(options: SurprisalMiddlewareOptions = {}): SurprisalMiddleware {
  const { alternatives = 5, ask = providerOptionsFor, ...meterOptions } = options;
  new AnswerMeter(meterOptions); // complains now about what would fail at the first call
  /** What each transformed call was before. */
  const given = new WeakMap<object, Given>();
  const refusals = new Refusals();
  return {
    specificationVersion: "v3",
    async transformParams({ type, params, model }) {
      const { provider, modelId } = model;
      const kind = kindOf(params);
      const refused = refusals.of(model, kind);
      const asked = ask === false || refused !== null ? {} : ask({ type, provider, modelId, alternatives });
      const raw = type === "stream" && { includeRawChunks: true };
      const transformed = {
        ...params,
        ...((refused === null || params.providerOptions) && {
          providerOptions: withOptions(params.providerOptions, asked),
        }),
        ...raw,
      };
      const asks = Object.keys(asked).length > 0;
      given.set(transformed, { params, plain: asks ? { ...params, ...raw } : null, kind, refused });
      return transformed;
    },
    async wrapGenerate({ doGenerate, params = {}, model }) {
      const call = given.get(params) ?? unknownCall(params);
      const again = call.plain && model.doGenerate ? () => model.doGenerate!(call.plain as never) : null;
      const { result, refused } = await attempt(doGenerate, again, call, refusals, model);
      const meter = new AnswerMeter(meterOptions, "whole");
      meter.push(result.response?.body);
      return {
        ...result,
        ...(refused?.isNew && { warnings: [...(result.warnings ?? []), warningOf(refused.words)] }),
        providerMetadata: withSummary(result, meter, model, refused?.words ?? null),
      };
    },
    async wrapStream<Result extends StreamFields>({
      doStream,
      params,
      model,
    }: {
      doStream: () => PromiseLike<Result>;
      params: CallFields;
      model: InnerModel<unknown, Result>;
    }) {
      const call = given.get(params) ?? unknownCall(params);
      const again = call.plain && model.doStream ? () => model.doStream!(call.plain as never) : null;
      const { result, refused } = await attempt(doStream, again, call, refusals, model);
      const onRefusal = refused || !again ? null : refusedInStream(again, call, refusals, model);
      const source = new SwitchingSource(result.stream, onRefusal, refused);
      const wantsRaw = call.params.includeRawChunks === true;
      const parts = meteredParts(source, new AnswerMeter(meterOptions), model, wantsRaw);
      return { ...result, stream: streamOf(parts, (reason) => source.cancel(reason)) };
    },
  };
}

/** A call as it came. */
interface Given {
  params: CallFields;
  /** What to call instead where the asking is refused; `null` = nothing was asked for. */
  plain: CallFields | null;
  kind: CallKind;
  /** What the provider said to a call like this before. */
  refused: string | null;
}

const unknownCall = (params: CallFields): Given => ({
  params,
  plain: null,
  kind: kindOf(params),
  refused: null,
});

/** That a provider refuses numbers, in its words. */
interface Refused {
  words: string;
  /** It said so now. */
  isNew: boolean;
}

/**
 * Makes a call; where it fails for what was asked for, the plain call in its place.
 * @throws what the plain call throws, and what the first did where asking was not to blame.
 */
async function attempt<Result>(
  call: () => PromiseLike<Result>,
  again: (() => PromiseLike<Result>) | null,
  { kind, refused }: Given,
  refusals: Refusals,
  model: ModelName,
): Promise<{ result: Result; refused: Refused | null }> {
  try {
    return { result: await call(), refused: refused === null ? null : { words: refused, isNew: false } };
  } catch (error) {
    const verdict = verdictOf(error);
    if (!again || verdict === "no") throw error;
    const result = await again();
    const words = wordsOf(error);
    refusals.remember(model, kind, words, verdict);
    return { result, refused: { words, isNew: true } };
  }
}

/** The plain stream in the place of one that begins with an error; `null` where the error has nothing to do with asking. */
function refusedInStream(
  again: () => PromiseLike<StreamFields>,
  { kind }: Given,
  refusals: Refusals,
  model: ModelName,
): (error: unknown) => Promise<{ stream: StreamFields["stream"]; refused: Refused } | null> {
  return async (error) => {
    const verdict = verdictOf(error);
    if (verdict === "no") return null;
    const { stream } = await again();
    const words = wordsOf(error);
    refusals.remember(model, kind, words, verdict);
    return { stream, refused: { words, isNew: true } };
  };
}

const warningOf = (words: string) => ({
  type: "other",
  message: `surprisal: the provider refuses log-probabilities, so the call was made without: ${words}`,
});

function withSummary(
  { providerMetadata }: Pick<GenerateFields, "providerMetadata">,
  meter: AnswerMeter,
  model: ModelName,
  refusal: string | null,
): GivenMetadata {
  return {
    ...providerMetadata,
    surprisal: { ...providerMetadata?.surprisal, ...summary(meter, model, refusal) },
  };
}

function summary(meter: AnswerMeter, model: ModelName, refusal: string | null): SurprisalSummary {
  const said = summaryOf(meter, model);
  if (refusal === null) return said;
  // How to ask is no help where asking is refused.
  const warnings = said.warnings.filter((warning) => !warning.startsWith("No token carries a number"));
  return { ...said, warnings: [...warnings, `The provider refuses log-probabilities: ${refusal}`] };
}

/** @yields the parts, without the raw ones unless `wantsRaw`. */
async function* meteredParts(
  source: SwitchingSource,
  meter: AnswerMeter,
  model: ModelName,
  wantsRaw: boolean,
): AsyncGenerator<PartFields, void, void> {
  const open = new OpenParts();
  let finished = false;
  try {
    for (;;) {
      const value = await source.next();
      if (value === null) return;
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
          providerMetadata: withSummary(value as GenerateFields, meter, model, source.refusal),
        } as PartFields;
      } else yield value;
      if (meter.stoppedBy && !finished && /^(text|reasoning|tool-input)-delta$/.test(value.type)) break;
    }
    const cancelled = source.cancel().catch(() => {}); // the answer was ended on purpose
    yield* open.close();
    yield stopped(meter, model, source.refusal);
    await cancelled;
  } finally {
    meter.finish();
    await source.cancel().catch(() => {});
  }
}

function stopped(meter: AnswerMeter, model: ModelName, refusal: string | null): WrittenPart {
  const { tokens } = meter.finish();
  return {
    type: "finish",
    usage: usageOf(null, tokens),
    finishReason: { unified: "other", raw: `surprisal: ${meter.stoppedBy?.message}` },
    providerMetadata: { surprisal: summary(meter, model, refusal) },
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
