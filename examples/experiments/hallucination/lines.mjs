/** Answers that `surprisal route ... record` wrote, as lines of `surprisal bench-uncertainty`. */
import { readFileSync } from "node:fs";

const recordsOf = (file) =>
  readFileSync(file, "utf8")
    .split("\n")
    .filter(Boolean)
    .slice(1) // the first line says how they were made
    .map((line) => JSON.parse(line));

/** Kinds of sums from easy to hard, as docs/experiments/asking.md guessed before any answer was seen: it knows nothing of an answer. */
const KINDS = ["a+c", "b*c", "a+c+b", "a+b*c"];

/** One path of `route car record`: the greedy answer with the numbers that the recorder kept of it. @param path "short" or "long" */
export function linesOfPath(file, path) {
  return recordsOf(file).flatMap(({ id, kind, question, paths }) => {
    const { text, correct, tokens, signals } = paths[path] ?? {};
    if (!text || correct === undefined || signals === undefined) return [];
    return [
      {
        ...{ id, kind, question, answer: text, correct },
        uncertainties: {
          perplexity: signals.perplexity,
          "largest surprisal": signals["largest-surprisal"],
          "margin of the first token": signals["first-margin"],
          "number of tokens": tokens,
          "kind of sum, guessed": KINDS.indexOf(kind),
        },
      },
    ];
  });
}

/**
 * Traces of `route deepconf record`: the first is the answer, and the others are samples; of each its final answer and DeepConf's
 * confidence of every token are known.
 */
export function linesOfTraces(file) {
  return recordsOf(file).flatMap(({ id, kind, question, traces }) => {
    const [first, ...others] = traces ?? [];
    if (first === undefined || others.length < 10) return [];
    const mean = (values) => values.reduce((sum, each) => sum + each, 0) / values.length;
    const lowest = first.confidences.toSorted((a, b) => a - b);
    return [
      {
        ...{ id, kind, question, answer: first.answer ?? "none", correct: first.correct },
        samples: others.map(({ answer, tokens }) => ({ text: answer ?? "none", tokens })),
        uncertainties: {
          "deepconf-mean": -mean(first.confidences),
          "deepconf, lowest token": -lowest[0],
          "deepconf, lowest tenth": -mean(lowest.slice(0, Math.max(1, Math.ceil(lowest.length / 10)))),
          "deepconf-tail (8 tokens)": -mean(first.confidences.slice(-8)),
          "number of tokens": first.tokens,
          "kind of sum, guessed": KINDS.indexOf(kind),
        },
      },
    ];
  });
}
