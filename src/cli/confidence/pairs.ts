/** Lines with a right and a wrong answer to one question, as HaluEval has them: two lines of one group. */
import { SurprisalError } from "../../core/index.ts";
import type { GivenLine } from "./lines.ts";

/** Lines in their order; a pair's right answer comes first. */
export function pairs(lines: readonly GivenLine[]): GivenLine[] {
  return lines.flatMap((given, i): GivenLine[] => {
    const { line, place, text } = given;
    if (line instanceof SurprisalError) return [given];
    const { right_answer: right, hallucinated_answer: wrong, ...rest } = line;
    if (typeof right !== "string" || typeof wrong !== "string" || rest.answer !== undefined) return [given];
    const { group = rest.id ?? i } = rest;
    const id = typeof rest.id === "string" || typeof rest.id === "number" ? rest.id : i;
    const answers = [
      { answer: right, correct: true, name: "right" },
      { answer: wrong, correct: false, name: "wrong" },
    ];
    return answers.map(({ answer, correct, name }) => ({
      line: { ...rest, id: `${id} ${name}`, group, answer, correct },
      place,
      text: `${name}\n${text}`,
    }));
  });
}
