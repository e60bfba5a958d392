/** Models that make one mistake each: what the conformance suite is tested with. */
import type { TokenRecord } from "../src/core/index.ts";
import { generationOf, isChat } from "../src/models/generation.ts";
import type {
  GenerateOptions,
  Generation,
  GenerationEnd,
  LanguageModel,
  ModelSequence,
  ScoredSpan,
  ScoredText,
} from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";

/** What is wrong, the name of the case that must find it, and how the model gets it. */
export type Mistake = [mistake: string, caseName: string, alteration: Alteration];

export type Alteration = (model: TableModel) => Partial<LanguageModel>;

/** `target` with some of its members replaced. */
function withChanges<Target extends object>(target: Target, changes: Partial<Target>): Target {
  return new Proxy(target, {
    get(_, key) {
      if (key in changes) return Reflect.get(changes, key);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** How often each letter occurs: enough of an embedding to tell a paraphrase from another subject. */
function letterCounts(text: string): Float32Array {
  const counts = new Float32Array(26);
  for (const letter of text.toLowerCase()) {
    const place = letter.charCodeAt(0) - 97;
    if (place >= 0 && place < 26) counts[place]! += 1;
  }
  return counts;
}

/** A TableModel that can do everything, with some of its members replaced. */
export function altered(alter: Alteration): LanguageModel {
  const model = TableModel.bytes();
  let open = true;
  const template: LanguageModel["applyChatTemplate"] = (messages, { addGenerationPrompt = true } = {}) => {
    if (!open) return model.applyChatTemplate(messages);
    const turns = messages.map(({ role, content }) => `${role}: ${content}\n`);
    return turns.join("") + (addGenerationPrompt ? "assistant:" : "");
  };
  return withChanges<LanguageModel>(model, {
    capabilities: { ...model.capabilities, embed: true, chat: true, chatTemplate: true },
    embed: async (texts) => (open ? texts.map(letterCounts) : model.embed(texts)),
    applyChatTemplate: template,
    generate: (prompt, options) =>
      model.generate(open && isChat(prompt) ? template(prompt) : prompt, options),
    [Symbol.asyncDispose]: async () => {
      open = false;
      await model[Symbol.asyncDispose]();
    },
    ...alter(model),
  });
}

export async function* mapped<In, Out>(
  items: AsyncIterable<In>,
  change: (item: In, index: number) => Out,
): AsyncGenerator<Out> {
  let index = 0;
  for await (const item of items) yield change(item, index++);
}

export const answers =
  (change: (answer: ScoredText, index: number) => ScoredText): Alteration =>
  (model) => ({ score: (requests, options) => mapped(model.score(requests, options), change) });

export const spans =
  (change: (span: ScoredSpan, index: number) => ScoredSpan): Alteration =>
  (model) => ({ scoreTokens: (ids, plan, options) => mapped(model.scoreTokens(ids, plan, options), change) });

export const records =
  (change: (record: TokenRecord, index: number) => TokenRecord): Alteration =>
  (model) => ({
    generate(prompt, options) {
      const writing = model.generate(prompt, options);
      return endingAs(writing, mapped(writing, change));
    },
  });

/** Other records with the end of `writing`. */
export function endingAs(writing: Generation, records: AsyncGenerator<TokenRecord>): Generation {
  return generationOf(
    (async function* () {
      yield* records;
      return writing.end!;
    })(),
  );
}

export const end =
  (change: (end: GenerationEnd) => GenerationEnd): Alteration =>
  (model) => ({
    generate: (prompt, options) =>
      generationOf(
        (async function* () {
          const writing = model.generate(prompt, options);
          yield* writing;
          return change(writing.end!);
        })(),
      ),
  });

export const generateWith =
  (change: (options: GenerateOptions) => GenerateOptions): Alteration =>
  (model) => ({ generate: (prompt, options = {}) => model.generate(prompt, change(options)) });

export const sequences =
  (alter: (sequence: ModelSequence) => Partial<ModelSequence>): Alteration =>
  (model) => ({
    open: async () => {
      const sequence = await model.open();
      return withChanges(sequence, alter(sequence));
    },
  });

/** Lets the items through; when the reader stops early, `stopped` is called. */
export async function* fragile<Item>(items: AsyncIterable<Item>, stopped: () => void): AsyncGenerator<Item> {
  let complete = false;
  try {
    yield* items;
    complete = true;
  } finally {
    if (!complete) stopped();
  }
}

export const shifted = (column: Float64Array, nats: number): Float64Array => column.map((x) => x - nats);
export const withTokens = (answer: ScoredText, tokens: Partial<ScoredText["tokens"]>): ScoredText => ({
  ...answer,
  tokens: { ...answer.tokens, ...tokens },
});
