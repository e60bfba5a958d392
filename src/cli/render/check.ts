/** Judged conditions in a terminal: a table where there is room, else two lines for each. */
import { displayWidth, formatNumber, visible, wrapWords } from "../../text/index.ts";
import { type CheckResult, measuredOf, numbersOf, wordsOf } from "../check/index.ts";
import { table } from "./run.ts";

/** Words of a condition that are still shown in a table; longer ones stand on lines of their own. */
const WIDEST_CONDITION = 60;

/** @param columns of the terminal; `null`: it is none. Lines end with a line break. */
export function renderChecks(
  results: readonly CheckResult[],
  columns: number | null,
  strict: boolean,
): string {
  const lines: string[] = [];
  for (const result of results) {
    const { check, model, conditions, measurement } = result;
    lines.push(...wrapWords(`${visible(check.name)} (${visible(model)})`, columns));
    const rows = table(conditions, [
      ["  condition", ({ text }) => `  ${visible(text)}`],
      ["", ({ verdict }) => wordsOf(verdict, strict)],
      ["measured", ({ verdict }) => measuredOf(verdict)],
      ["bound", ({ verdict }) => formatNumber(verdict.bound)],
      ["margin", ({ verdict }) => formatNumber(verdict.margin)],
    ]);
    const fits =
      rows.every((row) => displayWidth(row) <= (columns ?? Number.POSITIVE_INFINITY)) &&
      conditions.every(({ text }) => displayWidth(visible(text)) <= WIDEST_CONDITION);
    if (fits) lines.push(...rows);
    else
      for (const { text, verdict } of conditions) {
        const numbers = numbersOf(verdict);
        lines.push(
          ...indented(visible(text), 2, columns),
          ...indented(`${wordsOf(verdict, strict)}${numbers === "" ? "" : `: ${numbers}`}`, 4, columns),
        );
      }
    const notes = new Set([
      ...conditions.flatMap(({ verdict }) => verdict.notes),
      ...(measurement?.notes ?? []),
    ]);
    for (const note of notes) lines.push(...indented(visible(note), 2, columns));
    const answer = measurement?.answer;
    if (answer && conditions.some(({ verdict }) => verdict.state !== "holds"))
      lines.push(...indented(`It wrote: ${visible(answer.text)}`, 2, columns));
    lines.push("");
  }
  const all = results.flatMap(({ conditions }) => conditions.map(({ verdict }) => wordsOf(verdict, strict)));
  const count = (word: string) => all.filter((one) => one.startsWith(word)).length;
  lines.push(
    ...wrapWords(
      `${count("holds")} hold, ${count("fails")} fail, ${count("not judged")} could not be judged; ± is one standard error.`,
      columns,
    ),
  );
  return `${lines.join("\n")}\n`;
}

const indented = (text: string, by: number, columns: number | null): string[] =>
  wrapWords(text, columns === null ? null : Math.max(20, columns - by)).map((line) => " ".repeat(by) + line);
