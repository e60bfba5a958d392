/** Mistakes in what a model says of itself, of text, and of requests. */
import { answers, fragile, type Mistake, mapped, shifted, withTokens } from "./altered-model.ts";

let calls = 0;

export const MISTAKES_IN_SCORES: readonly Mistake[] = [
  [
    "a name that is empty",
    "says who it is, and nothing that contradicts itself",
    (m) => ({ identity: { ...m.identity, name: "" } }),
  ],
  [
    "computes on no thread",
    "says where it computes, and with how many threads",
    (m) => ({ execution: { ...m.execution, threads: 0 } }),
  ],
  [
    "counts the threads of a server",
    "says where it computes, and with how many threads",
    () => ({ execution: { place: "server", threads: 8 } }),
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
];
