/** One examined answer as a section of the page: what is suspected in it, and why. */
import { type Finding, type FusedSpan, SIGNALS, type Signal } from "../../detect/index.ts";
import { escapeMarkup, formatCount, formatNumber, formatPlural, shorten, visible } from "../../text/index.ts";
import { liftText } from "../detect/levels.ts";
import { markedPieces } from "../detect/marked.ts";
import { type DetectedAnswer, SIGNAL_NAMES } from "../detect/view.ts";
import { htmlSection, oneLine } from "../page/skeleton.ts";
import { bar, documentTable, hasLift, liftHeat, sentenceTable, textAsHtml } from "./lift.ts";

const LONGEST_TITLE = 120;
const LONGEST_QUOTE = 80;
/** A longer question stands in full beneath its heading. */
const LONGEST_HEADED = 100;

/** @param i its place, from 0. @param count of all answers that the page shows. */
export function answerSection(answer: DetectedAnswer, i: number, count: number): string {
  const { question, notes } = answer;
  const asked = question !== null && question.length > LONGEST_HEADED;
  const content = [
    asked ? `<p class="asked" dir="auto">${textAsHtml(question)}</p>` : "",
    `<p class="verdict">${verdictOf(answer)}</p>`,
    answerText(answer, i),
    reasons(answer, i),
    ...(hasLift(answer) ? [liftHeat(answer, i), sentenceTable(answer, i)] : []),
    documentTable(answer, i),
    signalTable(answer, i),
    ...notes.map((note) => `<p class="soft">Note: ${oneLine(note)}</p>`),
    count > 1 ? steps(i, count) : "",
  ];
  return htmlSection(`h-${i}`, escapeMarkup(titleOf(answer, i)), content.join("\n"));
}

/** Its number first: headings of one page are not the same. */
export function titleOf({ id, question }: DetectedAnswer, i: number): string {
  const number = id === null && question === null ? `Answer ${formatCount(i + 1)}` : formatCount(i + 1);
  const parts = [number, id === null ? "" : String(id), question ?? ""];
  const title = parts.filter((part) => part !== "").join(" · ");
  return shorten(visible(title.replaceAll(/\s+/g, " ")), LONGEST_TITLE);
}

/** Markup: the score, what it is, the label. */
function verdictOf({ score, fusion, spans, correct, numbersFrom, samples }: DetectedAnswer): string {
  const facts = [
    spans.length === 0 ? "no span is suspected" : formatPlural(spans.length, "suspected span"),
    numbersFrom === null ? "no numbers of tokens" : `numbers ${numbersFrom}`,
    ...(samples > 0 ? [`${formatPlural(samples, "sample")} compared`] : []),
  ];
  const label =
    correct === null
      ? ""
      : ` · <strong class="${correct ? "right" : "wrong"}">${correct ? "right" : "wrong"}</strong>`;
  const what = fusion === "fitted" ? "probability that it is made up" : "suspicion, no probability";
  const number =
    score === null ? "No signal has a number" : `<strong class="score">${score.toFixed(2)}</strong> ${what}`;
  return `${number} <span class="soft">· ${facts.join(" · ")}</span>${label}`;
}

/** The answer; each suspected span is a link to its reasons, so that it is one without a script, too. */
function answerText({ answer, spans }: DetectedAnswer, i: number): string {
  const pieces = markedPieces(answer, spans).map(({ text, mark }) => {
    const shown = textAsHtml(text);
    if (mark === null) return shown;
    const { score } = spans[mark]!;
    return `<a class="mark m${scoreLevel(score)}" href="#why-${i}-${mark}" id="span-${i}-${mark}">${shown}<sup><span class="spoken"> reason </span>${mark + 1}</sup></a>`;
  });
  const hint =
    spans.length > 1
      ? `<p class="soft hint">Tab into the answer and use the arrow keys to go from span to span.</p>`
      : "";
  return `<div class="answer suspected" role="group" aria-label="Answer ${i + 1}, suspected spans marked" translate="no" dir="auto">${pieces.join("")}</div>
<div class="why" role="status" aria-label="Reasons of the span of answer ${i + 1}"></div>
${hint}`;
}

/** 1 ... 3: how strongly a span is marked. */
const scoreLevel = (score: number): 1 | 2 | 3 => (score < 1 / 3 ? 1 : score < 2 / 3 ? 2 : 3);

