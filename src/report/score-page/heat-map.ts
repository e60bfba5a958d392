/** A text with its bits as colour, for the pages that show one; script.ts explains its pieces. */
import {
  clusters,
  escapeMarkup,
  formatBits,
  formatProbability,
  isLineBreak,
  visibleCluster,
} from "../../text/index.ts";
import { htmlSection } from "../page/skeleton.ts";
import {
  expectedAt,
  labelsOf,
  type Piece,
  rankClassOf,
  rankSwitch,
  type ScoreView,
  SHADES,
  type SurprisingToken,
  shadeLabel,
  shadeOf,
  splitSpaces,
  tokenBits,
} from "../score/index.ts";

/** The section, and its legend. @param heading markup. */
export function heatMap(
  view: Pick<ScoreView, "scored" | "tokens"> & { table?: { ranks: ArrayLike<number> } },
  pieces: readonly Piece[],
  surprising: readonly SurprisingToken[],
  heading = "Where the surprise lies",
): string {
  const linked = new Map(surprising.map(({ index, piece }) => [piece, index]));
  const shades = Array.from(
    { length: SHADES },
    (_, shade) => `<li><i class="s${shade}"></i>${shadeLabel(shade)}</li>`,
  );
  const missing = view.scored < view.tokens ? '<li><i class="sn"></i>no number</li>' : "";
  const ranks = view.table && Array.from(view.table.ranks).some((rank) => rank > 0) ? view.table.ranks : null;
  const content = `${ranks ? rankSwitch(ranks) : ""}<ul class="legend" aria-label="Colours: surprisal in bits"><li>surprisal in bits</li>${shades.join("")}${missing}</ul>
<div class="reading">
<div id="text" role="group" aria-labelledby="h-text" aria-describedby="hint" translate="no" dir="auto">${pieces.map((piece, i) => span(piece, linked.get(i), ranks)).join("")}</div>
<div class="detail" id="detail" role="region" aria-label="The token in question" tabindex="0" hidden></div>
</div>
<p class="soft hint" id="hint">Point at a token, or tab into the text and use the arrow keys, to see what the model expected there.</p>
<noscript><p class="soft">Scripts are off: the most surprising tokens are explained in the table.</p></noscript>
<div class="spoken" id="spoken" role="status"></div>`;
  return htmlSection("h-text", heading, content);
}

function span(piece: Piece, linked: number | undefined, ranks: ArrayLike<number> | null): string {
  const { text, bits } = piece;
  const rank = ranks ? ` data-r="${rankClassOf(piece, ranks) ?? "n"}"` : "";
  const shade = shadeOf(bits);
  const id = linked === undefined ? "" : ` id="t${linked}"`;
  const title = bits === null ? "no number" : `${formatBits(bits)} bits`;
  const [spaces, rest] = splitSpaces(text);
  return `${spaces}<span class="s${shade ?? "n"}"${id}${rank} title="${title}">${textAsHtml(rest)}</span>`;
}

/** The text with its line breaks and tabs; the marks of the breaks are drawn by the style sheet, not copied. */
function textAsHtml(text: string): string {
  let shown = "";
  for (const cluster of clusters(text)) {
    if (isLineBreak(cluster)) shown += "<i></i>\n";
    else shown += cluster === "\t" ? cluster : escapeMarkup(visibleCluster(cluster));
  }
  return shown;
}

/** What the script looks up, in columns. Texts are safe to show; numbers are written as people read them. */
export function dataOf(
  view: Pick<ScoreView, "table" | "pieces">,
  pieces: readonly Piece[],
  surprising: readonly SurprisingToken[],
): object {
  const { table } = view;
  const labels: Record<number, string> = {};
  const label = labelsOf(view);
  const expected = Array.from({ length: table.length }, (_, i) => expectedAt(view, i, label));
  for (const id of [...table.ids, ...expected.flat().map(({ id }) => id)]) labels[id] = label(id);
  const k = table.alternatives?.k ?? 0;
  const column = <T>(value: (i: number) => T): T[] =>
    Array.from({ length: table.length }, (_, i) => value(i));
  const padded = <T>(row: readonly T[], none: T): T[] => Array.from({ length: k }, (_, j) => row[j] ?? none);
  return {
    k,
    /** Piece that is explained first. */
    start: surprising[0]?.piece ?? 0,
    /** Tokens of the pieces: first and end of each; null = one token each. */
    ranges: pieces.every(({ first, end }, i) => first === i && end === i + 1)
      ? null
      : pieces.flatMap(({ first, end }) => [first, end]),
    bits: pieces.map(({ bits }) => formatBits(bits)),
    labels,
    ids: [...table.ids],
    ranks: [...table.ranks],
    entropies: column((i) =>
      Number.isNaN(table.entropies[i]!) ? null : formatBits(table.entropies[i]! / Math.LN2),
    ),
    /** Probability of the token itself; null = no number. */
    own: column((i) => {
      const bits = tokenBits(table.logprobs, i);
      return bits === null ? null : formatProbability(2 ** -bits);
    }),
    alternatives: expected.flatMap((row) =>
      padded(
        row.map(({ id }) => id),
        -1,
      ),
    ),
    probabilities: expected.flatMap((row) =>
      padded(
        row.map(({ probability }) => formatProbability(probability)),
        "",
      ),
    ),
  };
}
