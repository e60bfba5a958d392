/** Conformance: scoring texts, `score` and `loss`. */
import type { LanguageModel, ScoredText } from "../language-model.ts";
import { type ConformanceCase, conformanceCase } from "./_case.ts";
import { allClose, check, close, collect, refuses, same, scoreApart, scoreOne, textIds } from "./_check.ts";
import { grow, type PrefixTree } from "./prefix-tree.ts";

const CONTEXT = "The capital of France is";
const SENTENCE = "Water boils at one hundred degrees.";
const QUESTION = "The children went to the beach. They built a castle out of";
const ENDINGS = [" sand.", " sand and water.", " the", " sand."];

export const scoreCases: readonly ConformanceCase[] = [
  conformanceCase(
    "answers in the order of the requests, whatever iterable they come in",
    ["score"],
    async (model) => {
      function* requests() {
        for (const continuation of [" Paris", " a city", " Paris", " Rome"])
          yield { context: CONTEXT, continuation };
      }
      const answers = await collect(model.score(requests()));
      same(
        answers.map(({ index }) => index),
        [0, 1, 2, 3],
        "indices",
      );
      same(await collect(model.score([])), [], "answers to no requests");
    },
  ),

  conformanceCase(
    "logprob is the sum of the tokens'; greedy means that all have rank 1",
    ["score"],
    async (model, tolerance) => {
      for (const continuation of [" Paris", " a city in the north of the country."]) {
        const answer = await scoreOne(model, CONTEXT, continuation);
        checkTable(answer, model);
        close(answer.logprob, sum(answer.tokens.logprobs), 1e-9, "logprob");
        if (model.capabilities.distribution)
          same(
            answer.greedy,
            answer.tokens.ranks.every((rank) => rank === 1),
            "greedy",
          );
        same(
          answer.tokens.byteOffsets.at(-1),
          continuation.length,
          "byte offsets count from the continuation's start",
        );
        same(answer.provenance.model, model.identity, "provenance");
        const again = await scoreOne(model, CONTEXT, continuation);
        close(again.logprob, answer.logprob, tolerance, "the same request again");
      }
    },
  ),

  conformanceCase(
    "a string request is the request of its ids",
    ["score", "tokenize"],
    async (model, tolerance) => {
      const context = await textIds(model, CONTEXT, true);
      const whole = await textIds(model, `${CONTEXT} Paris, a city`, true);
      same(whole.slice(0, context.length), context, "the context's ids begin the whole's");
      const strings = await scoreOne(model, CONTEXT, " Paris, a city");
      const ids = await scoreOne(model, context, whole.slice(context.length));
      sameAnswer(strings, ids, tolerance);
      same(Array.from(strings.tokens.byteOffsets), Array.from(ids.tokens.byteOffsets), "byte offsets");
    },
  ),

  conformanceCase(
    "white space at the end of the context belongs to the continuation",
    ["score"],
    async (model, tolerance) => {
      const moved = await scoreOne(model, `${CONTEXT} `, "Paris");
      sameAnswer(moved, await scoreOne(model, CONTEXT, " Paris"), tolerance);
    },
  ),

  conformanceCase("an empty context is BOS, else EOS", ["score", "tokenize"], async (model, tolerance) => {
    const ids = await textIds(model, SENTENCE, false);
    const prefix = model.vocabulary.bos ?? model.vocabulary.eos;
    for (const empty of [await scoreOne(model, "", SENTENCE), await scoreOne(model, [], ids)]) {
      same(Array.from(empty.tokens.ids), ids, "scored ids");
      if (prefix !== null) sameAnswer(empty, await scoreOne(model, [prefix], ids), tolerance);
      else
        check(Number.isNaN(empty.tokens.logprobs[0]) && empty.logprob === null, "the first token is missing");
    }
  }),

  conformanceCase(
    "requests that share a prefix: the same numbers, and the prefix run once",
    ["score", "tokenize"],
    async (model, tolerance) => {
      const requests = ENDINGS.map((continuation) => ({ context: QUESTION, continuation }));
      const together = await collect(model.score(requests));
      const apart = await scoreApart(model, requests);
      for (const [i, answer] of together.entries()) sameAnswer(answer, apart[i]!, tolerance);
      // The last token of a request predicts nothing that is asked for; a model may run it or not.
      const texts = await Promise.all(ENDINGS.map((ending) => textIds(model, QUESTION + ending, true)));
      const least = treeSize(texts.map((ids) => ids.slice(0, -1)));
      const most = treeSize(texts);
      const run = sum(together.map(({ tokensRun }) => tokensRun));
      check(run >= least && run <= most, `${run} tokens run for a prefix tree of ${least} to ${most}`);
      const runApart = sum(apart.map(({ tokensRun }) => tokensRun));
      check(runApart >= sum(texts.map(({ length }) => length - 1)), `${runApart} tokens run one at a time`);
    },
  ),

  conformanceCase(
    "many different requests at once: the same numbers",
    ["score"],
    async (model, tolerance) => {
      const contexts = ["One, two, three,", "", "Dear Sir or Madam,\n"];
      const requests = contexts.flatMap((context) => [
        { context, continuation: " four" },
        { context, continuation: " she saw 2 of them." },
      ]);
      const together = await collect(model.score(requests));
      const apart = await scoreApart(model, requests);
      for (const [i, answer] of together.entries()) sameAnswer(answer, apart[i]!, tolerance);
    },
  ),

  conformanceCase("calls at the same time do not disturb each other", ["score"], async (model, tolerance) => {
    const requests = [" Paris", " Rome", " a"].map((continuation) => ({ context: CONTEXT, continuation }));
    const expected = await collect(model.score(requests));
    const atOnce = await Promise.all(requests.map((request) => collect(model.score([request]))));
    for (const [i, answers] of atOnce.entries()) sameAnswer(answers[0]!, expected[i]!, tolerance);
  }),

  conformanceCase(
    "a caller that stops reading early leaves the model working",
    ["score"],
    async (model, tolerance) => {
      const expected = await scoreOne(model, CONTEXT, " Paris");
      for await (const answer of model.score(
        ENDINGS.map((continuation) => ({ context: QUESTION, continuation })),
      ))
        if (answer.index === 1) break;
      sameAnswer(await scoreOne(model, CONTEXT, " Paris"), expected, tolerance);
    },
  ),

  conformanceCase(
    "says whether end-of-text is among the scored tokens",
    ["score", "tokenize"],
    async (model) => {
      const { eos } = model.vocabulary;
      const ids = await textIds(model, SENTENCE, false);
      same(
        (await scoreOne(model, CONTEXT, " Paris")).provenance.eosCounted,
        false,
        "eosCounted of a plain text",
      );
      if (eos !== null) {
        const counted = await scoreOne(model, ids.slice(0, 2), [...ids.slice(2), eos]);
        same(counted.provenance.eosCounted, true, "eosCounted of ids that end with EOS");
      }
    },
  ),

  conformanceCase(
    "alternatives: best first, probabilities that sum to at most 1",
    ["score", "alternatives"],
    async (model, tolerance) => {
      const k = Math.min(5, model.capabilities.alternatives);
      const { tokens } = await scoreOne(model, CONTEXT, " Paris, a city", { alternatives: k });
      const { alternatives } = tokens;
      check(alternatives !== null && alternatives.k === k, `${k} alternatives per token`);
      for (let i = 0; i < tokens.length; i++) {
        const ids = Array.from(alternatives.ids.subarray(i * k, (i + 1) * k)).filter((id) => id >= 0);
        const logprobs = Array.from(alternatives.logprobs.subarray(i * k, i * k + ids.length));
        check(new Set(ids).size === ids.length && ids.length > 0, `alternatives of token ${i} are different`);
        check(
          logprobs.every((x, j) => j === 0 || x <= logprobs[j - 1]!),
          `alternatives of token ${i} are sorted`,
        );
        check(sum(logprobs.map(Math.exp)) <= 1 + 1e-5, `probabilities of token ${i} sum to at most 1`);
        const place = ids.indexOf(tokens.ids[i]!);
        if (place >= 0)
          close(logprobs[place], tokens.logprobs[i], tolerance, `token ${i} among its alternatives`);
        else
          check(
            tokens.logprobs[i]! <= logprobs.at(-1)! + tolerance,
            `token ${i} belongs among its alternatives`,
          );
        if (tokens.ranks[i] === 1) close(logprobs[0], tokens.logprobs[i], tolerance, `token ${i} of rank 1`);
      }
      same(
        (await scoreOne(model, CONTEXT, " Paris")).tokens.alternatives,
        null,
        "alternatives nobody asked for",
      );
    },
  ),

  conformanceCase(
    "its first choice is greedy, its second is not",
    ["score", "alternatives", "distribution", "tokenize"],
    async (model) => {
      if (model.capabilities.alternatives < 2) return;
      const context = await textIds(model, CONTEXT, true);
      const { tokens } = await scoreOne(model, context, [context[0]!], { alternatives: 2 });
      const [first, second] = tokens.alternatives!.ids;
      const best = await scoreOne(model, context, [first!]);
      same([best.greedy, best.tokens.ranks[0]], [true, 1], "greedy and rank of the first choice");
      if (tokens.alternatives!.logprobs[1]! < tokens.alternatives!.logprobs[0]! - 0.01)
        same((await scoreOne(model, context, [second!])).greedy, false, "greedy of the second choice");
    },
  ),

  conformanceCase(
    "loss is the mean surprise of a text, its first token apart",
    ["score", "tokenize"],
    async (model, tolerance) => {
      const ids = await textIds(model, SENTENCE, true);
      const { loss, perplexity, tokens, scored } = await model.loss(SENTENCE);
      same([tokens, scored], [ids.length, ids.length - 1], "tokens, scored");
      const answer = await scoreOne(model, ids.slice(0, 1), ids.slice(1));
      close(loss, -answer.logprob! / scored, tolerance, "loss");
      close(perplexity, Math.exp(loss), 1e-9, "perplexity");
    },
  ),

  conformanceCase("refuses what cannot be scored", ["score", "tokenize"], async (model) => {
    const { size, addsBos } = model.vocabulary;
    await refuses("NOTHING_TO_SCORE", () => scoreOne(model, CONTEXT, ""), "an empty continuation");
    await refuses("NOTHING_TO_SCORE", () => scoreOne(model, [0], []), "no ids");
    await refuses("INVALID_ARGUMENT", () => scoreOne(model, CONTEXT, [0]), "a string and ids");
    for (const id of [-1, size ?? 2 ** 31 - 1, 0.5])
      await refuses("INVALID_ARGUMENT", () => scoreOne(model, [0], [id]), `id ${id}`);
    for (const alternatives of [-1, 1.5, model.capabilities.alternatives + 1])
      await refuses(
        "INVALID_ARGUMENT",
        () => scoreOne(model, CONTEXT, " Paris", { alternatives }),
        `${alternatives} alternatives`,
      );
    await refuses("TOO_FEW_TOKENS", () => model.loss(addsBos ? "" : "a"), "loss of a single token");
  }),

  conformanceCase("refuses a text longer than the trained context", ["score", "tokenize"], async (model) => {
    const { trainedContext } = model;
    if (trainedContext === null) return;
    const text = "a b".repeat(trainedContext + 1);
    await refuses("CONTEXT_EXCEEDED", () => model.loss(text), "loss");
    await refuses("CONTEXT_EXCEEDED", () => scoreOne(model, "", text), "score");
  }),
];

