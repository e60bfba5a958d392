/** A chain as a list of its steps: what each is worth as a bar, what became of it, and why. */
import { formatPlural } from "../../text/index.ts";
import { textAsHtml } from "../detect-page/lift.ts";
import { oneLine } from "../page/skeleton.ts";
import { type BarScale, barAt, type ShownStep, scaleOf } from "../refine/steps.ts";
import { signedNats } from "../refine/words.ts";

/** A longer text stands behind a summary, characters. */
const LONGEST_OPEN = 1500;
/** So much of it is its summary. */
const OPENING = 160;
/** Code, tables: what is read by its columns. */
const IN_COLUMNS = /^\s*(?:```|~~~|\|.*\|)/m;

/** @param label of the list, any text; two of one page need different ones. */
export function chainList(steps: readonly ShownStep[], label: string): string {
  const scale = scaleOf(steps.map(({ importance }) => importance));
  const items = steps.map((step) => stepItem(step, scale));
  return `<ol class="chain" aria-label="${oneLine(label)}">\n${items.join("\n")}\n</ol>`;
}

function stepItem(
  { text, now, fate, importance, tokens, fateText, why }: ShownStep,
  scale: BarScale,
): string {
  const isCut = fate !== "kept";
  const isChanged = now !== null && now !== text;
  const old = isCut || isChanged ? `<del>${stepText(text)}</del>` : stepText(text);
  const said = isChanged ? `${old}<ins>${stepText(now)}</ins>` : old;
  const size = tokens === null ? "" : ` <small class="soft">${formatPlural(tokens, "token")}</small>`;
  // The badge says the first word.
  const more = fateText.replace(/^(?:removed|merged:?|kept,?)\s*/, "");
  const reason = why === "" ? "" : ` <span class="soft">${oneLine(why)}</span>`;
  return `<li class="${fate}${isChanged ? " changed" : ""}"><div class="step"><div class="said" dir="auto" translate="no">${said}</div>
<div class="weight">${weighBar(importance, scale)}<span class="figure">${signedNats(importance)}${importance === null ? "" : " nats"}</span>${size}</div>
<p class="fate"><strong class="badge">${fate === "kept" ? "kept" : fate === "removed" ? "removed" : "merged"}</strong> ${more === "" ? "" : `<span>${oneLine(more)}.</span>`}${reason}</p></div></li>`;
}

/** Any text of a step; code and tables by their columns, a long one behind its beginning. */
export function stepText(text: string): string {
  const kind = IN_COLUMNS.test(text) ? ` class="columns"` : "";
  const shown = `<span${kind}>${textAsHtml(text)}</span>`;
  if (text.length <= LONGEST_OPEN) return shown;
  const opening = oneLine(
    text
      .slice(0, OPENING)
      .replace(/[\ud800-\udbff]$/, "")
      .replaceAll(/\s+/g, " "),
  );
  return `<details><summary>${opening}… <small class="soft">(${formatPlural(text.length, "character")}: open for all)</small></summary>${shown}</details>`;
}

/** From 0 to the right where the chain needs the step, to the left where it is better without. */
function weighBar(value: number | null, scale: BarScale): string {
  const at = barAt(value, scale);
  if (at === null) return `<svg class="weigh none" aria-hidden="true"></svg>`;
  const percent = (share: number) => (100 * share).toFixed(1);
  const zero = -scale.low / (scale.high - scale.low);
  return `<svg class="weigh${value! < 0 ? " against" : ""}" aria-hidden="true"><rect class="bar" x="${percent(at[0])}%" y="15%" height="70%" width="${percent(at[1] - at[0])}%"/><rect class="zero" x="${percent(zero)}%" width="1" height="100%"/></svg>`;
}
