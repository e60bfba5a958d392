/** Answers to questions about a state in a terminal: the options with bars. */
import type { Decision, Decisions } from "../../decide/index.ts";
import { displayWidth, formatCount, formatNumber, formatPlural, shorten, visible } from "../../text/index.ts";
import type { ColourDepth } from "./colour.ts";
import { type Paint, painter } from "./paint.ts";

const BAR = 24; // cells
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const LONGEST = 32;
/** Of a choice among many, so many of the most probable are shown. */
const MOST_SHOWN = 12;

/** @param instructions of the questions, in their order. */
export function renderDecisions(
  answer: Decisions,
  instructions: readonly string[],
  colour: ColourDepth,
): string {
  const paint = painter({ colour });
  const { calibration, abstention, usage, model, recipe } = answer;
  const calibrated = calibration
    ? `calibrated by ${calibration.kind} ${calibration.sha256.slice(0, 12)} (fitted to ${formatPlural(calibration.n, "answer")})`
    : "not calibrated";
  const { tokensRun, tokensAlone } = usage;
  return `${[
    ...answer.decisions.flatMap((decision, q) => [...question(decision, instructions[q] ?? "", paint), ""]),
    `${visible(model.name)} · ${recipe} · ${calibrated}`,
    ...(abstention
      ? [
          `risk ${abstention.risk}: answers from a confidence of ${abstention.threshold === null ? "none" : formatNumber(abstention.threshold)} on`,
        ]
      : []),
    ...(tokensAlone === null
      ? []
      : [
          tokensRun === null
            ? `${formatPlural(tokensAlone, "token")} sent`
            : `${formatPlural(tokensRun, "token")} run; option by option ${formatCount(tokensAlone)} (${formatNumber(tokensAlone / tokensRun, 3)} times as many)`,
        ]),
    ...answer.notes.map((note) => `note: ${visible(note)}`),
  ].join("\n")}\n`;
}

function question(decision: Decision, instructions: string, paint: Paint): string[] {
  const { name, type, options, choice } = decision;
  const shown = shownOptions(decision);
  const width = Math.max(...shown.map(({ text }) => displayWidth(labelOf(text))));
  const lines = shown.map(({ value, text, probability }) => {
    const label = labelOf(text);
    const space = " ".repeat(width - displayWidth(label));
    const percent = probability === null ? "–" : `${(100 * probability).toFixed(1)} %`;
    const line = `  ${label}${space}  ${bar(probability)} ${percent.padStart(7)}`;
    return value === choice ? paint.bold(`${line}  ←`) : line;
  });
  const rest = options.length - shown.length;
  return [
    `${paint.bold(visible(instructions))} ${paint.faint(`(${visible(name)}, ${type})`)}`,
    ...lines,
    ...(rest > 0 ? [`  ... and ${formatPlural(rest, "option")} less probable`] : []),
    `  ${paint.faint(factsOf(decision).join(" · "))}`,
  ];
}

/** Levels as they follow one another; of many options the most probable first. */
function shownOptions({ options, type }: Decision): Decision["options"] {
  if (type !== "choice" || options.length <= MOST_SHOWN) return options;
  return options.toSorted((a, b) => (b.probability ?? 0) - (a.probability ?? 0)).slice(0, MOST_SHOWN);
}

function factsOf({
  abstained,
  choice,
  expected,
  entropy,
  margin,
  optionMass,
  flipRate,
  orders,
}: Decision): string[] {
  return [
    ...(abstained ? ["abstains"] : choice === null ? ["the model cannot say"] : []),
    ...(expected === null ? [] : [`expected level ${formatNumber(expected, 3)}`]),
    ...(margin === null ? [] : [`margin ${formatNumber(margin, 3)}`]),
    ...(entropy === null ? [] : [`entropy ${formatNumber(entropy, 3)} nats`]),
    ...(optionMass === null
      ? []
      : [`the model says one of these with ${formatNumber(100 * optionMass, 2)} %`]),
    ...(flipRate === null ? [] : [`${formatNumber(100 * flipRate, 2)} % of ${orders} orders choose another`]),
  ];
}

const labelOf = (text: string): string => shorten(visible(text), LONGEST);

function bar(share: number | null): string {
  if (share === null) return " ".repeat(BAR);
  const eighths = Math.round(share * BAR * 8);
  const full = Math.floor(eighths / 8);
  return `${"█".repeat(full)}${EIGHTHS[eighths % 8]}`.padEnd(BAR);
}
