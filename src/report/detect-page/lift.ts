/** What documents explain of an answer: token by token as heat, by sentence and by document as bars. */
import {
  clusters,
  escapeMarkup,
  formatBits,
  formatPlural,
  isLineBreak,
  shorten,
  visible,
  visibleCluster,
} from "../../text/index.ts";
import { LIFT_LEVELS, liftLevel, liftLevelLabel, readShare, signedBits } from "../detect/levels.ts";
import { markedPieces } from "../detect/marked.ts";
import type { DetectedAnswer, LiftToken } from "../detect/view.ts";
import { oneLine } from "../page/skeleton.ts";
import { splitSpaces } from "../score/index.ts";

const LONGEST_SENTENCE = 160;

/** Whether the answer was held against documents with a model. */
export const hasLift = ({ tokens }: DetectedAnswer): boolean => tokens.some(({ lift }) => lift !== null);

/** The answer, each token coloured by its lift. */
export function liftHeat({ answer, tokens }: DetectedAnswer, i: number): string {
  const spans = markedPieces(answer, tokens).map(({ text, mark }) => {
    if (mark === null) return textAsHtml(text);
    const [spaces, rest] = splitSpaces(text);
    const token = tokens[mark]!;
    const level = liftLevel(token.lift);
    return `${spaces}<span class="${level === null ? "sn" : `l${level}`}" title="${oneLine(saidOf(token))}">${textAsHtml(rest)}</span>`;
  });
  const legend = LIFT_LEVELS.map((level) => `<li><i class="l${level}"></i>${liftLevelLabel(level)}</li>`);
  return `<h3 id="lift-${i}">What the documents explain</h3>
<ul class="legend" aria-label="Colours of tokens: lift in bits"><li>lift in bits</li>${legend.join("")}</ul>
<div class="answer heat" role="group" aria-labelledby="lift-${i}" translate="no" dir="auto">${spans.join("")}</div>
<p class="token-line soft" role="status"></p>`;
}

/** "lift +6.1 bits: 8.3 bits without documents, 2.2 with". */
function saidOf({ lift, surprisal }: LiftToken): string {
  if (lift === null) return "no number";
  const change = `lift ${signedBits(lift)} bits`;
  if (surprisal === null) return change;
  const [without, within] = [surprisal, surprisal - lift].map((nats) =>
    formatBits(Math.max(0, nats) / Math.LN2),
  );
  return `${change}: ${without} bits without documents, ${within} with`;
}

/** Sentences with their lift, and what of it is lost without each document. */
export function sentenceTable({ answer, sentences, documents }: DetectedAnswer, i: number): string {
  if (sentences.length === 0) return "";
  const most = Math.max(1e-9, ...sentences.map(({ lift }) => Math.abs(lift ?? 0)));
  const rows = sentences.map(({ start, end, lift, tokens, byDocument }) => {
    const best = bestOf(byDocument);
    const mean = lift === null || tokens === 0 ? "–" : signedBits(lift / tokens);
    return `<tr><td class="said"><bdi>${oneLine(shorten(visible(answer.slice(start, end).trim()), LONGEST_SENTENCE))}</bdi></td>\
<td class="figure">${lift === null ? "–" : signedBits(lift)} ${bar(lift, most)}</td><td class="figure">${mean}</td>\
<td>${best === null ? "–" : `<bdi>${oneLine(documents[best]?.name ?? "")}</bdi> <small class="soft">${signedBits(byDocument[best]!)}</small>`}</td></tr>`;
  });
  return `<div class="scroll" role="region" aria-label="Lift of the sentences of answer ${i + 1}" tabindex="0">
<table class="top">
<thead><tr><th scope="col">sentence</th><th scope="col" class="figure">lift, bits</th><th scope="col" class="figure">per token</th><th scope="col">rests on</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
</div>`;
}

/** The document whose loss costs most, where it costs anything. */
function bestOf(byDocument: readonly (number | null)[]): number | null {
  let best: number | null = null;
  for (const [k, value] of byDocument.entries())
    if (value !== null && value > 0 && (best === null || value > byDocument[best]!)) best = k;
  return best;
}

/** Documents with their support as bars, and what was not read of them. */
export function documentTable({ documents }: DetectedAnswer, i: number): string {
  if (documents.length === 0) return "";
  const most = Math.max(1e-9, ...documents.map(({ support }) => Math.abs(support ?? 0)));
  const withSupport = documents.some(({ support }) => support !== null);
  const rows = documents.map(({ name, support, read, note }) => {
    const small = note === undefined ? "" : `<br><small class="soft">${oneLine(note)}</small>`;
    return `<tr><th scope="row"><bdi>${oneLine(name)}</bdi></th>${
      withSupport
        ? `<td class="figure">${support === null ? "–" : signedBits(support)} ${bar(support, most)}</td>`
        : ""
    }<td>${readShare(read)}${small}</td></tr>`;
  });
  return `<h3>${formatPlural(documents.length, "document")}</h3>
<div class="scroll" role="region" aria-label="Documents of answer ${i + 1}" tabindex="0">
<table class="top documents">
<thead><tr><th scope="col">document</th>${withSupport ? `<th scope="col" class="figure">support, bits</th>` : ""}<th scope="col">read</th></tr></thead>
<tbody>${rows.join("\n")}</tbody>
</table>
</div>`;
}

/** Its length is the share of `most`; what speaks against is hatched by its class. */
export function bar(value: number | null, most: number): string {
  if (value === null) return "";
  const width = ((100 * Math.min(most, Math.abs(value))) / most).toFixed(0);
  return `<svg class="share${value < 0 ? " against" : ""}" aria-hidden="true"><rect height="100%" width="${width}%"/></svg>`;
}

/** Any text with its line breaks and tabs, as HTML. */
export function textAsHtml(text: string): string {
  let shown = "";
  for (const cluster of clusters(text))
    shown += isLineBreak(cluster) ? "\n" : cluster === "\t" ? cluster : escapeMarkup(visibleCluster(cluster));
  return shown;
}
