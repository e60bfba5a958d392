/** How far an evaluation has come, in one line. */
import type { EvaluateProgress, TaskProgress } from "../../evaluate/index.ts";
import { formatCount, formatDuration, formatNumber, formatRate, visible } from "../../text/index.ts";

export function evaluationProgress(progress: EvaluateProgress): string {
  const { model, corpus, documents, totalDocuments, bytes, totalBytes, perplexity } = progress;
  const { tokensPerSecond, modelRemainingMs, remainingMs } = progress;
  const isLast = progress.modelIndex === progress.models - 1;
  const of = (index: number, count: number) => (count > 1 ? ` (${index + 1} of ${count})` : "");
  return [
    `${visible(model)}${of(progress.modelIndex, progress.models)}, ${visible(corpus)}${of(progress.corpusIndex, progress.corpora)}`,
    `${Math.floor((100 * bytes) / Math.max(1, totalBytes))}%`,
    ...(totalDocuments > 1 ? [`${formatCount(documents)} of ${formatCount(totalDocuments)} documents`] : []),
    ...(tokensPerSecond === null ? [] : [formatRate(tokensPerSecond, "tokens")]),
    ...(perplexity === null ? [] : [`perplexity ${formatNumber(perplexity)}`]),
    ...(modelRemainingMs === null
      ? []
      : [`${formatDuration(modelRemainingMs)} left${isLast ? "" : " of this model"}`]),
    ...(isLast || remainingMs === null ? [] : [`about ${formatDuration(remainingMs)} in all`]),
  ].join("  ");
}

export function taskProgress({ task, items, totalItems }: TaskProgress): string {
  return `${visible(task)}  ${formatCount(items)} of ${formatCount(totalItems)} questions`;
}