/** Every number of the table is one, and within its bounds. */
function checkTable({ tokens }: ScoredText, { vocabulary, capabilities }: LanguageModel): void {
  const most = vocabulary.size === null ? Infinity : Math.log(vocabulary.size) + 1e-6; // nats
  same([tokens.ids.length, tokens.byteOffsets.length], [tokens.length, tokens.length + 1], "columns");
  for (let i = 0; i < tokens.length; i++) {
    check(tokens.logprobs[i]! <= 0, `logprob ${tokens.logprobs[i]} of token ${i} is at most 0`);
    if (!capabilities.distribution) continue;
    const [entropy, rank] = [tokens.entropies[i]!, tokens.ranks[i]!];
    check(entropy >= 0 && entropy <= most, `entropy ${entropy} of token ${i} is from 0 to ln V`);
    check(rank >= 1 && rank <= (vocabulary.size ?? Infinity), `rank ${rank} of token ${i}`);
  }
}

function sameAnswer(actual: ScoredText, expected: ScoredText, tolerance: number): void {
  same(Array.from(actual.tokens.ids), Array.from(expected.tokens.ids), "scored ids");
  allClose(actual.tokens.logprobs, expected.tokens.logprobs, tolerance, "logprobs");
  allClose(actual.tokens.entropies, expected.tokens.entropies, tolerance, "entropies");
  if (expected.logprob === null) same(actual.logprob, null, "logprob");
  else close(actual.logprob, expected.logprob, tolerance, "logprob");
}

function treeSize(texts: readonly number[][]): number {
  const tree: PrefixTree = new Map();
  return sum(texts.map((ids) => grow(tree, ids)));
}

function sum(numbers: ArrayLike<number>): number {
  return Array.from(numbers).reduce((total, x) => total + x, 0);
}
