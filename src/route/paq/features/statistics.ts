/** What a prompt looks like, without a model: how long it is, and what it is made of. */
import { abortError } from "../../../core/index.ts";
import type { PaqFeatures } from "./contract.ts";

/** Names of the numbers, in their order. */
export const STATISTICS = [
  "characters, log",
  "words, log",
  "lines, log",
  "longest word, log",
  "mean word",
  "digits",
  "capitals",
  "spaces",
  "punctuation",
  "code marks",
  "operators",
  "other symbols",
  "Latin",
  "Cyrillic",
  "Greek",
  "Arabic and Hebrew",
  "Chinese, Japanese, Korean",
  "other letters",
  "entropy of characters",
  "repeated words",
  "questions",
  "indented lines",
] as const;

/** Shares of characters by class, the first that fits counts; those of scripts are of letters alone. */
const CLASSES: readonly [number, RegExp][] = (
  [
    ["digits", /^\p{Nd}$/u],
    ["spaces", /^\s$/u],
    ["code marks", /^[{}[\]();_#@\\`|~$&]$/],
    ["operators", /^[+\-*/=<>^%×÷±√∑∫≤≥≠]$/u],
    ["punctuation", /^\p{P}$/u],
    ["Latin", /^\p{Script=Latin}$/u],
    ["Cyrillic", /^\p{Script=Cyrillic}$/u],
    ["Greek", /^\p{Script=Greek}$/u],
    ["Arabic and Hebrew", /^[\p{Script=Arabic}\p{Script=Hebrew}]$/u],
    [
      "Chinese, Japanese, Korean",
      /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]$/u,
    ],
    ["other letters", /^\p{L}$/u],
  ] as const
).map(([name, pattern]) => [STATISTICS.indexOf(name), pattern]);

const place = (name: (typeof STATISTICS)[number]): number => STATISTICS.indexOf(name);
const CAPITAL = /^\p{Lu}$/u;

/** Which class a character is of, kept for those of the first planes: prompts are made of the same few hundred. */
const known = new Map<string, number>();
function classOf(character: string): number {
  const found = known.get(character);
  if (found !== undefined) return found;
  const own = CLASSES.find(([, pattern]) => pattern.test(character))?.[0] ?? place("other symbols");
  if (known.size < 20_000) known.set(character, own);
  return own;
}

/** [STATISTICS] of a text; an empty one is all 0. */
export function statisticsOf(prompt: string): Float32Array {
  const vector = new Float32Array(STATISTICS.length);
  const counts = new Map<string, number>();
  let [total, capitals] = [0, 0];
  for (const character of prompt) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    total++;
  }
  if (total === 0) return vector;
  let entropy = 0;
  for (const [character, count] of counts) {
    vector[classOf(character)]! += count / total;
    if (CAPITAL.test(character)) capitals += count;
    entropy -= (count / total) * Math.log2(count / total);
  }
  const words = prompt.match(/[\p{L}\p{N}'’]+/gu) ?? [];
  const lines = prompt.split("\n");
  const lengths = words.map(({ length }) => length);
  const all: Readonly<Partial<Record<(typeof STATISTICS)[number], number>>> = {
    "characters, log": Math.log1p(total),
    "words, log": Math.log1p(words.length),
    "lines, log": Math.log1p(lines.length),
    "longest word, log": Math.log1p(lengths.reduce((most, length) => Math.max(most, length), 0)),
    "mean word": words.length === 0 ? 0 : lengths.reduce((sum, length) => sum + length, 0) / words.length,
    capitals: capitals / total,
    "entropy of characters": entropy,
    "repeated words":
      words.length === 0 ? 0 : 1 - new Set(words.map((word) => word.toLowerCase())).size / words.length,
    questions: Math.log1p((counts.get("?") ?? 0) + (counts.get("？") ?? 0) + (counts.get("؟") ?? 0)),
    "indented lines": lines.filter((line) => /^[ \t]+\S/.test(line)).length / lines.length,
  };
  for (const [i, name] of STATISTICS.entries()) if (all[name] !== undefined) vector[i] = all[name];
  return vector;
}

/** The text alone: no model, no tokens, microseconds. */
export function statisticsFeatures(): PaqFeatures {
  return {
    name: "statistics",
    dimensions: STATISTICS.length,
    identity: null,
    async of(prompts, { signal, onProgress } = {}) {
      return prompts.map((prompt, i) => {
        if (signal?.aborted) throw abortError("Looking at prompts", signal);
        const start = performance.now();
        const vector = statisticsOf(prompt);
        const ms = performance.now() - start;
        onProgress?.(i + 1);
        return { vector, ms, leftOut: 0 };
      });
    },
  };
}
