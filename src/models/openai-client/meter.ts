/** Wraps an answer of the official `openai` client, whole or streamed, and meters it as it is read. */
import { invalidArgument, type MeterReading, type PolicyEvent, untilStopped } from "../../core/index.ts";
import { AnswerMeter, type AnswerMeterOptions, type MeteredEnd } from "../metered/index.ts";

/** Options of `meter`: policies, callbacks, and the meter the tokens go through. */
export type MeterAnswerOptions = AnswerMeterOptions;

/** What `meter` adds to an answer. Nothing of the answer itself has one of these names. */
export interface MeteredAnswer<Answer> {
  /** Everything known now: of a stream, after the chunks that were read so far. */
  readonly reading: MeterReading;
  /** `null` while a stream is being read, and for ever when it failed or was left early. */
  readonly end: MeteredEnd | null;
  /** Why a policy stopped the stream; `null` when none did. */
  readonly stoppedBy: PolicyEvent | null;
  /** Every time `alarmWhen` came to hold; of a whole answer, `stopWhen` too. */
  readonly alarms: readonly PolicyEvent[];
  /** The very object that was given. */
  readonly unmetered: Answer;
}

/** An answer with what is known about it. */
export type Metered<Answer> = Answer extends object ? Answer & MeteredAnswer<Answer> : never;

/** The promise of one. It has `withResponse` and `asResponse` where the client's has; the raw response is not metered. */
export type MeteredPromise<Answer, Given> = Promise<Metered<Answer>> &
  (Given extends { withResponse(): PromiseLike<infer With> }
    ? { withResponse(): Promise<Omit<With, "data"> & { data: Metered<Answer> }> }
    : unknown) &
  (Given extends { asResponse(): infer Raw } ? { asResponse(): Raw } : unknown);

/**
 * Meters what `client.chat.completions.create`, `client.completions.create` or `client.responses.create` returned: the
 * answer or the stream, or the promise of it. It is used as before: every chunk comes through as the same object,
 * `controller` is the stream's own, leaving the loop early aborts the request.
 *
 *     const answer = meter(
 *       await client.chat.completions.create({ model, messages, stream: true, logprobs: true, top_logprobs: 5 }),
 *       { stopWhen: "window(16)>80 after 20" },
 *     );
 *     for await (const chunk of answer) process.stdout.write(chunk.choices[0]?.delta.content ?? "");
 *     console.log(answer.reading.perplexity, answer.stoppedBy?.message);
 *
 * Where a policy stops a stream, its request is aborted through its `controller`, the chunk that decided is the last
 * one, and the loop ends without an error. Of the two streams of `tee()`, the first is metered.
 *
 * What is read by other ways is not metered: of what `chat.completions.stream` returned, the loop is, not its events.
 *
 * Without log-probabilities every number is `null` and `end.warnings` says how to ask. What cannot be read of an answer
 * is a warning too: the answer itself comes through.
 *
 * @throws SurprisalError INVALID_ARGUMENT for options that are none, and for what is no answer.
 */
export function meter<Answer extends object, Given extends PromiseLike<Answer>>(
  answer: Given & PromiseLike<Answer>,
  options?: MeterAnswerOptions,
): MeteredPromise<Answer, Given>;
export function meter<Answer extends object>(answer: Answer, options?: MeterAnswerOptions): Metered<Answer>;
export function meter(answer: object, options: MeterAnswerOptions = {}): object {
  if (isPromise(answer)) return meteredPromise(answer, options);
  if (isStream(answer)) return meteredStream(answer, new AnswerMeter(options));
  const reader = new AnswerMeter(options, "whole");
  reader.push(answer);
  reader.finish();
  if (reader.format === null)
    throw invalidArgument(
      "This is no answer of a language model",
      "meter",
      "Give what chat.completions.create, completions.create or responses.create returns, streamed or not.",
    );
  return withMeter(answer, reader, {});
}

interface ChunkStream extends AsyncIterable<unknown> {
  readonly controller?: AbortController | undefined;
  tee?(): [ChunkStream, ChunkStream];
}

const isPromise = (value: object): value is PromiseLike<object> =>
  typeof (value as { then?: unknown }).then === "function";
const isStream = (value: object): value is ChunkStream => Symbol.asyncIterator in value;

/** The client's promise reads the answer only once someone waits for it: so does this one. */
function meteredPromise(promise: PromiseLike<object>, options: MeterAnswerOptions): object {
  new AnswerMeter(options); // complains now, not in the promise
  let waiting: Promise<object> | null = null;
  const metered = () => {
    waiting ??= Promise.resolve(promise).then((answer) => meter(answer, options));
    return waiting;
  };
  return new Proxy(promise, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function" || key === "constructor") return value;
      if (key === "then" || key === "catch" || key === "finally")
        return (...handlers: unknown[]) => Reflect.apply(Promise.prototype[key], metered(), handlers);
      if (key !== "withResponse") return value.bind(target);
      return async () => ({ ...(await value.call(target)), data: await metered() });
    },
  });
}

function meteredStream(stream: ChunkStream, reader: AnswerMeter): object {
  return withMeter(stream, reader, {
    [Symbol.asyncIterator]: () => meteredChunks(stream, reader),
    tee() {
      const [first, second] = stream.tee!();
      return [meteredStream(first, reader), second];
    },
  });
}

async function* meteredChunks(
  stream: ChunkStream,
  reader: AnswerMeter,
): AsyncGenerator<unknown, void, undefined> {
  const onStop = () => {
    stream.controller?.abort(); // without a reason: the client knows its own
    reader.finish();
  };
  yield* untilStopped(stream, (chunk) => reader.push(chunk), onStop);
  reader.finish();
}

/**
 * The answer itself, with a few more properties. A proxy, because the client's classes keep private fields, which a copy
 * would not have. Their methods run on the answer itself, but for `toReadableStream`, which reads through the meter.
 */
function withMeter<Answer extends object>(
  answer: Answer,
  reader: AnswerMeter,
  methods: Record<PropertyKey, unknown>,
): Answer & MeteredAnswer<Answer> {
  const added: MeteredAnswer<Answer> = {
    get reading() {
      return reader.reading;
    },
    get end() {
      return reader.end;
    },
    get stoppedBy() {
      return reader.stoppedBy;
    },
    get alarms() {
      return reader.alarms;
    },
    unmetered: answer,
  };
  return new Proxy(answer, {
    has: (target, key) => key in added || key in target,
    get(target, key, proxy) {
      if (key in added) return added[key as keyof typeof added];
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      if (Object.hasOwn(methods, key)) return methods[key];
      return key === "toReadableStream"
        ? value.bind(proxy)
        : key === "constructor"
          ? value
          : value.bind(target);
    },
  }) as Answer & MeteredAnswer<Answer>;
}
