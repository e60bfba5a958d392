/** What screen and page show of entropies. */
import { type LabView, showLab } from "./lab.ts";
import {
  type ContextView,
  type ConvergeView,
  type CrossView,
  type NextView,
  showContext,
  showConvergence,
  showCross,
  showNext,
} from "./models.ts";
import type { EntropyShown } from "./shown.ts";

export type { ModelRate } from "./lab.ts";
export { nextEntropyText, nextTokenText } from "./models.ts";
export { type EntropyPart, type EntropyShown, toBits } from "./shown.ts";

/** One of the measurements of `surprisal entropy`, with the names of what was measured. */
export type EntropyView = LabView | NextView | ConvergeView | ContextView | CrossView;

/** Its sentences and tables. */
export function showEntropy(view: EntropyView): EntropyShown {
  switch (view.kind) {
    case "lab":
      return showLab(view);
    case "next":
      return showNext(view);
    case "converge":
      return showConvergence(view);
    case "context":
      return showContext(view);
    case "cross":
      return showCross(view);
  }
}
