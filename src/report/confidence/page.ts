/** Answers and how sure a model was of them, as one self-contained page. */
import { rankingChart, renderFigure } from "../../charts/server.ts";
import type { TokenTable } from "../../core/index.ts";
import { emptyTable } from "../../core/index.ts";
import {
  clusters,
  escapeMarkup,
  formatBits,
  formatCount,
  formatNumber,
  formatPlural,
  formatProbability,
  isLineBreak,
  shorten,
  visible,
  visibleCluster,
  visibleToken,
} from "../../text/index.ts";
import { htmlDetails, htmlPage, htmlSection, oneLine } from "../page/skeleton.ts";
import { type Piece, piecesOf, SHADES, shadeLabel, shadeOf, splitSpaces } from "../score/index.ts";
import { SCORE_STYLE } from "../score-page/style.ts";
import { CONFIDENCE_SCRIPT, CONFIDENCE_STYLE } from "./style.ts";
import {
  type AnswerToken,
  type ConfidenceAnswer,
  type ConfidenceView,
  FAMILY_NAMES,
  type MethodEstimate,
  type MethodRanking,
} from "./view.ts";

/** More are not on the page, which says so: a browser has to hold it. */
const MOST_ANSWERS = 500;
const LONGEST_TITLE = 120;

/**
 * One HTML page (see `htmlPage`): how well methods tell right from wrong where labels are known, and each answer with its tokens
 * coloured by surprisal, its table of methods, and the samples by what they say. Tokens are reached by the Tab and arrow keys.
 */
export function confidencePage(view: ConfidenceView): string {
  const { title, model, answers, ranking, details, notes } = view;
  const shown = answers.slice(0, MOST_ANSWERS);
  const labelled = answers.filter(({ correct }) => correct !== null);
  const right = labelled.filter(({ correct }) => correct).length;
  const left = answers.length - shown.length;
  const lead = [
    `${formatPlural(answers.length, "answer")}${model === null ? ", no model was run" : ` with ${visible(model)}`}.`,
    ...(labelled.length > 0
      ? [`${formatCount(right)} of ${formatCount(labelled.length)} with a label are right.`]
      : []),
    ...(left > 0 ? [`The first ${formatCount(MOST_ANSWERS)} are shown.`] : []),
    "A higher uncertainty is more uncertain; units differ from method to method, and no number is a calibrated probability.",
  ].join(" ");
  return htmlPage({
    title: `Confidence of ${title}`,
    lead: oneLine(lead),
    main: [
      ...(ranking === null || ranking.length === 0 ? [] : [rankingSection(ranking)]),
      legend(),
      ...shown.map(answerSection),
      htmlSection(
        "h-made",
        "How this was made",
        htmlDetails([...details, ...notes.map((note): [string, string] => ["note", note])]),
      ),
    ].join("\n"),
    style: SCORE_STYLE + CONFIDENCE_STYLE,
    script: { code: CONFIDENCE_SCRIPT, data: null },
  });
}

function rankingSection(ranking: readonly MethodRanking[]): string {
  const chart = rankingChart(
    ranking.flatMap(({ name, auroc, n }) =>
      auroc.value === null ? [] : [{ name, auroc: auroc.value, low: auroc.low, high: auroc.high, n }],
    ),
  );
  return htmlSection("h-ranking", escapeMarkup(chart.title), renderFigure(chart, { number: 1 }));
}

function legend(): string {
  const shades = Array.from(
    { length: SHADES },
    (_, shade) => `<li><i class="s${shade}"></i>${shadeLabel(shade)}</li>`,
  );
  return `<ul class="legend" aria-label="Colours of tokens: surprisal in bits"><li>surprisal in bits</li>${shades.join("")}<li><i class="sn"></i>no number</li></ul>
<p class="soft hint">Tab into an answer and use the arrow keys to see what the model thought of each token.</p>`;
}

