/** The conformance suite is only worth something if it finds mistakes: here every kind of mistake is made once. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import type {
  GenerateOptions,
  LanguageModel,
  ModelSequence,
  ScoredSpan,
  ScoredText,
} from "../language-model.ts";
import { type ConformanceOptions, conformanceCases, TableModel, testConformance } from "./index.ts";

type Alteration = (model: TableModel) => Partial<LanguageModel>;

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
function altered(alter: Alteration): LanguageModel {
  const model = TableModel.bytes();
  return withChanges<LanguageModel>(model, {
    capabilities: { ...model.capabilities, embed: true, chat: true },
    embed: async (texts) => texts.map(letterCounts),
    applyChatTemplate: (messages, { addGenerationPrompt = true } = {}) =>
      messages.map(({ role, content }) => `${role}: ${content}\n`).join("") +
      (addGenerationPrompt ? "assistant:" : ""),
    ...alter(model),
  });
}

async function* mapped<In, Out>(
  items: AsyncIterable<In>,
  change: (item: In, index: number) => Out,
): AsyncGenerator<Out> {
  let index = 0;
  for await (const item of items) yield change(item, index++);
}

const answers =
  (change: (answer: ScoredText, index: number) => ScoredText): Alteration =>
  (model) => ({ score: (requests, options) => mapped(model.score(requests, options), change) });

const spans =
  (change: (span: ScoredSpan, index: number) => ScoredSpan): Alteration =>
  (model) => ({ scoreTokens: (ids, plan, options) => mapped(model.scoreTokens(ids, plan, options), change) });

const records =
  (change: (record: TokenRecord, index: number) => TokenRecord): Alteration =>
  (model) => ({ generate: (prompt, options) => mapped(model.generate(prompt, options), change) });

const generateWith =
  (change: (options: GenerateOptions) => GenerateOptions): Alteration =>
  (model) => ({ generate: (prompt, options = {}) => model.generate(prompt, change(options)) });

const sequences =
  (alter: (sequence: ModelSequence) => Partial<ModelSequence>): Alteration =>
  (model) => ({
    open: async () => {
      const sequence = await model.open();
      return withChanges(sequence, alter(sequence));
    },
  });

/** Lets the items through; when the reader stops early, `stopped` is called. */
async function* fragile<Item>(items: AsyncIterable<Item>, stopped: () => void): AsyncGenerator<Item> {
  let complete = false;
  try {
    yield* items;
    complete = true;
  } finally {
    if (!complete) stopped();
  }
}

const shifted = (column: Float64Array, nats: number) => column.map((x) => x - nats);
const withTokens = (answer: ScoredText, tokens: Partial<ScoredText["tokens"]>): ScoredText => ({
  ...answer,
  tokens: { ...answer.tokens, ...tokens },
});
let calls = 0;