function reasons({ answer, spans, spanLifts, documents, fusion }: DetectedAnswer, i: number): string {
  if (spans.length === 0) return "";
  const items = spans.map((span, k) => {
    const quote = quoteOf(answer, span);
    const own = spanLifts[k];
    const lift = own ? liftText(own, documents) : "";
    return `<li id="why-${i}-${k}"><p><a class="back" href="#span-${i}-${k}"><bdi class="quote">${quote}</bdi></a> <small class="soft">${fusion === "fitted" ? "probability" : "suspicion"} ${span.score.toFixed(2)}${lift === "" ? "" : ` · <bdi>${oneLine(lift)}</bdi>`}</small></p>
<ul>${span.because.map(reasonItem).join("")}</ul></li>`;
  });
  return `<h3>Reasons</h3>\n<ol class="reasons">${items.join("\n")}</ol>`;
}

const quoteOf = (answer: string, { start, end }: FusedSpan): string =>
  oneLine(shorten(visible(answer.slice(start, end).trim()), LONGEST_QUOTE)) || "the answer";

function reasonItem({ signal, kind, because, details = {} }: Finding): string {
  const more = Object.entries(details).flatMap(([name, value]) =>
    value === null || value === ""
      ? []
      : [`${name}: ${typeof value === "number" ? numberText(value) : value}`],
  );
  const small =
    more.length > 0 ? `<br><small class="soft"><bdi>${oneLine(more.join(" · "))}</bdi></small>` : "";
  return `<li><bdi>${oneLine(because)}</bdi> <small class="soft">${oneLine(signal)}, ${oneLine(kind)}</small>${small}</li>`;
}

const numberText = (value: number): string => (Number.isInteger(value) ? String(value) : formatNumber(value));

/** What each detector says of the whole answer. */
function signalTable({ examinations }: DetectedAnswer, i: number): string {
  if (examinations.length === 0) return "";
  const known = (signal: Signal) => SIGNALS.indexOf(signal);
  const rows = examinations
    .toSorted((a, b) => known(a.signal) - known(b.signal))
    .map(({ signal, suspicion, unit, reason, findings, price }) => {
      const small = reason === undefined ? "" : `<br><small class="soft">${oneLine(reason)}</small>`;
      const cost = [
        ...(price.tokensRun > 0 ? [`${formatPlural(price.tokensRun, "token")} run`] : []),
        ...(price.tokensWritten > 0 ? [`${formatCount(price.tokensWritten)} written`] : []),
      ];
      return `<tr><th scope="row">${oneLine(signal)}<br><small class="soft">${SIGNAL_NAMES[signal]}</small></th><td class="figure">${formatNumber(suspicion)}</td><td>${oneLine(unit)}${small}</td><td class="figure">${formatCount(findings.length)}</td><td>${cost.join(", ") || "nothing"}</td></tr>`;
    });
  return `<details><summary>What each signal says</summary>
<div class="scroll" role="region" aria-label="Signals of answer ${i + 1}" tabindex="0">
<table class="top signals">
<thead><tr><th scope="col">signal</th><th scope="col" class="figure">suspicion</th><th scope="col">unit</th><th scope="col" class="figure">findings</th><th scope="col">price</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
</div></details>`;
}

/** To the answers before and after. */
function steps(i: number, count: number): string {
  const link = (to: number, words: string) => `<a href="#h-${to}">${words} ${formatCount(to + 1)}</a>`;
  const links = [
    ...(i > 0 ? [link(i - 1, "← answer")] : []),
    `<a href="#h-answers">all answers</a>`,
    ...(i + 1 < count ? [link(i + 1, "answer →")] : []),
  ];
  return `<p class="steps soft">${links.join(" · ")}</p>`;
}

/** The list of all answers, most suspicious first where scores are known. */
export function answerList(answers: readonly DetectedAnswer[]): string {
  const items = answers
    .map((answer, i) => ({ answer, i }))
    .sort((a, b) => (b.answer.score ?? -1) - (a.answer.score ?? -1))
    .map(({ answer, i }) => {
      const { score, spans, correct } = answer;
      const label = correct === null ? "" : ` · ${correct ? "right" : "wrong"}`;
      const found = spans.length === 0 ? "nothing found" : formatPlural(spans.length, "span");
      return `<li><bdi><a href="#h-${i}">${escapeMarkup(titleOf(answer, i))}</a></bdi> <span class="listed">${bar(score, 1)} <small class="soft">${score === null ? "–" : score.toFixed(2)} · ${found}${label}</small></span></li>`;
    });
  return `<nav aria-labelledby="h-answers"><h2 id="h-answers">Answers, most suspicious first</h2>\n<ol class="answers">${items.join("\n")}</ol></nav>`;
}
