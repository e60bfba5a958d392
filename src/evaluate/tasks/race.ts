/** RACE (Lai et al. 2017) as lm-evaluation-harness asks it: an article, its questions with their answers, and the last one open. */
import { choice, isObject, isTexts, letters, type RowContent } from "./form.ts";

/** How a question ends that has a gap at its end. */
const GAP = "  _  .";

interface Problem {
  question: string;
  options: string[];
  /** Number of the right option. */
  answer: number;
}

/**
 * Source: `doc_to_text`, `doc_to_choice` and `doc_to_target` in lm_eval/tasks/race/preprocess_race.py, lm-eval 0.4.13.
 * @param problems questions with their options and the letter of the right one.
 * @returns the last question; or what is wrong.
 */
export function raceQuestion(article: unknown, problems: unknown): RowContent | string {
  if (typeof article !== "string") return "The article is not a text";
  if (!Array.isArray(problems) || problems.length === 0) return "The problems are not a list of questions";
  const read = problems.map(problemOf);
  const wrong = read.find((problem) => typeof problem === "string");
  if (wrong !== undefined) return wrong;
  const all = read.filter((problem) => typeof problem !== "string");
  const last = all.pop()!;
  const solved = all.map(({ question, options, answer }) =>
    question.endsWith(GAP)
      ? `${question.slice(0, 1 - GAP.length)}${options[answer]}\n`
      : `Question: ${question}\nAnswer: ${options[answer]}\n`,
  );
  return choice(`Article: ${article}\n\n${solved.join("")}${last.question}`, last.options, last.answer);
}

function problemOf(value: unknown): Problem | string {
  if (!isObject(value)) return "A problem is not an object";
  const { question, options, answer } = value;
  if (typeof question !== "string") return "A question is not a text";
  if (!isTexts(options)) return "The options of a question are not a list of texts";
  const index = letters(options.length).indexOf(String(answer));
  return index < 0
    ? `The answer is ${JSON.stringify(answer)}, not the letter of an option`
    : { question, options, answer: index };
}
