/** One refined sample: its question, its chain with bars, its answer; in full also its curve and what it has to be better than. */
import { renderFigure } from "../../charts/server.ts";
import type { DatasetReport, RefinedSample } from "../../refine/index.ts";
import { formatCount, formatNumber } from "../../text/index.ts";
import { textAsHtml } from "../detect-page/lift.ts";
import { htmlSection, oneLine } from "../page/skeleton.ts";
import { countsText, stepsOfSample } from "../refine/steps.ts";
import { importanceWords, ratioHeading, ratioOf, ratioText, savedText } from "../refine/words.ts";
import { chainList, stepText } from "./chain.ts";
import { sampleCurve } from "./picture.ts";
import { comparedTable, figures, tableOf } from "./tables.ts";

type Setting = Pick<DatasetReport, "measure" | "mode" | "thresholds" | "method">;

/** A question, the steps with what they are worth, and the answer. */
export function sampleBody(sample: RefinedSample, { measure }: Setting): string {
  const { prompt, frame, answer, stopped, warnings, layout, by, byWhy } = sample;
  const name = `sample ${formatCount(sample.index + 1)}`;
  const asked = prompt.trim() === "" ? "" : `<div class="asked" dir="auto">${stepText(prompt.trim())}</div>`;
  return `${warnings.map((warning) => `<p class="warning">${oneLine(warning)}</p>`).join("")}${asked}
${chainList(stepsOfSample(sample, measure), `Steps of ${name}`)}
<div class="said answer" dir="auto" translate="no">${textAsHtml(`${frame}${answer}`.trim())}</div>
<p class="soft">Ended: ${oneLine(sentence(stopped))} Read as ${oneLine(layout)}; steps by ${oneLine(by)}: ${oneLine(sentence(byWhy))}</p>`;
}

const sentence = (text: string): string => (/[.!?。]$/.test(text) ? text : `${text}.`);

/** What a sample came to, in figures. */
export function sampleFigures(sample: RefinedSample, { measure }: Setting): string {
  const { steps, tokens, before, after } = sample;
  const left = steps.filter(({ now }) => now !== null).length;
  const change = (a: number, b: number) => `${formatNumber(a)} → ${formatNumber(b)}`;
  return figures([
    ["Steps", `${formatCount(steps.length)} → ${formatCount(left)}`, countsText(steps)],
    [
      "Tokens of the steps",
      `${formatCount(tokens.before)} → ${formatCount(tokens.after)}`,
      savedText(tokens),
    ],
    [
      "Perplexity of steps and answer",
      change(before.chainPerplexity, after.chainPerplexity),
      measure === "answer"
        ? ""
        : `${ratioText(ratioOf(sample, measure))} times${measure === "rest" ? ", of what stands behind what went" : ""}`,
    ],
    [
      "Perplexity of the answer",
      change(before.answerPerplexity, after.answerPerplexity),
      `${formatNumber(before.answerNll, 3)} → ${formatNumber(after.answerNll, 3)} nats in all${measure === "answer" ? `, ${ratioText(ratioOf(sample, measure))} times` : ""}`,
    ],
  ]);
}

/** A report of one sample: everything that is known of it. */
export function sampleSections(sample: RefinedSample, report: Setting): string {
  const { baselines, draws = [], rounds } = sample;
  const curve = sampleCurve(sample, report);
  const ways =
    baselines === null
      ? `<p class="soft">Baselines were not scored for this sample.</p>`
      : tableOf(comparedTable(baselines, draws, report.measure), "Ways to cut the chain");
  const said = importanceWords(report).map((each) => `<p class="soft">${oneLine(each)}</p>`);
  return [
    sampleFigures(sample, report),
    htmlSection("h-chain", "The chain", `${said.join("")}\n${sampleBody(sample, report)}`),
    htmlSection("h-curve", oneLine(curve.title), renderFigure(curve, { number: 1 })),
    htmlSection(
      "h-ways",
      "Beside other ways",
      `<p class="soft">The full chain, the shortest steps first, and random removal, each with at least as many tokens as are left here, so that none is worse off for its length.</p>${ways}`,
    ),
    ...(rounds.length > 0
      ? [htmlSection("h-rounds", "Round by round", roundsTable(rounds, report.measure))]
      : []),
    htmlSection("h-measures", "All measures of each step", measuresTable(sample)),
  ].join("\n");
}

/** What went in each round, and what it cost. */
export function roundsTable(rounds: RefinedSample["rounds"], measure: DatasetReport["measure"]): string {
  return tableOf(
    {
      columns: ["round", "step", "done", "perplexity", ratioHeading(measure), "steps left", "tokens left"],
      rows: rounds.map(({ round, step, kind, ratio, steps, tokens, perplexity }) => [
        formatCount(round),
        formatCount(step + 1),
        kind,
        formatNumber(perplexity),
        ratioText(ratio),
        formatCount(steps),
        formatCount(tokens),
      ]),
    },
    "Rounds",
  );
}

/** Each measure of each step when it alone goes. */
function measuresTable({ steps }: RefinedSample): string {
  const table = tableOf(
    {
      columns: [
        "step",
        "tokens",
        "own surprisal, nats per token",
        ...["answer", "steps and answer", "what follows"].flatMap((of) => [
          `${of}: ratio`,
          `${of}: total, nats`,
        ]),
      ],
      rows: steps.map(({ step, tokens, surprisal, importance }) => [
        formatCount(step + 1),
        formatCount(tokens),
        formatNumber(surprisal, 3),
        ...([importance.answer, importance.chain, importance.rest] as const).flatMap(({ ratio, total }) => [
          ratioText(ratio),
          formatNumber(total, 3),
        ]),
      ]),
    },
    "Measures of each step",
  );
  return `<p class="soft">What changes when one step alone is taken out. Ratio: perplexity after by before; total: change of the sum of -ln p. “Answer” and “what follows” compare the same tokens before and after; “steps and answer” loses the step’s own tokens.</p>${table}`;
}
