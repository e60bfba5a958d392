/** Conformance: writing, and sequences held in memory. */
import { TOKEN_PARTS, type TokenRecord } from "../../core/index.ts";
import type { GenerateOptions, LanguageModel, ModelSequence } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { allClose, check, close, collect, refuses, same, scoreOne, textIds } from "./_check.ts";

const PROMPT = "Once upon a time, there was a";

export const writeCases: readonly ConformanceCase[] = [
  conformanceCase("greedy writing repeats itself, and stops at maxTokens", ["generate"], async (model) => {
    const first = await write(model, { maxTokens: 8 });
    check(first.length > 0 && first.length <= 8, `${first.length} tokens of at most 8`);
    same(idsOf(await write(model, { maxTokens: 8 })), idsOf(first), "a second time");
    same(idsOf(await write(model, { maxTokens: 1 })), idsOf(first).slice(0, 1), "the first token alone");
    same(await write(model, { maxTokens: 0 }), [], "no tokens");
    check(
      model.vocabulary.eos === null || !idsOf(first).includes(model.vocabulary.eos),
      "the end-of-text token is not among the records",
    );
  }),

  conformanceCase(
    "what was written scores as it was written",
    ["generate", "score", "tokenize"],
    async (model, tolerance) => {
      const records = await write(model, { maxTokens: 8, temperature: 1, seed: 5 });
      const { ids } = await model.tokenize(PROMPT, { addSpecial: true });
      const { tokens } = await scoreOne(model, ids, idsOf(records));
      allClose(
        records.map(({ logprob }) => logprob ?? Number.NaN),
        tokens.logprobs,
        tolerance,
        "logprobs",
      );
      if (model.capabilities.distribution)
        allClose(
          records.map(({ entropy }) => entropy as number),
          tokens.entropies,
          tolerance,
          "entropies",
        );
      const bytes = records.flatMap(({ text, bytes }) => Array.from(bytes ?? new TextEncoder().encode(text)));
      same(bytes, Array.from(await model.detokenize(idsOf(records))), "bytes of the records");
    },
  ),

  conformanceCase(
    "greedy writing takes the first choice each time",
    ["generate", "alternatives", "distribution"],
    async (model) => {
      for (const { id, logprob, rank, alternatives } of await write(model, {
        maxTokens: 6,
        alternatives: 1,
      })) {
        same(rank, 1, "rank");
        same(
          alternatives?.map((alternative) => alternative.id),
          [id],
          "first choice",
        );
        close(alternatives![0]!.logprob, logprob, 1e-6, "its log-probability");
      }
    },
  ),

  conformanceCase(
    "alternatives of what is written are the token's own, and not every number is 0",
    ["generate", "alternatives"],
    async (model) => {
      const k = Math.min(3, model.capabilities.alternatives);
      const records = await write(model, { maxTokens: 12, temperature: 1, alternatives: k });
      let certain = 0;
      for (const { text, id, logprob, rank, alternatives = [] } of records) {
        if (logprob === 0) certain++;
        const numbers = alternatives.map((other) => other.logprob ?? Number.NEGATIVE_INFINITY);
        check(
          numbers.every((number, i) => i === 0 || number <= numbers[i - 1]!),
          `alternatives of ${JSON.stringify(text)} are not best first`,
        );
        const sum = numbers.reduce((sum, number) => sum + Math.exp(number), 0);
        check(sum <= 1 + 1e-3, `probabilities of the alternatives of ${JSON.stringify(text)} sum to ${sum}`);
        if (logprob === null || numbers.length === 0) continue;
        const place = alternatives.findIndex((other) =>
          id === undefined || other.id === undefined ? other.text === text : other.id === id,
        );
        const name = JSON.stringify(text);
        if (place < 0) {
          // Likelier than the last of the most probable ones, it would be one of them.
          check(logprob <= numbers.at(-1)! + 1e-2, `${name} is not among its alternatives`);
          continue;
        }
        close(numbers[place], logprob, 1e-2, `${name} among its alternatives`);
        check(rank === undefined || rank <= place + 1, `${name} of rank ${rank} is alternative ${place + 1}`);
      }
      check(records.length < 4 || certain < records.length, "every log-probability is 0");
    },
  ),

  conformanceCase("the same seed writes the same text, other seeds others", ["generate"], async (model) => {
    const options = { maxTokens: 10, temperature: 1.5 };
    const texts: string[] = [];
    for (const seed of [1, 2, 3, 1])
      texts.push(JSON.stringify(idsOf(await write(model, { ...options, seed }))));
    same(texts[3], texts[0], "seed 1, a second time");
    check(new Set(texts).size > 1, "three seeds wrote the same text");
  }),

  conformanceCase("one candidate left is greedy, at any temperature", ["generate"], async (model) => {
    const greedy = idsOf(await write(model, { maxTokens: 6 }));
    const only = { maxTokens: 6, temperature: 2 };
    same(idsOf(await write(model, { ...only, topK: 1 })), greedy, "topK 1");
    same(idsOf(await write(model, { ...only, topP: 1e-9 })), greedy, "topP next to 0");
  }),

  conformanceCase("a prompt of ids is a prompt", ["generate", "tokenize"], async (model) => {
    const ids = await textIds(model, PROMPT, true);
    const written = await collect(model.generate(ids, { maxTokens: 4 }));
    same(idsOf(written), idsOf(await write(model, { maxTokens: 4 })), "ids");
  }),

  conformanceCase("a chat is a prompt", ["chat", "generate"], async (model) => {
    const chat = [{ role: "user", content: "What is the capital of France?" }];
    const answer = await collect(model.generate(chat, { maxTokens: 4 }));
    check(answer.length > 0, "the chat is answered");
    if (!model.capabilities.chatTemplate) return;
    const filledIn = await collect(model.generate(model.applyChatTemplate(chat), { maxTokens: 4 }));
    same(idsOf(answer), idsOf(filledIn), "ids after the chat, and after its template filled in");
  }),

  conformanceCase("says how the writing ended", ["generate"], async (model) => {
    const writing = model.generate(PROMPT, { maxTokens: 4 });
    same(writing.end, null, "the end before it");
    const records = await collect(writing);
    const { end } = writing;
    check(end !== null, "there is an end");
    const { finishReason, tokens, scored, partial, provenance } = end!;
    check(finishReason === "length" || finishReason === "stop", `finish reason ${finishReason}`);
    if (finishReason === "length" && tokens !== null) same(tokens, 4, "tokens written");
    const numbers = records.filter(({ logprob, tokenCount = 1 }) => logprob !== null && tokenCount === 1);
    same(scored, numbers.length, "tokens that carry a number");
    same(partial, scored < (tokens ?? records.length), "partial");
    same(provenance.model, model.identity, "identity");
    const left = model.generate(PROMPT, { maxTokens: 8 });
    for await (const record of left) if (record) break;
    same(left.end, null, "the end of what was left early");
  }),

  conformanceCase("every token belongs to a part of the answer", ["generate"], async (model) => {
    for (const { part, text } of await write(model, { maxTokens: 8 }))
      check(
        part === undefined || TOKEN_PARTS.includes(part),
        `the part ${JSON.stringify(part)} of ${JSON.stringify(text)}`,
      );
  }),

  conformanceCase("refuses settings that make no sense", ["generate"], async (model) => {
    for (const bad of [{ temperature: -1 }, { topK: 0.5 }, { topP: 0 }, { topP: 2 }, { seed: -1 }])
      await refuses(
        "INVALID_ARGUMENT",
        () => write(model, { maxTokens: 1, temperature: 1, ...bad }),
        JSON.stringify(bad),
      );
    await refuses("EMPTY_INPUT", () => collect(model.generate([])), "an empty prompt");
  }),

  conformanceCase(
    "a caller that stops reading early leaves the model writing",
    ["generate"],
    async (model) => {
      const expected = idsOf(await write(model, { maxTokens: 3 }));
      for await (const record of model.generate(PROMPT, { maxTokens: 8 })) if (record) break;
      same(idsOf(await write(model, { maxTokens: 3 })), expected, "written afterwards");
    },
  ),

  conformanceCase(
    "a sequence scores what it is given, at once or in pieces",
    ["fork", "score", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      const expected = (await scoreOne(model, ids.slice(0, 1), ids.slice(1))).tokens;
      await using whole = await model.open();
      const all = await whole.extend(ids);
      same(
        [all.start, all.logprobs.length, whole.length],
        [0, ids.length, ids.length],
        "start, tokens, length",
      );
      check(Number.isNaN(all.logprobs[0]), "the very first token has no number");
      allClose(all.logprobs.subarray(1), expected.logprobs, tolerance, "at once");
      await using pieces = await model.open();
      for (const [start, end] of [
        [0, 1],
        [1, 4],
        [4, ids.length],
      ] as const) {
        const span = await pieces.extend(ids.slice(start, end));
        same(span.start, start, "start");
        if (start > 0)
          allClose(span.logprobs, expected.logprobs.subarray(start - 1, end - 1), tolerance, "in pieces");
      }
    },
  ),

  conformanceCase(
    "next() is the distribution that the next token is scored by",
    ["fork", "distribution", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      await using sequence = await model.open();
      await refuses("INVALID_ARGUMENT", () => sequence.next(), "next() of an empty sequence");
      await sequence.extend(ids);
      const logprobs = sequence.next();
      if (model.vocabulary.size !== null) same(logprobs.length, model.vocabulary.size, "its length");
      let [mass, entropy, best] = [0, 0, 0];
      for (const [id, logprob] of logprobs.entries()) {
        const p = Math.exp(logprob);
        mass += p;
        if (p > 0) entropy -= p * logprob;
        if (logprob > logprobs[best]!) best = id;
      }
      close(mass, 1, 1e-4, "sum of the probabilities");
      const span = await sequence.extend([best]);
      close(span.logprobs[0], logprobs[best], tolerance, "log-probability");
      close(span.entropies[0], entropy, Math.max(tolerance, 1e-4), "entropy");
      same(span.ranks[0], 1, "rank of the most probable");
    },
  ),

  conformanceCase(
    "a fork has the same past, and a future of its own",
    ["fork", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      await using sequence = await model.open();
      await sequence.extend(ids);
      const before = sequence.next();
      await using fork = await sequence.fork();
      same(fork.length, ids.length, "length of the fork");
      allClose(probabilities(fork.next()), probabilities(before), tolerance, "next() of the fork");
      await fork.extend(ids.slice(0, 3));
      same([sequence.length, fork.length], [ids.length, ids.length + 3], "lengths after one went on");
      allClose(
        probabilities(sequence.next()),
        probabilities(before),
        tolerance,
        "next() of the one that did not",
      );
      await sequence.extend(ids.slice(2, 4));
      await checkAgainstFresh(model, sequence, [...ids, ...ids.slice(2, 4)], tolerance);
      await checkAgainstFresh(model, fork, [...ids, ...ids.slice(0, 3)], tolerance);
    },
  ),

  conformanceCase(
    "a fork outlives the sequence it came from",
    ["fork", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      const sequence = await model.open();
      await sequence.extend(ids.slice(0, 4));
      await using fork = await sequence.fork();
      await sequence[Symbol.asyncDispose]();
      await refuses("MODEL_DISPOSED", () => sequence.next(), "the disposed sequence");
      await fork.extend(ids.slice(4));
      await checkAgainstFresh(model, fork, ids, tolerance);
    },
  ),

  conformanceCase(
    "a truncated sequence is as if it had never gone on",
    ["fork", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, PROMPT, true);
      await using sequence = await model.open();
      await sequence.extend(ids);
      await sequence.truncate(3);
      same(sequence.length, 3, "length");
      await checkAgainstFresh(model, sequence, ids.slice(0, 3), tolerance);
      await sequence.extend(ids.slice(4, 6));
      await checkAgainstFresh(model, sequence, [...ids.slice(0, 3), ...ids.slice(4, 6)], tolerance);
      await refuses("INVALID_ARGUMENT", () => sequence.truncate(6), "truncating to more than is held");
      await sequence.truncate(0);
      const span = await sequence.extend(ids.slice(0, 2));
      check(Number.isNaN(span.logprobs[0]), "the first token after truncating to nothing has no number");
    },
  ),
];

function write(model: LanguageModel, options: GenerateOptions): Promise<TokenRecord[]> {
  return collect(model.generate(PROMPT, options));
}

/** The ids; of a server that gives none, numbers that differ where the texts do. */
function idsOf(records: readonly TokenRecord[]): number[] {
  return records.map(({ id, text }) => id ?? numberOf(text));
}

const numbers = new Map<string, number>();

function numberOf(text: string): number {
  const number = numbers.get(text) ?? -1 - numbers.size;
  numbers.set(text, number);
  return number;
}

async function checkAgainstFresh(
  model: LanguageModel,
  sequence: ModelSequence,
  ids: readonly number[],
  tolerance: number,
): Promise<void> {
  await using fresh = await model.open();
  await fresh.extend(ids);
  same(sequence.length, fresh.length, "length");
  allClose(
    probabilities(sequence.next()),
    probabilities(fresh.next()),
    tolerance,
    "next() and a fresh sequence's",
  );
}

/** The tail of a distribution is noisy in ln p, and does not matter. */
function probabilities(logprobs: Float32Array): Float32Array {
  return logprobs.map(Math.exp);
}
