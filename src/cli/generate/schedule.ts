/** Many prompts at once: as many answers side by side as there are places. */
import { SurprisalError, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, Generation, LanguageModel, Prompt } from "../../models/index.ts";
import { type Answer, type AnswerOptions, readAnswer } from "../chat/index.ts";
import type { PromptRow } from "./prompts.ts";
import type { Written } from "./rows.ts";

export interface Work {
  model: LanguageModel;
  rows: readonly PromptRow[];
  samples: number;
  options: AnswerOptions;
  /** Answers that are written at once. */
  atOnce: number;
  /** What is there already. */
  isDone(row: PromptRow, sample: number): boolean;
  /** Keep the records of every answer. */
  keepRecords: boolean;
  /** Called for every token. */
  onToken(): void;
  /** Called when an answer is complete. */
  onAnswer(written: Written): void;
  onError(row: PromptRow, sample: number, error: unknown): void;
}

/** After these nothing else would go better: what is done is kept, and the rest waits for another day. */
const FATAL: readonly string[] = [
  ...["UNAUTHORIZED", "SERVER_UNREACHABLE", "RATE_LIMITED", "UNKNOWN_MODEL", "REDIRECT_REFUSED"],
  ...["MODEL_DISPOSED", "ENGINE_FAILED", "OUT_OF_MEMORY", "DISK_FULL", "FILE_UNWRITABLE"],
];
/** Whether an error would be the same for every other prompt. */
export function endsAll(error: unknown): boolean {
  return FATAL.includes(SurprisalError.isInstance(error) ? error.code : "INTERNAL");
}

/** An answer that finds no room waits until another is done. */
const CROWDED: readonly string[] = ["TOO_MANY_SEQUENCES"];

/**
 * Writes all answers that are missing. The samples of a prompt share its beginning: see `LanguageModel.sample`.
 * @throws what ends all of it; what ends one answer goes to `onError`.
 */
export async function writeAll(work: Work): Promise<void> {
  const { rows, samples, atOnce, isDone, onError } = work;
  const places = new Places(atOnce);
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let fatal: { error: unknown } | null = null;
  const begin = async (row: PromptRow, sample: number, generation: Generation, counted: Counted) => {
    await places.take();
    if (fatal) {
      places.free();
      await generation.return?.();
      return;
    }
    const done = writeOne(work, places, row, sample, generation, counted, stop)
      .catch((error: unknown) => {
        fatal ??= { error };
        stop.abort();
      })
      .finally(() => {
        places.free();
        running.delete(done);
      });
    running.add(done);
  };
  for (const row of rows) {
    if (fatal) break;
    const missing = new Set(Array.from({ length: samples }, (_, i) => i).filter((i) => !isDone(row, i)));
    const { prompt } = row;
    if (prompt instanceof SurprisalError) for (const sample of missing) onError(row, sample, prompt);
    else if (missing.size > 0) {
      const counted = countOnce(work.model, prompt, work.options);
      for (const { sample, generation } of generationsOf(work, prompt, missing, stop.signal))
        await begin(row, sample, generation, counted);
    }
  }
  await Promise.all(running);
  if (fatal) throw (fatal as { error: unknown }).error;
}

/** Places that are taken and freed, in the order in which they were asked for. */
class Places {
  #free: number;
  readonly #waiting: (() => void)[] = [];
  readonly #most: number;

  constructor(most: number) {
    this.#free = most;
    this.#most = most;
  }

  /** Places in use. */
  get taken(): number {
    return this.#most - this.#free;
  }

