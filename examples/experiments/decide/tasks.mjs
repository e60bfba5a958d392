/** Public sets as states with a question and the right answer. */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} group What belongs together: answers to one question.
 * @property {string} state
 * @property {import("surprisal/decide").Question} question
 * @property {number} label Number of the right option; of a predicate 0 = yes, 1 = no.
 */

/**
 * A set: its file, what one of its rows is as items, and the rule that is taken as the default for it, fixed before any result was
 * seen. Sets of sentences as options follow the field: HellaSwag is read length-normalised, TruthfulQA mc1 as a sum.
 */
export const SETS = {
  strategyqa: {
    title: "StrategyQA",
    type: "predicate",
    file: "strategyqa_train.jsonl",
    standard: "sum",
    /** The facts are given: what is asked is to reason from them. */
    items: ({ qid, question, answer, facts }) => [
      {
        id: qid,
        group: qid,
        state: facts.join(" "),
        question: { type: "predicate", instructions: question },
        label: answer ? 0 : 1,
      },
    ],
  },
  halueval: {
    title: "HaluEval QA",
    type: "predicate",
    file: "halueval_qa_oneturn.jsonl",
    standard: "sum",
    /** Each row has a right answer and an invented one: two items in one group. */
    items: ({ knowledge, question, right_answer, hallucinated_answer }, row) =>
      [right_answer, hallucinated_answer].map((answer, label) => ({
        id: `${row}${label === 0 ? "r" : "h"}`,
        group: String(row),
        state: `Knowledge: ${knowledge}\nQuestion: ${question}\nAnswer: ${answer}`,
        question: { type: "predicate", instructions: "Is this answer right, by the knowledge given?" },
        label,
      })),
  },
  hellaswag: {
    title: "HellaSwag",
    type: "choice",
    file: "hellaswag_val.jsonl",
    standard: "mean",
    items: ({ ctx, endings, label, ind }, row) => [
      {
        id: String(ind ?? row),
        group: ctx,
        state: ctx,
        question: { type: "choice", instructions: "How does this text go on?", choices: endings },
        label: Number(label),
      },
    ],
  },
  truthfulqa: {
    title: "TruthfulQA mc1",
    type: "choice",
    file: "truthfulqa.jsonl",
    standard: "sum",
    /** The best answer among the wrong ones; equal texts once. */
    items: ({ question, best_answer, incorrect_answers }, row) => [
      {
        id: String(row),
        group: question,
        state: question,
        question: {
          type: "choice",
          instructions: "What is the true answer to this question?",
          choices: [...new Set([best_answer, ...incorrect_answers].map((text) => text.trim()))],
        },
        label: 0,
      },
    ],
  },
};

/** The first `most` items of a set, its rows shuffled by the seed: what comes first is a random sample of the rest. @returns {Item[]} */
export function itemsOf(name, folder, { most, seed }) {
  const { file, items } = SETS[name];
  return shuffled(rowsOf(join(folder, file)), seed)
    .flatMap(([row, place]) => items(row, place))
    .slice(0, most);
}

/**
 * What counting words says of HaluEval: the share of rows whose right answer is the shorter one (equal ones half), and the AUROC of
 * "the fewer words, the righter" over all answers. Whoever reads the set must know it.
 */
export function haluevalByWords(folder) {
  const words = (text) => text.trim().split(/\s+/).length;
  const rows = rowsOf(join(folder, SETS.halueval.file));
  const right = rows.map(({ right_answer }) => words(right_answer));
  const invented = rows.map(({ hallucinated_answer }) => words(hallucinated_answer));
  const wins = (a, b) => (a < b ? 1 : a === b ? 0.5 : 0);
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  return {
    inPairs: sum(right.map((length, i) => wins(length, invented[i]))) / rows.length,
    auroc: sum(right.map((length) => sum(invented.map((other) => wins(length, other))))) / rows.length ** 2,
  };
}

/** Rows of a JSONL file, of a JSON list, or of either packed by xz. */
function rowsOf(file) {
  const text = existsSync(file)
    ? readFileSync(file, "utf8")
    : execFileSync("xz", ["-dc", `${file}.xz`], { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (text.trimStart().startsWith("[")) return JSON.parse(text);
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => JSON.parse(line));
}

/** Rows with their places in the file, shuffled. */
function shuffled(rows, seed) {
  const random = mulberry32(seed);
  const places = rows.map((row, i) => [row, i]);
  for (let i = places.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places;
}

/** The same numbers for the same seed everywhere. */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