function answerSection(answer: ConfidenceAnswer, i: number): string {
  const { id, question, correct, notes } = answer;
  // Its number first: headings of one page are not the same.
  const heading = [`${formatCount(i + 1)}`, id === null ? "" : String(id), question ?? ""]
    .filter((part) => part !== "")
    .join(" · ");
  const asked = question !== null && question.length > LONGEST_TITLE / 2;
  const content = [
    asked ? `<p class="asked" dir="auto">${textAsHtml(question)}</p>` : "",
    answerText(answer, i),
    `<p class="soft">${oneLine(factsOf(answer).join(" · "))}${correct === null ? "" : ` · <strong class="${correct ? "right" : "wrong"}">${correct ? "right" : "wrong"}</strong>`}</p>`,
    ...notes.map((note) => `<p class="soft">Note: ${oneLine(note)}</p>`),
    methodTable(answer, i),
    samplesOf(answer),
  ];
  return htmlSection(
    `h-${i}`,
    escapeMarkup(shorten(visible(heading.replaceAll(/\s+/g, " ")), LONGEST_TITLE)),
    content.join("\n"),
  );
}

function factsOf({ answerFrom, numbersFrom, tokens, samples, clusters: groups }: ConfidenceAnswer): string[] {
  return [
    answerFrom === "first sample" ? "the first sample" : answerFrom,
    numbersFrom === null
      ? "no numbers of tokens"
      : `${formatPlural(tokens.length, "token")}, numbers ${numbersFrom}`,
    ...(samples.length > 0
      ? [`${formatPlural(samples.length, "sample")} saying ${formatPlural(groups.length, "different thing")}`]
      : []),
  ];
}

/** The answer's tokens as pieces that cut no character; `null` where they are not its text. */
function coloured({ answer, tokens }: ConfidenceAnswer): { pieces: Piece[]; own: AnswerToken[] } | null {
  const own = tokens.filter(({ part = "answer" }) => part === "answer");
  if (own.length === 0) return null;
  const bytes = own.map(({ bytes, text }) =>
    bytes ? Uint8Array.from(bytes) : new TextEncoder().encode(text),
  );
  const text = Buffer.concat(bytes);
  if (new TextDecoder("utf-8", { ignoreBOM: true }).decode(text) !== answer) return null;
  const offsets = new Uint32Array(own.length + 1);
  for (const [i, piece] of bytes.entries()) offsets[i + 1] = offsets[i]! + piece.length;
  const table: TokenTable = emptyTable(new Int32Array(own.length), offsets, 0);
  for (const [i, { logprob }] of own.entries()) table.logprobs[i] = logprob ?? Number.NaN;
  return { pieces: piecesOf({ text, table }).filter((piece) => piece.text !== ""), own };
}

function answerText(answer: ConfidenceAnswer, i: number): string {
  const found = coloured(answer);
  if (found === null) return `<p class="answer" dir="auto">${textAsHtml(answer.answer)}</p>`;
  const { pieces, own } = found;
  const spans = pieces.map((piece) => {
    const [spaces, rest] = splitSpaces(piece.text);
    const said = saidOf(piece, own);
    return `${spaces}<span class="s${shadeOf(piece.bits) ?? "n"}" title="${said}">${textAsHtml(rest)}</span>`;
  });
  return `<div class="answer" role="group" aria-label="Answer ${i + 1}, token by token" translate="no" dir="auto">${spans.join("")}</div>
<p class="token-line soft" role="status"></p>`;
}

/** "3.2 bits, 11%. Likely were: Paris 61%, Lyon 20%", as an attribute's value. */
function saidOf({ bits, first, end }: Piece, tokens: readonly AnswerToken[]): string {
  if (bits === null) return "no number";
  const { alternatives = [] } = end - first === 1 ? tokens[first]! : {};
  const likely = alternatives.map(
    ({ text, logprob }) =>
      `${visibleToken(new TextEncoder().encode(text))} ${formatProbability(logprob === null ? null : Math.exp(logprob))}`,
  );
  const own = `${formatBits(bits)} bits, ${formatProbability(2 ** -bits)}`;
  return oneLine(likely.length > 0 ? `${own}. Likely were: ${likely.join(", ")}` : own);
}

