/** Refined demonstrations: the pattern's steps with bars, the curve, and every demonstration before and after. */
import { renderFigure } from "../../charts/server.ts";
import type { DemonstrationReport } from "../../refine/index.ts";
import { formatCount, formatNumber, formatPlural } from "../../text/index.ts";
import { htmlSection, oneLine } from "../page/skeleton.ts";
import { countsText, stepsOfPattern } from "../refine/steps.ts";
import { importanceWords, ratioText, savedText } from "../refine/words.ts";
import { chainList, stepText } from "./chain.ts";
import { demonstrationCurve } from "./picture.ts";
import { roundsTable } from "./sample.ts";
import { demonstrationTable, figures, tableOf } from "./tables.ts";

/** The sections of a few-shot prompt. */
export function demonstrationSections(report: DemonstrationReport): string {
  const { steps, tokens, perplexity, demonstrations, rounds, calibration, stopped, text, fullText } = report;
  const left = steps.filter(({ fate }) => fate === "kept").length;
  const ratio = perplexity.before === perplexity.after ? 1 : perplexity.after / perplexity.before;
  const curve = demonstrationCurve(report);
  const words = importanceWords(report).map((each) => `<p class="soft">${oneLine(each)}</p>`);
  return [
    figures([
      [
        "Demonstrations",
        formatCount(demonstrations.length),
        `${formatPlural(calibration, "question")} to try them on`,
      ],
      ["Steps of each", `${formatCount(steps.length)} → ${formatCount(left)}`, countsText(steps)],
      [
        "Tokens of their steps",
        `${formatCount(tokens.before)} → ${formatCount(tokens.after)}`,
        savedText(tokens),
      ],
      [
        "Perplexity of the questions",
        `${formatNumber(perplexity.before)} → ${formatNumber(perplexity.after)}`,
        `${ratioText(Number.isNaN(ratio) ? null : ratio)} times`,
      ],
    ]),
    htmlSection(
      "h-chain",
      "The pattern’s steps",
      `<p class="soft">The same step is taken out of all demonstrations at once, and what the questions lose by it is its importance. Texts are those of the first demonstration; a dash where a step may not go, because others need it.</p>${words.join("")}
${chainList(stepsOfPattern(report), "Steps of the pattern")}
<p class="soft">Ended: ${oneLine(stopped)}.</p>`,
    ),
    htmlSection("h-curve", oneLine(curve.title), renderFigure(curve, { number: 1 })),
    htmlSection(
      "h-ways",
      "Beside other ways",
      `<p class="soft">All steps, the shortest first, and random removal, each with at least as many tokens as are left here. Perplexity is that of the questions behind them.</p>${tableOf(demonstrationTable(report), "Ways to cut the demonstrations")}`,
    ),
    ...(rounds.length > 0
      ? [htmlSection("h-rounds", "Round by round", roundsTable(rounds, report.measure))]
      : []),
    htmlSection(
      "h-demonstrations",
      "Demonstrations, before and after",
      demonstrations.map((each, i) => beforeAndAfter(each, i, report)).join("\n"),
    ),
    htmlSection(
      "h-prompt",
      "The prompt",
      `${promptOf("What stands now before a question", text)}${promptOf("The same before it was refined", fullText)}`,
    ),
  ].join("\n");
}

/** Steps left and right; what went is struck out, what was written into is marked. */
function beforeAndAfter(
  { where, steps, now }: DemonstrationReport["demonstrations"][number],
  i: number,
  { steps: pattern }: DemonstrationReport,
): string {
  const left = [...now];
  const rows = steps.map((text, step) => {
    const isKept = pattern[step]?.fate === "kept";
    const after = isKept ? left.shift() : undefined;
    const isChanged = after !== undefined && after !== text;
    const old = isKept && !isChanged ? stepText(text) : `<del>${stepText(text)}</del>`;
    const shown =
      after === undefined
        ? `<span class="soft">gone</span>`
        : isChanged
          ? `<ins>${stepText(after)}</ins>`
          : stepText(after);
    return `<tr><th scope="row">${formatCount(step + 1)}</th><td class="said" dir="auto">${old}</td><td class="said" dir="auto">${shown}</td></tr>`;
  });
  const label = oneLine(`Demonstration ${i + 1}`);
  return `<details${i === 0 ? " open" : ""}><summary>${label} <small class="soft"><bdi>${oneLine(where)}</bdi></small></summary>
<div class="scroll" role="region" aria-label="${label}, before and after" tabindex="0"><table class="top pair">
<thead><tr><th scope="col">step</th><th scope="col">before</th><th scope="col">after</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></div></details>`;
}

const promptOf = (summary: string, text: string): string =>
  `<details><summary>${summary} <small class="soft">${formatPlural(text.length, "character")}</small></summary><div class="said prompt" dir="auto" translate="no">${stepText(text)}</div></details>`;