const mistakes: [mistake: string, caseName: string, alteration: Alteration][] = [
  [
    "a name that is empty",
    "says who it is, and nothing that contradicts itself",
    (m) => ({ identity: { ...m.identity, name: "" } }),
  ],
  [
    "promises embeddings it has not",
    "embeds each text as one vector of the same length",
    (m) => ({ embed: (texts) => m.embed(texts) }),
  ],
  [
    "embeddings of nothing",
    "embeds each text as one vector of the same length",
    () => ({ embed: async (texts) => texts.map(() => new Float32Array(4)) }),
  ],
  [
    "a chat template without the message",
    "fills in its chat template",
    () => ({ applyChatTemplate: () => "user:" }),
  ],
  [
    "does what it says it cannot",
    "refuses what it says it cannot do",
    (m) => ({ capabilities: m.capabilities }),
  ],
  [
    "loses carriage returns",
    "tokens give back the very bytes of the text",
    (m) => ({ tokenize: (text, o) => m.tokenize(text.replaceAll("\r", ""), o) }),
  ],
  [
    "counts offsets in characters",
    "byte offsets cut the text into the tokens' bytes",
    (m) => ({
      tokenize: async (text, o) => {
        const { ids, byteOffsets } = await m.tokenize(text, o);
        return { ids, byteOffsets: byteOffsets.map((offset) => Math.min(offset, text.length)) };
      },
    }),
  ],
  [
    "reads special tokens in a text",
    "text that looks like a special token is text unless asked",
    (m) => ({ tokenize: (text, o) => m.tokenize(text, { ...o, parseSpecial: true }) }),
  ],
  [
    "never adds BOS",
    "addSpecial puts BOS in front where the model adds one, else nothing",
    (m) => ({ tokenize: (text, o) => m.tokenize(text, { ...o, addSpecial: false }) }),
  ],
  [
    "detokenises anything",
    "refuses ids outside the vocabulary",
    () => ({ detokenize: async () => new Uint8Array() }),
  ],

  [
    "answers in another order",
    "answers in the order of the requests, whatever iterable they come in",
    answers((a) => ({ ...a, index: 3 - a.index })),
  ],
  [
    "leaves the first token out of the sum",
    "logprob is the sum of the tokens'; greedy means that all have rank 1",
    answers((a) => ({ ...a, logprob: a.logprob! - a.tokens.logprobs[0]! })),
  ],
  [
    "calls everything greedy",
    "logprob is the sum of the tokens'; greedy means that all have rank 1",
    answers((a) => ({ ...a, greedy: true })),
  ],
  [
    "entropy in bits",
    "logprob is the sum of the tokens'; greedy means that all have rank 1",
    answers((a) => withTokens(a, { entropies: a.tokens.entropies.map((h) => h / Math.log(2)) })),
  ],
  [
    "no numbers at all",
    "logprob is the sum of the tokens'; greedy means that all have rank 1",
    answers((a) => withTokens(a, { logprobs: a.tokens.logprobs.fill(Number.NaN) })),
  ],
  [
    "loses the first byte of a continuation",
    "a string request is the request of its ids",
    (m) => ({
      score: (requests, o) =>
        m.score(
          [...requests].map((r) =>
            typeof r.continuation === "string" ? { ...r, continuation: r.continuation.slice(1) } : r,
          ),
          o,
        ),
    }),
  ],
  [
    "keeps white space in the context",
    "white space at the end of the context belongs to the continuation",
    (m) => ({
      score: (requests, o) =>
        m.score(
          [...requests].map((r) =>
            String(r.context).endsWith(" ") ? { context: [32], continuation: [80] } : r,
          ),
          o,
        ),
    }),
  ],
  [
    "puts EOS before an empty context",
    "an empty context is BOS, else EOS",
    (m) => ({
      score: (requests, o) =>
        m.score(
          [...requests].map((r) =>
            r.context.length === 0 && typeof r.context !== "string" ? { ...r, context: [257] } : r,
          ),
          o,
        ),
    }),
  ],
  [
    "runs a shared prefix again and again",
    "requests that share a prefix: the same numbers, and the prefix run once",
    answers((a) => ({ ...a, tokensRun: 60 })),
  ],
  [
    "claims to have run nothing",
    "requests that share a prefix: the same numbers, and the prefix run once",
    answers((a) => ({ ...a, tokensRun: 0 })),
  ],
  [
    "other numbers in a batch",
    "many different requests at once: the same numbers",
    answers((a, index) => withTokens(a, { logprobs: shifted(a.tokens.logprobs, index > 0 ? 0.01 : 0) })),
  ],
  [
    "calls disturb each other",
    "calls at the same time do not disturb each other",
    (m) => ({
      score: (requests, o) => {
        calls++;
        return mapped(m.score(requests, o), (a) =>
          withTokens(a, { logprobs: shifted(a.tokens.logprobs, calls) }),
        );
      },
    }),
  ],
  [
    "never counts EOS",
    "says whether end-of-text is among the scored tokens",
    answers((a) => ({ ...a, provenance: { ...a.provenance, eosCounted: false } })),
  ],
  [
    "breaks when a reader of scores stops",
    "a caller that stops reading early leaves the model working",
    (m) => {
      let broken = false;
      return { score: (r, o) => (broken ? m.score([], o) : fragile(m.score(r, o), () => (broken = true))) };
    },
  ],
  [
    "alternatives worst first",
    "alternatives: best first, probabilities that sum to at most 1",
    answers((a) => {
      a.tokens.alternatives?.logprobs.reverse();
      return a;
    }),
  ],
  [
    "alternatives nobody asked for",
    "alternatives: best first, probabilities that sum to at most 1",
    (m) => ({ score: (requests) => m.score(requests, { alternatives: 5 }) }),
  ],
  [
    "the second choice is greedy too",
    "its first choice is greedy, its second is not",
    answers((a) => ({ ...a, greedy: true })),
  ],
  [
    "loss in bits",
    "loss is the mean surprise of a text, its first token apart",
    (m) => ({
      loss: async (text) => {
        const { loss, ...rest } = await m.loss(text);
        return { ...rest, loss: loss / Math.log(2) };
      },
    }),
  ],
  [
    "scores an empty continuation",
    "refuses what cannot be scored",
    (m) => ({
      score: (r, o) => ([...r].some((x) => x.continuation.length === 0) ? m.score([], o) : m.score(r, o)),
    }),
  ],
  [
    "cuts a text that is too long",
    "refuses a text longer than the trained context",
    () => ({ trainedContext: 50 }),
  ],

  [
    "a span begins one token late",
    "half windows: the same numbers as score()",
    spans((s) => ({ ...s, start: s.start + 1 })),
  ],
  [
    "overwrites nothing",
    "half windows: the same numbers as score()",
    (m) => ({
      scoreTokens: (ids, plan, o) =>
        m.scoreTokens(
          ids,
          {
            ...plan,
            steps: plan.steps.map((step) => ({
              ...step,
              score: { start: step.score.start, end: step.score.end - 1 },
            })),
          },
          o,
        ),
    }),
  ],
  [
    "another prefix",
    "strided windows, prefix in every one: the same numbers as score()",
    (m) => ({
      scoreTokens: (ids, plan, o) =>
        m.scoreTokens(
          ids,
          { ...plan, steps: plan.steps.map((step) => ({ ...step, prefix: step.prefix.map(() => 65) })) },
          o,
        ),
    }),
  ],
  [
    "does not say how much it ran",
    "disjoint windows, prefix in the first: the same numbers as score()",
    spans((s) => ({ ...s, tokensRun: 0 })),
  ],
  [
    "other numbers in later steps",
    "a cached window that is never full is one full window",
    (m) => ({
      scoreTokens: (ids, plan, o) =>
        mapped(m.scoreTokens(ids, plan, o), (s) =>
          plan.method === "cached" ? { ...s, logprobs: shifted(s.logprobs, 0.01) } : s,
        ),
    }),
  ],
  [
    "loses tokens when it forgets",
    "a cached window scores every token once, whatever it has to forget",
    spans((s, i) => (i > 0 ? { ...s, logprobs: s.logprobs.fill(Number.NaN) } : s)),
  ],
  [
    "does not forget",
    "tokens forgotten before anything followed them have left no trace",
    spans((s, i) => ({ ...s, logprobs: shifted(s.logprobs, i) })),
  ],
  [
    "a loss of its own",
    "loss is the mean over one full window",
    (m) => ({ loss: async (text) => ({ ...(await m.loss(text)), loss: 1 }) }),
  ],
  [
    "no alternatives in a plan",
    "a plan gives alternatives when asked",
    (m) => ({ scoreTokens: (ids, plan) => m.scoreTokens(ids, plan) }),
  ],

  [
    "writes too much",
    "greedy writing repeats itself, and stops at maxTokens",
    generateWith((o) => ({ ...o, maxTokens: 9 })),
  ],
  [
    "post-sampling probabilities",
    "what was written scores as it was written",
    records((r) => ({ ...r, logprob: r.logprob! / 2 })),
  ],
  [
    "text that is not the token's",
    "what was written scores as it was written",
    records(({ bytes: _, ...r }) => ({ ...r, text: "?" })),
  ],
  [
    "a rank of its own",
    "greedy writing takes the first choice each time",
    records((r) => ({ ...r, rank: 2 })),
  ],
  [
    "breaks when a reader of its writing stops",
    "a caller that stops reading early leaves the model writing",
    (m) => {
      let broken = false;
      return {
        generate: (p, o) => (broken ? m.generate("x", o) : fragile(m.generate(p, o), () => (broken = true))),
      };
    },
  ],
  [
    "ignores the seed",
    "the same seed writes the same text, other seeds others",
    generateWith((o) => ({ ...o, seed: calls++ })),
  ],
  [
    "always the same seed",
    "the same seed writes the same text, other seeds others",
    generateWith((o) => ({ ...o, seed: 1 })),
  ],
  [
    "ignores topP",
    "one candidate left is greedy, at any temperature",
    generateWith(({ topP: _, ...o }) => o),
  ],
  [
    "ignores topK",
    "one candidate left is greedy, at any temperature",
    generateWith(({ topK: _, ...o }) => o),
  ],
  [
    "reads a prompt of ids as text",
    "a prompt of ids is a prompt",
    (m) => ({ generate: (p, o) => m.generate(typeof p === "string" ? p : "x", o) }),
  ],
  [
    "takes any setting",
    "refuses settings that make no sense",
    generateWith(({ maxTokens }) => ({ maxTokens: maxTokens! })),
  ],

  [
    "a number for the very first token",
    "a sequence scores what it is given, at once or in pieces",
    sequences((s) => ({
      extend: async (ids, o) => {
        const span = await s.extend(ids, o);
        return { ...span, logprobs: span.logprobs.map((x) => (Number.isNaN(x) ? -1 : x)) };
      },
    })),
  ],
  [
    "forgets between pieces",
    "a sequence scores what it is given, at once or in pieces",
    sequences((s) => ({
      extend: async (ids, o) => {
        const held = s.length;
        if (held > 0) await s.truncate(held - 1);
        return { ...(await s.extend(ids, o)), start: held };
      },
    })),
  ],
  [
    "next() that is no distribution",
    "next() is the distribution that the next token is scored by",
    sequences((s) => ({ next: () => s.next().map((x) => x - 1) })),
  ],
  [
    "a fork that is the same sequence",
    "a fork has the same past, and a future of its own",
    sequences((s) => ({ fork: async () => s })),
  ],
  [
    "a fork that dies with its parent",
    "a fork outlives the sequence it came from",
    sequences((s) => ({ fork: async () => s })),
  ],
  [
    "truncates nothing",
    "a truncated sequence is as if it had never gone on",
    sequences(() => ({ truncate: async () => {} })),
  ],

  [
    "ignores signals when scoring",
    "an aborted signal stops scoring, and the model works on",
    (m) => ({ score: (r) => m.score(r) }),
  ],
  [
    "ignores signals when writing",
    "an aborted signal stops writing, also in the middle",
    generateWith(({ signal: _, ...o }) => o),
  ],
  [
    "ignores a signal that comes later",
    "an aborted signal stops writing, also in the middle",
    generateWith(({ signal, ...o }) => (signal?.aborted ? { ...o, signal } : o)),
  ],
  [
    "ignores signals in sequences",
    "an aborted signal stops a sequence, which keeps what it held",
    sequences((s) => ({ extend: (ids) => s.extend(ids) })),
  ],
  [
    "lives on after disposal",
    "once disposed it refuses everything, and disposing again is harmless",
    () => ({ [Symbol.asyncDispose]: async () => {} }),
  ],
];

