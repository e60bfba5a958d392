/** Mistakes in carrying out plans, in writing, in sequences, and in stopping. */
import { isChat } from "../src/models/generation.ts";
import {
  end,
  endingAs,
  fragile,
  generateWith,
  type Mistake,
  mapped,
  records,
  sequences,
  shifted,
  spans,
} from "./altered-model.ts";

let calls = 0;

export const MISTAKES_IN_PLANS_AND_WRITING: readonly Mistake[] = [
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
    "distributions that are not normalised",
    "a plan gives the distributions its numbers are read from, when asked",
    spans(({ distributions, ...s }) =>
      distributions
        ? { ...s, distributions: { ...distributions, logSumExps: shifted(distributions.logSumExps, 0.01) } }
        : s,
    ),
  ],
  [
    "distributions of the positions before",
    "a plan gives the distributions its numbers are read from, when asked",
    spans(({ distributions, ...s }) => {
      if (!distributions) return s;
      const { logits, logSumExps } = distributions;
      const size = logits.length / logSumExps.length;
      return { ...s, distributions: { logSumExps, logits: logits.map((_, i) => logits.at(i - size)!) } };
    }),
  ],
  [
    "distributions nobody asked for",
    "a plan gives the distributions its numbers are read from, when asked",
    (m) => ({ scoreTokens: (ids, plan, o) => m.scoreTokens(ids, plan, { ...o, distributions: true }) }),
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
        generate(p, o) {
          const writing = m.generate(broken ? "x" : p, o);
          return broken
            ? writing
            : endingAs(
                writing,
                fragile(writing, () => (broken = true)),
              );
        },
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
    "answers a chat without its template",
    "a chat is a prompt",
    (m) => ({ generate: (p, o) => m.generate(isChat(p) ? p.map(({ content }) => content).join("") : p, o) }),
  ],
  [
    "one token too many at the end",
    "says how the writing ended",
    end(({ tokens, ...rest }) => ({ ...rest, tokens: tokens! + 1 })),
  ],
  [
    "alternatives of another token",
    "alternatives of what is written are the token's own, and not every number is 0",
    records((r) => ({ ...r, alternatives: [{ id: 65_535, text: "another", logprob: -99 }] })),
  ],
  [
    "a number that is 0 throughout",
    "alternatives of what is written are the token's own, and not every number is 0",
    records((r) => ({ ...r, logprob: 0, alternatives: undefined })),
  ],
  [
    "a part of a name of its own",
    "every token belongs to a part of the answer",
    records((r) => ({ ...r, part: "thinking" as "reasoning" })),
  ],
  [
    "takes any setting",
    "refuses settings that make no sense",
    generateWith(({ maxTokens }) => ({ maxTokens: maxTokens! })),
  ],

  [
    "mixes answers that are written at once",
    "answers written at once are what each is alone",
    (m) => {
      let writing = 0;
      return {
        generate(p, o) {
          const answer = m.generate(p, { ...o, seed: (o?.seed ?? 0) + writing });
          async function* counted() {
            writing++;
            try {
              yield* answer;
            } finally {
              writing--;
            }
          }
          return endingAs(answer, counted());
        },
      };
    },
  ],
  [
    "one seed for all answers",
    "sample writes what generate writes with the seeds that follow",
    (m) => ({
      sample: (p, { n, ...o }) => m.sample(p, { ...o, n }).map(() => m.generate(p, o)),
    }),
  ],
  [
    "takes any number of answers",
    "sample writes what generate writes with the seeds that follow",
    (m) => ({
      sample: (p, { n, seed = 0, ...o }) =>
        Array.from({ length: Math.min(3, n || 0) }, (_, i) => m.generate(p, { ...o, seed: seed + i })),
    }),
  ],
  [
    "knows no shapes",
    "the shape of a distribution is that of all its probabilities",
    generateWith(({ shape: _, ...o }) => o),
  ],
  [
    "shapes that nobody asked for",
    "the shape of a distribution is that of all its probabilities",
    generateWith((o) => ({ ...o, shape: true })),
  ],
  [
    "writes the stop string too",
    "an answer ends exactly where a stop string begins",
    generateWith(({ stop: _, ...o }) => o),
  ],
  [
    "loses what it held back",
    "an answer ends exactly where a stop string begins",
    (m) => ({
      generate(p, o = {}) {
        const writing = m.generate(p, o);
        const short = o.stop?.some((text) => text.includes("\u0001"));
        return short ? m.generate(p, { ...o, maxTokens: o.maxTokens! - 1 }) : writing;
      },
    }),
  ],
  [
    "does not say which stop string it was",
    "an answer ends exactly where a stop string begins",
    end(({ stop: _, ...rest }) => rest),
  ],
  [
    "ignores the prefill",
    "what an answer begins with is run, and is none of its tokens",
    generateWith(({ prefill: _, ...o }) => o),
  ],
  [
    "a prefill before the generation prompt",
    "the beginning of a chat's answer goes on from the generation prompt",
    (m) => ({
      generate(p, { prefill = "", ...o } = {}) {
        if (!isChat(p)) return m.generate(p, { ...o, prefill });
        const turns = p.map(({ role, content }) => `${role}: ${content}\n`).join("");
        return m.generate(`${turns}${prefill}assistant:`, o);
      },
    }),
  ],
  [
    "writes something else than one of the texts",
    "one of some texts is written, with the model's own numbers",
    generateWith(({ oneOf, ...o }) => ({ ...o, maxTokens: 4, oneOf: oneOf && [`${oneOf[0]}!`] })),
  ],
  [
    "numbers renormalised over the texts",
    "one of some texts is written, with the model's own numbers",
    records((r) => ({ ...r, logprob: r.logprob! / 2 })),
  ],
  [
    "does not say what lay outside",
    "one of some texts is written, with the model's own numbers",
    end((e) => ({ ...e, choice: e.choice && { ...e.choice, outside: [] } })),
  ],
  ["ignores minP", "minP of 1 is greedy, at any temperature", generateWith(({ minP: _, ...o }) => o)],
  [
    "ignores penalties",
    "penalties keep tokens away, and leave the numbers alone",
    generateWith(({ presencePenalty: _, ...o }) => o),
  ],
  [
    "always looks back",
    "penalties keep tokens away, and leave the numbers alone",
    generateWith(({ repeatLastN: _, ...o }) => o),
  ],
  [
    "takes any stop string",
    "refuses stop strings, beginnings and penalties that make no sense",
    generateWith(({ stop: _, ...o }) => o),
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
    "ignores signals in a sample",
    "an aborted signal stops every answer of a sample",
    (m) => ({ sample: (p, { signal: _, ...o }) => m.sample(p, o) }),
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
