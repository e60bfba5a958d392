/** How the numbers of a run were made, in words. */
import { modelLabel, type Run, type RunTask } from "../../evaluate/runs/index.ts";
import { taskRecipe } from "../../evaluate/tasks/index.ts";
import { computedWith, kernelsNote } from "../../models/kernels.ts";
import { formatPlural } from "../../text/index.ts";
import { ERROR_METHODS } from "../measures.ts";

/** What the numbers are, one sentence each. */
export function methodOf(runs: readonly Run[]): string[] {
  const models = runs.flatMap((run) => run.models.filter((model) => model));
  const [first] = models;
  const notes = first ? models.flatMap((model) => kernelsNote(first, model) ?? []) : [];
  return [...runs.flatMap(methodOfRun), ...new Set(notes)];
}

function methodOfRun(run: Run): string[] {
  const methods = new Set(run.results.map(({ standardErrorMethod }) => ERROR_METHODS[standardErrorMethod]));
  const skipped = leftOut(run);
  return [
    `Run ${run.id}, ${run.created}, surprisal ${run.version}${run.status === "complete" ? "" : `: ${run.status}`}.`,
    ...run.models.flatMap(({ identity, recipe, settings }, i) => {
      const scored = run.results.some(({ modelIndex }) => modelIndex === i);
      const computed = computedWith(settings);
      const parts = [
        ...(scored ? [`recipe ${recipe.name ?? "own"} (${recipe.id})`] : []),
        ...(identity.sha256 ? [`sha256 ${identity.sha256.slice(0, 12)}`] : []),
        ...(computed ? [computed] : []),
      ];
      return `Model ${modelLabel(run, i)}${parts.length > 0 ? `: ${parts.join(", ")}` : ""}.`;
    }),
    ...[...methods].map((method) => `± is one standard error: ${method}.`),
    ...run.corpora.map(
      ({ name, sha256, rule }) =>
        `${name}: ${[rule.name, rule.chat, rule.finalLineBreak].filter(Boolean).join(", ")}, sha256 ${sha256.slice(0, 12)}.`,
    ),
    ...run.corpora.flatMap(({ name, unreadable }) =>
      unreadable && unreadable.count > 0 ? [leftOutAsUnreadable(name, unreadable)] : [],
    ),
    ...run.tasks.map(taskMethod),
    ...(run.tasks.length > 0 ? ["± of an accuracy is the sample standard error, as in lm-eval."] : []),
    ...(haveOtherTokens(run)
      ? ["The models cut the texts into other tokens: compare bits per byte, not perplexities per token."]
      : []),
    ...run.failures.map(({ reference, what }) => `${reference} failed: ${what}.`),
    ...(skipped > 0 ? [`Left out, too short to score: ${formatPlural(skipped, "document")}.`] : []),
    ...run.notes,
  ];
}

/** "news: left out as unreadable: 3, the first a.txt (The text is not valid UTF-8)." */
function leftOutAsUnreadable(
  name: string,
  { count, parts }: NonNullable<Run["corpora"][number]["unreadable"]>,
): string {
  const [first] = parts;
  return `${name}: left out as unreadable: ${formatPlural(count, "part")}${first ? `, the first ${first.name} (${first.reason})` : ""}.`;
}

/** Whether models of a run counted other numbers of tokens in the same texts: then their tokenizers differ. */
function haveOtherTokens({ results }: Run): boolean {
  return results.some(({ corpusIndex, documents, tokens }) =>
    results.some(
      (other) =>
        other.corpusIndex === corpusIndex && other.documents === documents && other.tokens !== tokens,
    ),
  );
}

/** How the questions of a task were asked. */
function taskMethod({ name, form, fewShot, sha256, delimiters, chat }: RunTask): string {
  const drawn = fewShot?.sampler ? ` (${fewShot.sampler})` : "";
  const shots = fewShot ? `${formatPlural(fewShot.count, "example")}${drawn}` : "no examples";
  const turns = fewShot ? (chat?.multiturn ? ", examples as turns" : ", all in one turn") : "";
  const parts = [
    taskRecipe(form.name, form.source),
    shots,
    ...(chat ? [`in the chat template${turns}`] : []),
    ...(delimiters ? [`between context and choice ${delimiters.map(delimiterInWords).join(" or ")}`] : []),
    `sha256 ${sha256.slice(0, 12)}`,
  ];
  return `${name}: ${parts.join(", ")}.`;
}

function delimiterInWords(delimiter: string): string {
  if (delimiter === "") return "nothing";
  return delimiter === " " ? "a space" : JSON.stringify(delimiter);
}

/** Documents that hold nothing to score, each once: of a corpus, as many as of the model that leaves out most. */
function leftOut({ corpora, results }: Run): number {
  const most = corpora.map(() => 0);
  for (const { corpusIndex, skipped } of results) most[corpusIndex] = Math.max(most[corpusIndex]!, skipped);
  return most.reduce((sum, skipped) => sum + skipped, 0);
}
