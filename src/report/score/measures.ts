/** The measures of a score as its screen and its page list them. */
import {
  readMeasures,
  TEXT_MEASURES,
  type TextMeasure,
  type TextValues,
} from "../../evaluate/scoring/index.ts";
import { formatProbability } from "../../text/index.ts";
import { formatMeasure } from "../measures.ts";
import type { ScoreView } from "./view.ts";

/** A measure and the text of its number. */
export interface ShownMeasure extends Pick<TextMeasure, "beside" | "onPageOnly"> {
  key: keyof TextValues;
  name: string;
  value: string;
}

/** The number at the top, and the tokens, which have a line of their own. */
const ELSEWHERE: readonly string[] = ["perplexity", "scored"] satisfies (keyof TextValues)[];

export function shownMeasures(view: ScoreView): ShownMeasure[] {
  const values = { ...view, ...readMeasures<TextValues, ScoreView>(TEXT_MEASURES, view) };
  return (Object.keys(TEXT_MEASURES) as (keyof TextValues)[]).flatMap((key) => {
    const measure = TEXT_MEASURES[key];
    const { heading, name = heading, unit, beside, onPageOnly } = measure;
    if (name === undefined || ELSEWHERE.includes(key)) return [];
    const value = unit === "share" ? formatProbability(values[key]) : formatMeasure(key, measure, values);
    return [{ key, name, value, beside, onPageOnly }];
  });
}
