/**
 * The second view of the heat-map: the rank of each token among all that the model had to choose from, in the classes of GLTR.
 * Source: Gehrmann, Strobelt & Rush 2019, "GLTR: Statistical Detection and Visualization of Generated Text". Two radio buttons
 * and the style sheet switch between the views: no script. A class differs in its underline too, not only in its colour.
 */
import { formatCount } from "../../text/index.ts";
import type { Piece } from "./pieces.ts";

const CLASSES = ["top 10", "top 100", "top 1,000", "beyond"] as const;

/** 0 ... 3; `null` without a rank. */
export function rankClass(rank: number): number | null {
  if (!(rank > 0)) return null;
  return rank <= 10 ? 0 : rank <= 100 ? 1 : rank <= 1000 ? 2 : 3;
}

/** Of a piece of several tokens the class of its worst rank; `null` where one of them has none. */
export function rankClassOf({ first, end }: Piece, ranks: ArrayLike<number>): number | null {
  let worst: number | null = null;
  for (let token = first; token < end; token++) {
    const found = rankClass(ranks[token] ?? 0);
    if (found === null) return null;
    worst = Math.max(worst ?? 0, found);
  }
  return worst;
}

/** The two buttons, which stand before what they switch, and the legend with tokens counted. */
export function rankSwitch(ranks: ArrayLike<number>): string {
  const counts = [0, 0, 0, 0];
  let missing = 0;
  for (let token = 0; token < ranks.length; token++) {
    const found = rankClass(ranks[token]!);
    if (found === null) missing++;
    else counts[found]!++;
  }
  const button = (id: string, label: string, checked: string) =>
    `<input type="radio" name="view" id="${id}"${checked}><label for="${id}">${label}</label>`;
  const entries = CLASSES.map(
    (name, i) => `<li><i data-r="${i}"></i>${name}: ${formatCount(counts[i]!)}</li>`,
  );
  const none = missing > 0 ? `<li><i data-r="n"></i>no rank: ${formatCount(missing)}</li>` : "";
  return `${button("by-bits", "surprisal", " checked")}${button("by-rank", "rank", "")}
<ul class="legend ranks" aria-label="Colours: rank of the token, with the number of tokens"><li>rank of the token</li>${entries.join("")}${none}</ul>`;
}

const COLOURS = ["#b5e5bd", "#f7e37c", "#f5a3a0", "#cdb2f2"] as const;
const LINES = ["none", "underline dotted 2px", "underline dashed 2px", "underline double 2px"] as const;
const ON = "#by-rank:checked~";

export const RANK_STYLE: string = `
input[name=view]{accent-color:var(--focus);margin-inline:0 .35rem}input[name=view]+label{margin-inline-end:1rem}
.legend.ranks,${ON}.legend:not(.ranks){display:none}${ON}.legend.ranks{display:flex;margin-block-start:.6rem}
#by-bits~.legend{margin-block-start:.6rem}
${ON}.reading #text span{background:none;color:inherit;text-decoration:none;border-block-end:none}
${ON}.reading #text [data-r=n],.ranks [data-r=n]{border-block-end:2px dotted var(--quiet)}
${COLOURS.map((colour, i) => `${ON}.reading #text [data-r="${i}"],.ranks [data-r="${i}"]{background:${colour};color:#111;text-decoration:${LINES[i]}}`).join("\n")}
.ranks i[data-r="1"]{border-block-end:2px dotted #111}.ranks i[data-r="2"]{border-block-end:2px dashed #111}.ranks i[data-r="3"]{border-block-end:4px double #111}
@media (forced-colors:active){.ranks i{border-color:CanvasText}}
`;
