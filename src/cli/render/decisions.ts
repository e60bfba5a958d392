/** Answers to questions about a state in a terminal: the options with bars. */
import type { Decision, Decisions, Question, ServedDecisions } from "../../decide/index.ts";
import {
  displayWidth,
  formatCount,
  formatNumber,
  formatPlural,
  shorten,
  visible,
  wrapWords,
} from "../../text/index.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, painter } from "./paint.ts";

/** Cells of a bar, and of an option's text, where there is room. */
const BAR = { least: 6, most: 24 };
const LABEL = { least: 8, most: 32 };
/** Cells of a line besides the two: indent, gaps, percentage, arrow. */
const REST = 15;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
/** Of a choice among many, so many of the most probable are shown. */
const MOST_SHOWN = 12;

/** How decisions are drawn. */
export interface DecisionsView {
  colour: ColourDepth;
  /** Width of the terminal; `null` = not a terminal: lines are not broken. */
  columns: number | null;
}

/** @param questions as they were asked, in their order. */
export function renderDecisions(
  answer: Decisions | ServedDecisions,
  questions: readonly Pick<Question, "instructions">[],
  { colour, columns }: DecisionsView,
): string {
  const paint = painter({ colour });
  const foot = "form" in answer ? servedFoot(answer) : askedFoot(answer);
  const isServed = "form" in answer;
  const lines = answer.decisions.flatMap((decision, q) => [
    ...heading(decision, questions[q]?.instructions ?? "", columns, paint),
    ...bars(decision, columns, paint),
    ...joined(factsOf(decision, isServed), columns, "  ").map(paint.faint),
    "",
  ]);
  const notes = answer.notes.flatMap((note) => wrapWords(`note: ${visible(note)}`, columns));
  return `${[...lines, ...foot.flatMap((parts) => joined(parts, columns, "")), ...notes].join("\n")}\n`;
}

/** What an answer was made with, a list for each line. */
function askedFoot({ model, recipe, calibration, abstention, usage }: Decisions): string[][] {
  const { tokensRun, tokensAlone } = usage;
  const calibrated = calibration
    ? `calibrated by ${calibration.kind} ${calibration.sha256.slice(0, 12)} (fitted to ${formatPlural(calibration.n, "answer")})`
    : "not calibrated";
  const threshold = abstention?.threshold ?? null;
  return [
    [visible(model.name), recipe, calibrated],
    ...(abstention
      ? [
          [
            `risk ${abstention.risk}: ${threshold === null ? "no answer is sure enough" : `answers from a confidence of ${formatNumber(threshold)} on`}`,
          ],
        ]
      : []),
    ...(tokensAlone === null
      ? []
      : [
          [
            tokensRun === null
              ? `${formatPlural(tokensAlone, "token")} sent`
              : `${formatPlural(tokensRun, "token")} run; option by option ${formatCount(tokensAlone)} (${formatNumber(tokensAlone / tokensRun, 3)} times as many)`,
          ],
        ]),
  ];
}

function servedFoot({ model, form, usage: { inputTokens, outputTokens } }: ServedDecisions): string[][] {
  return [
    [visible(model.source), `/${form}`, "the server's own probabilities"],
    ...(inputTokens === null && outputTokens === null
      ? []
      : [
          [
            ...(inputTokens === null ? [] : [`${formatPlural(inputTokens, "token")} in`]),
            ...(outputTokens === null ? [] : [`${formatPlural(outputTokens, "token")} out`]),
          ],
        ]),
  ];
}

/** The question, and beside it or beneath what it is. */
function heading(
  { name, type }: Decision,
  instructions: string,
  columns: number | null,
  paint: Paint,
): string[] {
  const about = `(${visible(name)}, ${type})`;
  const lines = wrapWords(visible(instructions.trim()), columns);
  const last = lines.at(-1) ?? "";
  const fits = columns === null || displayWidth(`${last} ${about}`) <= columns;
  const bold = lines.map(paint.bold);
  return fits
    ? [...bold.slice(0, -1), `${bold.at(-1) ?? ""} ${paint.faint(about)}`]
    : [...bold, paint.faint(shorten(about, columns))];
}

function bars(decision: Decision, columns: number | null, paint: Paint): string[] {
  const { options, choice } = decision;
  const room = columns === null ? LABEL.most + BAR.most : columns - REST;
  const shown = shownOptions(decision).map((option) => ({
    ...option,
    label: shorten(visible(option.text), Math.max(LABEL.least, Math.min(LABEL.most, room - BAR.least))),
  }));
  const width = Math.max(...shown.map(({ label }) => displayWidth(label)));
  const cells = Math.max(BAR.least, Math.min(BAR.most, room - width));
  const lines = shown.map(({ value, label, probability }) => {
    const percent = probability === null ? "–" : `${(100 * probability).toFixed(1)} %`;
    const line = `  ${label}${" ".repeat(width - displayWidth(label))}  ${bar(probability, cells)} ${percent.padStart(7)}`;
    return value === choice ? paint.bold(`${line}  ←`) : line;
  });
  const rest = options.length - shown.length;
  return [...lines, ...(rest > 0 ? [`  ... and ${formatPlural(rest, "option")} less probable`] : [])];
}

/** Levels as they follow one another; of many options the most probable first. */
function shownOptions({ options, type }: Decision): Decision["options"] {
  if (type !== "choice" || options.length <= MOST_SHOWN) return options;
  return options.toSorted((a, b) => (b.probability ?? 0) - (a.probability ?? 0)).slice(0, MOST_SHOWN);
}

function factsOf(decision: Decision, isServed: boolean): string[] {
  const { abstained, choice, expected, entropy, margin, optionMass, missingMass, flipRate, orders } =
    decision;
  const silent = isServed
    ? "the server gives no probabilities"
    : "the model gives none of these a probability";
  return [
    ...(abstained ? [isServed ? "the server declines" : "abstains"] : choice === null ? [silent] : []),
    ...(expected === null ? [] : [`expected level ${formatNumber(expected, 3)}`]),
    ...(margin === null ? [] : [`margin ${formatNumber(margin, 3)}`]),
    ...(entropy === null ? [] : [`entropy ${formatNumber(entropy, 3)} nats`]),
    ...(optionMass === null
      ? []
      : [`the model says one of these with ${formatNumber(100 * optionMass, 2)} %`]),
    ...(missingMass === null || missingMass === 0
      ? []
      : [`${formatNumber(100 * missingMass, 2)} % not listed by the server`]),
    ...(flipRate === null ? [] : [`${formatNumber(100 * flipRate, 2)} % of ${orders} orders choose another`]),
  ];
}

/** Parts with dots between them, in lines that are broken between parts where that does. */
function joined(parts: readonly string[], columns: number | null, indent: string): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const longer = lines.length === 0 ? `${indent}${part}` : `${lines.at(-1)} · ${part}`;
    if (lines.length > 0 && columns !== null && displayWidth(longer) > columns)
      lines.push(`${indent}${part}`);
    else lines.splice(-1, 1, longer);
  }
  return lines.flatMap((line) =>
    columns === null || displayWidth(line) <= columns
      ? [line]
      : wrapWords(line.trim(), columns - indent.length).map((each) => `${indent}${each}`),
  );
}

function bar(share: number | null, cells: number): string {
  if (share === null) return " ".repeat(cells);
  const eighths = Math.round(share * cells * 8);
  const full = Math.floor(eighths / 8);
  return `${"█".repeat(full)}${EIGHTHS[eighths % 8]}`.padEnd(cells);
}
