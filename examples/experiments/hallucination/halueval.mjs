/** HaluEval's questions with answers whose labels leak less: of one length, and in the words of the question. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Public home of the rows: https://github.com/RUCAIBox/HaluEval, data/qa_data.json; here its first 500 as halueval_qa_oneturn.jsonl. */
const FILE = "halueval_qa_oneturn.jsonl";

export const words = (text) => text.trim().split(/\s+/u).filter(Boolean);

/** Pairs whose answers differ by at most so many words are "length-matched". */
export const MATCHED = 3;

/**
 * Four answers to each question: the right one and the wrong one as published, and the right one rewritten twice, to as many
 * words as the wrong one has. Questions of length-matched pairs come first.
 */
export function questionsOf(tasks) {
  const rows = readFileSync(join(tasks, FILE), "utf8")
    .split("\n")
    .filter(Boolean)
    .map((line, i) => ({ i, ...JSON.parse(line) }));
  const questions = rows.map(
    ({ i, knowledge, question, right_answer: right, hallucinated_answer: wrong }) => ({
      id: i,
      question: question.trim(),
      document: knowledge.trim(),
      matched: Math.abs(words(right).length - words(wrong).length) <= MATCHED,
      answers: {
        right: right.trim(),
        wrong: wrong.trim(),
        template: template(right.trim(), wrong),
        statement: statement(question.trim(), right.trim(), wrong),
      },
    }),
  );
  return questions.toSorted((a, b) => Number(b.matched) - Number(a.matched) || a.id - b.id);
}

/** So many words in front of an answer. What is missing still is made up with clauses before that. */
const FRONT = [
  "",
  "Namely",
  "It is",
  "The answer is",
  "The right answer is",
  "The answer to this is",
  "The answer to the question is",
  "The answer to the question asked is",
  "The answer to the question asked here is",
  "The answer to the question asked here is simply",
];
const CLAUSES = [
  "",
  "Well,",
  "In short,",
  "To be brief,",
  "As it turns out,",
  "As far as we know,",
  "As far as I can tell,",
  "As far as I can tell today,",
  "As far as anyone can tell us today,",
];

const endOf = (text) => /[.!?]$/u.exec(text.trim())?.[0] ?? "";
const closed = (text, end) => (end === "" ? text : text.replace(/[.!?,;:]+$/u, "") + end);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "The answer to this is Delhi.": says nothing of the question, and all right answers begin alike. */
export function template(right, wrong) {
  const missing = words(wrong).length - words(right).length;
  if (missing <= 0) return closed(right, endOf(wrong));
  const parts = [FRONT[Math.min(missing, FRONT.length - 1)]];
  for (let left = missing - (FRONT.length - 1); left > 0; left -= CLAUSES.length - 1)
    parts.unshift(CLAUSES[Math.min(left, CLAUSES.length - 1)]);
  const start = parts
    .map((part, i) => (i === 0 ? part : part.charAt(0).toLowerCase() + part.slice(1)))
    .join(" ");
  return closed(`${start} ${right}`, endOf(wrong));
}

const ASKING = /\b(?:what|which|who|whom|whose|where|when|how (?:many|much|old|long|far|tall))\b/iu;
/** What ends the noun that "which" or "what" is about. */
const VERBS = new Set(
  "is was are were did does do has had have can could will would may might that who and in on of by for with to from at as".split(
    " ",
  ),
);

/**
 * The question as a statement, cut to as many words around the answer: "[...] has a head office in Delhi." The asking word and its
 * noun give way to the answer, wherever they stand; what is left is cut to the length of the wrong answer, so it may begin or end
 * in the middle. Questions of yes and no, and those that are too short, are filled up by the template.
 */
export function statement(question, right, wrong) {
  const length = words(wrong).length;
  const own = words(right);
  const asked = question.replace(/[?.\s]+$/u, "");
  const found = ASKING.exec(asked);
  if (found === null || own.length >= length || /^(?:yes|no)\b/iu.test(right)) return template(right, wrong);
  const before = words(asked.slice(0, found.index));
  const after = words(asked.slice(found.index + found[0].length));
  let noun = 0;
  if (/^(?:what|which)$/iu.test(found[0]))
    while (
      noun < after.length &&
      noun < 4 &&
      !VERBS.has(after[noun].toLowerCase()) &&
      !/ed$/u.test(after[noun])
    )
      noun++;
  const said = [...before, ...own, ...after.slice(noun)];
  const at = before.length;
  if (said.length < length) return template(said.join(" "), wrong);
  const start = at + own.length <= length ? 0 : at + own.length - length;
  return closed(capital(said.slice(start, start + length).join(" ")), endOf(wrong));
}
