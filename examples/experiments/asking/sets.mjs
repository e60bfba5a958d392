/** Questions whose right answer is known exactly: arithmetic that is drawn here, and TruthfulQA as multiple choice. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} group What belongs together: the same for equal questions.
 * @property {string} kind Kind of arithmetic, or the number of options.
 * @property {object[]} prompt What is answered: a chat.
 * @property {string} question The question without the example and the options, as it is asked about.
 * @property {string} key The right answer.
 * @property {"number" | "letter"} read How answers are read.
 * @property {number} maxTokens
 * @property {string[]} [oneOf] What an answer may be. Default: anything.
 * @property {string[]} [options] In the order of their letters.
 */

export const SETS = {
  arithmetic: { title: "mixed arithmetic", items: arithmetic },
  sums: { title: "sums of one digit", items: sums },
  truthfulqa: { title: "TruthfulQA, at most four options", items: truthfulqa },
};

/** Kinds of arithmetic, from easy to hard as we guessed before any answer was seen. */
export const KINDS = ["a + c", "b * c", "a + c + b", "a + b * c"];
/** Options that are shown, the best answer among them. */
const MOST_OPTIONS = 4;
const INSTRUCTION = "Output only the number.";

/** @returns {Item[]} the first `most` of a shuffled set: fewer are still a random sample of it. */
export function itemsOf(name, { tasks, most, seed }) {
  return SETS[name].items({ tasks, most, random: mulberry32(seed) });
}

/** All 81 sums of two numbers from 1 to 9, for models that can do no more. */
function sums({ most, random }) {
  const digits = Array.from({ length: 9 }, (_, i) => i + 1);
  const pairs = digits.flatMap((a) => digits.map((b) => [a, b]));
  return shuffled(pairs, random)
    .slice(0, most)
    .map(([a, b]) => {
      const question = `What is ${a} + ${b}? ${INSTRUCTION}`;
      return {
        id: `${a} + ${b}`,
        group: `${Math.min(a, b)} + ${Math.max(a, b)}`,
        kind: a + b < 10 ? "below 10" : "10 and more",
        prompt: [
          { role: "user", content: `What is 12 + 5? ${INSTRUCTION}` },
          { role: "assistant", content: "17" },
          { role: "user", content: question },
        ],
        question,
        key: String(a + b),
        read: "number",
        maxTokens: 12,
      };
    });
}

/** a + c, b × c, a + c + b, a + b × c in turn; a and c have two digits, b one, from 2. No problem twice. */
function arithmetic({ most, random }) {
  const between = (low, high) => low + Math.floor(random() * (high - low + 1));
  const seen = new Set();
  const items = [];
  while (items.length < most) {
    const [a, b, c] = [between(10, 99), between(2, 9), between(10, 99)];
    const kind = KINDS[items.length % KINDS.length];
    const [text, value] = {
      "a + c": [`${a} + ${c}`, a + c],
      "b * c": [`${b} * ${c}`, b * c],
      "a + c + b": [`${a} + ${c} + ${b}`, a + c + b],
      "a + b * c": [`${a} + ${b} * ${c}`, a + b * c],
    }[kind];
    if (seen.has(text)) continue;
    seen.add(text);
    const question = (problem) => `What is ${problem}? ${INSTRUCTION}`;
    items.push({
      id: text,
      group: text,
      kind,
      prompt: [
        { role: "user", content: question("14 + 3 * 25") },
        { role: "assistant", content: "89" },
        { role: "user", content: question(text) },
      ],
      question: question(text),
      key: String(value),
      read: "number",
      maxTokens: 12,
    });
  }
  return items;
}

/** The best answer and the first three wrong ones under letters, both the rows and the options shuffled. */
function truthfulqa({ tasks, most, random }) {
  const rows = readFileSync(join(tasks, "truthfulqa.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line, row) => ({ ...JSON.parse(line), row }));
  return shuffled(rows, random)
    .slice(0, most)
    .map(({ question, best_answer: best, incorrect_answers: wrong, row }) => {
      const distinct = [...new Set([best, ...wrong].map((text) => text.trim()))];
      const options = shuffled(distinct.slice(0, MOST_OPTIONS), random);
      const listed = options.map((text, i) => `${letterOf(i)}) ${text}`).join("\n");
      return {
        id: String(row),
        group: question,
        kind: `${options.length} options`,
        prompt: [
          {
            role: "user",
            content: `${question}\n${listed}\nAnswer with the letter of the true answer only.`,
          },
        ],
        question,
        key: letterOf(options.indexOf(best.trim())),
        read: "letter",
        maxTokens: 6,
        // SmolLM2 by itself begins a sentence.
        oneOf: options.map((_, i) => letterOf(i)),
        options,
      };
    });
}

export const letterOf = (place) => "ABCD"[place];

function shuffled(list, random) {
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  return all;
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
