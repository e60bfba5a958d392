/** Answers of a model in process: `generate`, `sample` and `open`. */
import type { TokenRecord } from "../../core/index.ts";
import { checkAlternatives, checkedIds } from "../checks.ts";
import { checkGenerateOptions } from "../generate-options.ts";
import { checkNotEmpty, checkPrompt, completeEnd, generationOf, isChat, promptIds } from "../generation.ts";
import type {
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  Prompt,
  SampleOptions,
  TextOrIds,
} from "../language-model.ts";
import { MOST_SAMPLES, SharedPrompt, sampleWith } from "../sample.ts";
import { type LlamaContext, MAX_SEQUENCES } from "./context.ts";
import type { ContextPool } from "./context-pool.ts";
import { generateTokens, HeldPrompt } from "./generate.ts";
import type { Lifetime } from "./lifetime.ts";
import { OpenSequences } from "./open-sequences.ts";
import type { LlamaLoadOptions } from "./placement.ts";
import type { RowReader } from "./row-reader.ts";
import type { LlamaSequence } from "./sequence.ts";
import type { LlamaVocabulary } from "./vocabulary.ts";

/** Sequences that are open at once, answers that are being written among them. */
const OPEN = 64;
/** A recurrent memory has a state for each. */
const OPEN_RECURRENT = 8;
/** For prompts that are held for several answers. */
const SPARE_RECURRENT = 4;
/** Tokens that open sequences may hold together, unless the person says otherwise. */
const CELLS = 4096;
/** Answers of one sample where they wait for each other. */
const MOST_WAITING = 100_000;

/** What a model's answers are made with. */
export interface AnswersParts {
  contexts: ContextPool;
  lifetime: Lifetime;
  reader: RowReader;
  vocabulary: LlamaVocabulary;
  /** A part of its memory is a state per sequence, which cannot be cut or shared in parts. */
  recurrent: boolean;
  /** A part of it is a row of cells. */
  bounded: boolean;
  load: Pick<LlamaLoadOptions, "batching" | "prefixCacheBytes" | "contextSize">;
}

type Batching = NonNullable<GenerateOptions["batching"]>;

export class Answers {
  readonly #model: LanguageModel;
  readonly #parts: AnswersParts;
  readonly #opened = new Map<Batching, Promise<OpenSequences>>();
  readonly #most: number;

  constructor(model: LanguageModel, parts: AnswersParts) {
    this.#model = model;
    this.#parts = parts;
    this.#most = parts.recurrent ? OPEN_RECURRENT : OPEN;
  }

  async open(): Promise<LlamaSequence> {
    return (await this.#sequences({})).open();
  }

  generate(prompt: Prompt, options: GenerateOptions): Generation {
    return generationOf(this.#generate(options, () => this.#begin(prompt, options)));
  }

  sample(prompt: Prompt, options: SampleOptions): readonly Generation[] {
    const { signal, whenFull } = options;
    const shared = new SharedPrompt(
      options.n,
      () => this.#hold(prompt, options),
      (held) => held.fork({ signal, whenFull: whenFull ?? "wait" }),
      signal,
    );
    return sampleWith(
      options,
      whenFull === "wait" ? MOST_WAITING : Math.min(MOST_SAMPLES, this.#most),
      (own) => this.#generate(own, () => shared.take()),
      () => shared.leave(),
    );
  }

  async *#generate(
    options: GenerateOptions,
    begin: () => Promise<HeldPrompt>,
  ): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    await using held = await begin();
    const { reader, vocabulary } = this.#parts;
    const written = yield* generateTokens(held, reader, vocabulary, options);
    const { identity, settings, notes = [] } = this.#model;
    const end = completeEnd(written.finishReason, written.tokens, {
      model: identity,
      settings: { ...settings, batching: this.#batching(options) },
      probabilities: "raw",
      eosCounted: false,
    });
    return { ...end, ...written, prompt: held.run, warnings: [...end.warnings, ...notes] };
  }

  async #begin(prompt: Prompt, options: GenerateOptions): Promise<HeldPrompt> {
    const ids = await this.#checked(prompt, options);
    const { signal, whenFull = "wait" } = options;
    const sequence = await (await this.#sequences(options)).open({ signal, whenFull });
    return HeldPrompt.run(ids, sequence, { signal, whenFull });
  }

  /** For several answers. */
  async #hold(prompt: Prompt, options: GenerateOptions): Promise<HeldPrompt> {
    const ids = await this.#checked(prompt, options);
    const { signal, whenFull = "wait" } = options;
    const sequence = await (await this.#sequences(options)).hold({ signal, whenFull });
    return HeldPrompt.run(ids, sequence, { signal, whenFull });
  }

  async #checked(prompt: Prompt, options: GenerateOptions): Promise<ArrayLike<number>> {
    checkAlternatives(this.#model, options.alternatives);
    checkGenerateOptions(options);
    checkPrompt(prompt);
    const ids = await this.#promptIds(prompt, options);
    checkNotEmpty(ids);
    return checkedIds(ids, this.#parts.vocabulary.size); // one that is none would fail a decode call for all
  }

  async #promptIds(prompt: Prompt, options: GenerateOptions): Promise<ArrayLike<number>> {
    const model = this.#model;
    if (isChat(prompt)) {
      const text = model.applyChatTemplate(prompt) + (options.prefill ?? "");
      // Most templates write BOS themselves.
      const { bos } = this.#parts.vocabulary;
      const { ids } = await model.tokenize(text, { addSpecial: true, parseSpecial: true });
      return bos !== null && ids[0] === bos && ids[1] === bos ? ids.subarray(1) : ids;
    }
    return promptIds(prompt as TextOrIds, options, (...given) => model.tokenize(...given));
  }

  #batching({ batching }: GenerateOptions): Batching {
    return batching ?? this.#parts.load.batching ?? "on";
  }

  async #sequences(options: GenerateOptions): Promise<OpenSequences> {
    this.#parts.lifetime.assertOpen();
    const batching = this.#batching(options);
    const known = this.#opened.get(batching);
    if (known) return known;
    const made = this.#make(batching === "on");
    this.#opened.set(batching, made);
    made.catch(() => this.#opened.delete(batching)); // may be tried again
    return made;
  }

  async #make(together: boolean): Promise<OpenSequences> {
    const { contexts, lifetime, reader, vocabulary, recurrent, bounded, load } = this.#parts;
    const spare = recurrent ? SPARE_RECURRENT : MAX_SEQUENCES - this.#most;
    const context: LlamaContext = await contexts.create({
      cells: load.contextSize ?? CELLS,
      sequences: together ? this.#most + spare : 1,
      rowLength: vocabulary.size,
      output: "logits",
    });
    const { prefixCacheBytes } = load;
    const trained = this.#model.trainedContext ?? Number.POSITIVE_INFINITY;
    const longest = load.contextSize ? context.shape.cells : Math.min(trained, context.shape.cells);
    const options = { together, recurrent, bounded, longest, places: this.#most, spare, prefixCacheBytes };
    return new OpenSequences(context, reader, lifetime, options);
  }
}