  async take(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  free(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}

/** Tokens of the prompt, counted when an answer is complete and its source has not said it. */
type Counted = () => Promise<number | null>;

async function writeOne(
  work: Work,
  places: Places,
  row: PromptRow,
  sample: number,
  generation: Generation,
  counted: Counted,
  stop: AbortController,
): Promise<void> {
  const { model, options, onAnswer, onError } = work;
  const seed = seedOf(work, sample);
  for (let current = generation; ; ) {
    const records: TokenRecord[] = [];
    const answer = await readAnswer(current, model, options, stop.signal, ({ record }) => {
      work.onToken();
      if (work.keepRecords) records.push(record);
    });
    if (stop.signal.aborted) return;
    if (!answer.failure) {
      const { tokens: promptTokens = await counted(), shared: sharedTokens = null } =
        answer.end?.prompt ?? {};
      onAnswer({ row, sample, seed, promptTokens, sharedTokens, answer, records });
      return;
    }
    const { error } = answer.failure;
    if (endsAll(error)) throw error;
    const code = SurprisalError.isInstance(error) ? error.code : "INTERNAL";
    if (!isCrowded(answer, code) || places.taken < 2) {
      onError(row, sample, error);
      return;
    }
    // In the queue behind whoever waits for a place: by then another answer is done.
    places.free();
    await places.take();
    current = model.generate(row.prompt as Prompt, {
      ...generateOptions(options),
      seed: seed ?? undefined,
      signal: stop.signal,
    });
  }
}

const isCrowded = ({ reading }: Answer, code: string): boolean =>
  reading.tokens === 0 && CROWDED.includes(code);

/** The answers of a prompt, in as few samplings as the source takes; those that are there already are closed at once. */
function* generationsOf(
  { model, options, samples }: Work,
  prompt: Prompt,
  missing: ReadonlySet<number>,
  signal: AbortSignal,
): Generator<{ sample: number; generation: Generation }> {
  const own = { ...generateOptions(options), signal };
  if (samples === 1) {
    yield { sample: 0, generation: model.generate(prompt, own) };
    return;
  }
  for (let first = 0; first < samples; ) {
    const seed = first === 0 ? options.seed : (options.seed ?? 0) + first;
    const generations = asManyAsItTakes(model, prompt, { ...own, seed }, samples - first);
    for (const [i, generation] of generations.entries())
      if (!missing.has(first + i)) void generation.return?.();
    for (const [i, generation] of generations.entries())
      if (missing.has(first + i)) yield { sample: first + i, generation };
    first += generations.length;
  }
}

/** Half as many, where a source does not take so many at once. */
function asManyAsItTakes(
  model: LanguageModel,
  prompt: Prompt,
  options: GenerateOptions,
  wanted: number,
): readonly Generation[] {
  for (let n = Math.min(wanted, 128); ; n = n >> 1)
    try {
      return model.sample(prompt, { ...options, n });
    } catch (error) {
      if (!(SurprisalError.isInstance(error) && error.where === "n" && n > 1)) throw error;
    }
}

function generateOptions({ stopWhen: _, ...options }: AnswerOptions): GenerateOptions {
  return options;
}

/** A server is told a seed only where one was asked for, or several answers are. */
function seedOf({ model, options, samples }: Work, sample: number): number | null {
  if (options.seed === undefined && model.execution.place === "server" && samples === 1) return null;
  return (options.seed ?? 0) + sample;
}

/** For answers that a policy ended, where the source did not come to say it; counted once for all answers to the prompt. */
function countOnce(model: LanguageModel, prompt: Prompt, { prefill = "" }: GenerateOptions): Counted {
  let counting: Promise<number | null> | null = null;
  const count = async () => {
    const { tokenize, chatTemplate } = model.capabilities;
    const isText = typeof prompt === "string";
    if (model.execution.place === "server" || !tokenize || !(isText || chatTemplate)) return null;
    const text = isText
      ? prompt
      : model.applyChatTemplate(prompt as Parameters<LanguageModel["applyChatTemplate"]>[0], {
          addGenerationPrompt: true,
        });
    const { ids } = await model.tokenize(text + prefill, { addSpecial: true, parseSpecial: true });
    const { bos } = model.vocabulary;
    return bos !== null && !isText && ids[0] === bos && ids[1] === bos ? ids.length - 1 : ids.length;
  };
  return () => {
    counting ??= count().catch(() => null);
    return counting;
  };
}