/** Any text with its line breaks and tabs, as HTML. */
function textAsHtml(text: string): string {
  let shown = "";
  for (const cluster of clusters(text))
    shown += isLineBreak(cluster) ? "\n" : cluster === "\t" ? cluster : escapeMarkup(visibleCluster(cluster));
  return shown;
}

function methodTable({ estimates }: ConfidenceAnswer, i: number): string {
  const families = [...new Set(estimates.map(({ family }) => family))];
  const body = families.map((family) => {
    const own = estimates.filter((each) => each.family === family);
    const rows = [...own.filter(says).map(methodRow), ...silentRows(own.filter((each) => !says(each)))];
    return `<tbody><tr><th colspan="5" scope="rowgroup" class="family">${FAMILY_NAMES[family]}</th></tr>${rows.join("\n")}</tbody>`;
  });
  return `<div class="scroll" role="region" aria-label="Methods of answer ${i + 1}" tabindex="0">
<table class="top methods">
<thead><tr><th scope="col">method</th><th scope="col" class="figure">uncertainty</th><th scope="col" class="figure">confidence</th><th scope="col">variant</th><th scope="col">price</th></tr></thead>
${body.join("\n")}
</table>
</div>`;
}

/** Whether there is something to see: a number, an interval, or what the model replied. */
const says = ({ uncertainty, interval, replies = [] }: MethodEstimate): boolean =>
  uncertainty !== null || interval !== undefined || replies.length > 0;

/** Methods without a number, a row for each reason. */
function silentRows(estimates: readonly MethodEstimate[]): string[] {
  const byReason = new Map<string, string[]>();
  for (const { name, reason = "" } of estimates)
    byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  return [...byReason].map(
    ([reason, names]) =>
      `<tr><td colspan="5" class="soft">– ${oneLine(names.join(", "))}<br><small>${oneLine(reason)}</small></td></tr>`,
  );
}

function methodRow({
  name,
  variant,
  uncertainty,
  interval,
  confidence = null,
  reason,
  price,
  replies,
}: MethodEstimate): string {
  const number =
    uncertainty !== null || !interval
      ? formatNumber(uncertainty)
      : `${formatNumber(interval.low, 3)} to ${interval.high === null ? "?" : formatNumber(interval.high, 3)}`;
  const bar =
    confidence === null
      ? "–"
      : `${confidence.toFixed(2)} <svg class="share" aria-hidden="true"><rect height="100%" width="${(100 * Math.min(1, Math.max(0, confidence))).toFixed(0)}%"/></svg>`;
  const said = (replies ?? []).filter((reply) => reply !== "").map((reply) => `“${reply.trim()}”`);
  const more = [
    ...(reason === undefined ? [] : [reason]),
    ...(said.length > 0 ? [`It said: ${said.join(" ")}`] : []),
  ];
  const small = more.length > 0 ? `<br><small class="soft">${oneLine(more.join(" "))}</small>` : "";
  return `<tr><th scope="row">${oneLine(name)}</th><td class="figure">${number}</td><td class="figure">${bar}</td><td>${oneLine(variant)}${small}</td><td>${priceOf(price)}</td></tr>`;
}

function priceOf({ samples, calls, tokensWritten }: MethodEstimate["price"]): string {
  if (calls > 0)
    return `${formatPlural(calls, "call")}${tokensWritten ? `, ${formatPlural(tokensWritten, "token")}` : ""}`;
  return samples > 0 ? `shares ${formatPlural(samples, "sample")}` : "–";
}

function samplesOf({ samples, clusters: groups }: ConfidenceAnswer): string {
  if (samples.length === 0) return "";
  const items = groups.map((group) => {
    const texts = group.map((each) => {
      const { text, logprob = null } = samples[each]!;
      const number = logprob === null ? "" : ` <small class="soft">ln p ${formatNumber(logprob, 3)}</small>`;
      return `<li><bdi class="sample">${textAsHtml(text)}</bdi>${number}</li>`;
    });
    return `<li>${formatPlural(group.length, "sample")}<ul>${texts.join("")}</ul></li>`;
  });
  return `<details><summary>${formatPlural(samples.length, "sample")}, by what they say</summary><ol class="clusters">${items.join("\n")}</ol></details>`;
}
