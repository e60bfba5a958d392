/** What CI reads: JUnit's XML, GitHub's annotations and the summary of a step. */
import { relative } from "node:path";
import {
  escapeMarkup,
  formatDuration,
  formatNumber,
  formatPerplexity,
  formatWithError,
  visible,
} from "../../text/index.ts";
import type { Verdict } from "./judge.ts";
import { type CheckResult, stateOf } from "./run-checks.ts";

/** What was measured, with its error as `score` shows it. */
export const measuredOf = ({ value, standardError, unit }: Verdict): string =>
  (unit === "perplexity" ? formatPerplexity : formatWithError)(value, standardError);

/** Such as "23.59 ± 0.72, bound 30, margin 6.41"; "" where it has no number. */
export function numbersOf(verdict: Verdict): string {
  const { value, bound, margin } = verdict;
  if (value === null) return "";
  return [
    measuredOf(verdict),
    ...(bound === null ? [] : [`bound ${formatNumber(bound)}`]),
    ...(margin === null ? [] : [`margin ${formatNumber(margin)}`]),
  ].join(", ");
}

/** In words, the error among them. */
export function wordsOf(verdict: Verdict, strict: boolean): string {
  const state = stateOf(verdict, strict);
  if (!verdict.withinError || state === "not judged") return state;
  return state === "holds" ? "holds, but within the error" : "fails, within the error";
}

/** Everything that is known of a condition, on one line. */
const lineOf = (verdict: Verdict, strict: boolean): string =>
  [wordsOf(verdict, strict), numbersOf(verdict), ...verdict.notes].filter((part) => part !== "").join("; ");

/** As Maven's Surefire writes it: a suite for each check, a case for each condition. */
export function junit(results: readonly CheckResult[], file: string, strict: boolean): string {
  const attribute = (text: string) => escapeMarkup(visible(text));
  const count = (some: readonly CheckResult[]) => {
    const states = some.flatMap(({ conditions }) =>
      conditions.map(({ verdict }) => stateOf(verdict, strict)),
    );
    const of = (state: string) => states.filter((one) => one === state).length;
    return `tests="${states.length}" failures="${of("fails")}" errors="${of("not judged")}"`;
  };
  const seconds = (ms: number) => (ms / 1000).toFixed(3);
  const suites = results.map((result) => {
    const { check, conditions, ms } = result;
    const cases = conditions.map(({ text, verdict, place }) => {
      const state = stateOf(verdict, strict);
      const head = `    <testcase classname="${attribute(check.name)}" name="${attribute(text)}" file="${attribute(file)}" line="${place.line}" time="${seconds(ms / conditions.length)}"`;
      const line = attribute(lineOf(verdict, strict));
      if (state === "holds") return `${head}>\n      <system-out>${line}</system-out>\n    </testcase>`;
      const element = state === "fails" ? "failure" : "error";
      return `${head}>\n      <${element} message="${line}">${line}</${element}>\n    </testcase>`;
    });
    return `  <testsuite name="${attribute(check.name)}" ${count([result])} time="${seconds(ms)}">\n${cases.join("\n")}\n  </testsuite>`;
  });
  const total = results.reduce((sum, { ms }) => sum + ms, 0);
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="surprisal check" ${count(results)} time="${seconds(total)}">\n${suites.join("\n")}\n</testsuites>\n`;
}

const escapeData = (text: string): string =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string): string =>
  escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Workflow commands: an error for what fails or could not be judged, a warning for what holds only within the error. */
export function annotations(
  results: readonly CheckResult[],
  file: string,
  root: string,
  strict: boolean,
): string {
  const path = escapeProperty(relative(root, file).replaceAll("\\", "/"));
  const lines = results.flatMap(({ check, conditions }) =>
    conditions.flatMap(({ text, verdict, place }) => {
      const state = stateOf(verdict, strict);
      if (state === "holds" && !verdict.withinError) return [];
      const level = state === "holds" ? "warning" : "error";
      const title = escapeProperty(visible(check.name));
      const message = escapeData(visible(`${text}: ${lineOf(verdict, strict)}`));
      return [`::${level} file=${path},line=${place.line},col=${place.column},title=${title}::${message}\n`];
    }),
  );
  return lines.join("");
}

/** Markdown for the page of the workflow. */
export function stepSummary(results: readonly CheckResult[], strict: boolean): string {
  const cell = (text: string) => escapeMarkup(visible(text)).replaceAll("|", "\\|").replaceAll("`", "&#96;");
  const rows = results.flatMap(({ check, model, conditions }) =>
    conditions.map(({ text, verdict }) =>
      [
        check.name,
        model,
        text,
        wordsOf(verdict, strict),
        measuredOf(verdict),
        formatNumber(verdict.bound),
        [formatNumber(verdict.margin), ...verdict.notes].join("; "),
      ]
        .map(cell)
        .join(" | "),
    ),
  );
  const total = results.reduce((sum, { ms }) => sum + ms, 0);
  return `### surprisal check\n\n| check | model | condition | | measured | bound | margin |\n| --- | --- | --- | --- | ---: | ---: | --- |\n${rows.map((row) => `| ${row} |`).join("\n")}\n\n${formatDuration(total)}; ± is one standard error.\n`;
}