for (const { name } of conformanceCases)
  if (name.endsWith("the same numbers as score()"))
    mistakes.push([
      `a wrong number: ${name}`,
      name,
      spans((s) => ({ ...s, logprobs: shifted(s.logprobs, 0.01) })),
    ]);

describe("the conformance suite finds", () => {
  it.each(mistakes)("%s", async (_mistake, caseName, alteration) => {
    const conformance = conformanceCases.find(({ name }) => name === caseName)!;
    await expect(conformance.run(altered(() => ({})))).resolves.toBeUndefined();
    await expect(conformance.run(altered(alteration))).rejects.toThrow();
  });

  it("mistakes with every case that has something to find", () => {
    const covered = new Set(mistakes.map(([, caseName]) => caseName));
    const uncovered = conformanceCases.map(({ name }) => name).filter((name) => !covered.has(name));
    expect(uncovered).toEqual([]);
  });
});

describe("testConformance", () => {
  /** Registers and runs the suite without a test runner; returns what became of each case. */
  async function run(options: Partial<ConformanceOptions>): Promise<Map<string, string>> {
    const outcomes = new Map<string, string>();
    const tests: [string, Parameters<ConformanceOptions["it"]>[1]][] = [];
    testConformance({
      describe: (_name, register) => register(),
      it: (name, test) => tests.push([name, test]),
      create: async () => TableModel.bytes(),
      ...options,
    });
    for (const [name, test] of tests) {
      let outcome = "passed";
      await test({ skip: (reason) => (outcome = `skipped: ${reason}`) }).catch(() => (outcome = "failed"));
      outcomes.set(name, outcome);
    }
    return outcomes;
  }

  it("skips what the model cannot do, and what it is told to, with the reason", async () => {
    const [skipped] = conformanceCases.slice(3, 4).map(({ name }) => name);
    const outcomes = await run({ skip: [{ reason: "offsets are not known", tests: [skipped!] }] });
    expect(outcomes.size).toBe(conformanceCases.length);
    expect(outcomes.get(skipped!)).toBe("skipped: offsets are not known");
    expect(outcomes.get("fills in its chat template")).toBe("skipped: the model lacks chat");
    expect([...outcomes.values()].filter((outcome) => outcome === "passed")).toHaveLength(
      conformanceCases.length - 3,
    );
  });

  it("makes one model, and fails every case when that fails", async () => {
    let made = 0;
    const create = async () => {
      made++;
      throw new Error("no model");
    };
    expect(new Set((await run({ create })).values())).toEqual(new Set(["failed"]));
    expect(made).toBe(1);
  });

  it("refuses a skip without a reason, and a case that does not exist", async () => {
    const { name } = conformanceCases[0]!;
    await expect(run({ skip: [{ reason: " ", tests: [name] }] })).rejects.toThrow("needs a reason");
    await expect(run({ skip: [{ reason: "because", tests: ["no such case"] }] })).rejects.toThrow(
      "no such case",
    );
  });

  it("has a name of its own for every case", () => {
    expect(new Set(conformanceCases.map(({ name }) => name)).size).toBe(conformanceCases.length);
  });
});
