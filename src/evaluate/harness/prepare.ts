/** What is done before the long work: everything is read once, and every model opened. */
import { resolveRecipe, SurprisalError } from "../../core/index.ts";
import { type LlamaLoadOptions, resolve } from "../../models/index.ts";
import type { Corpus } from "../corpora/index.ts";
import type { Run, RunRequest } from "../runs/index.ts";
import { factsOf } from "../scoring/index.ts";
import { describeCorpus } from "./describe-corpus.ts";
import type { EvaluateOptions } from "./options.ts";
import { describeTask } from "./score-task.ts";

/** What there is to do. */
interface Described extends Pick<Run, "corpora" | "tasks"> {
  /** The corpora of which something can be read, in the order of `corpora`. */
  readable: Corpus[];
  /** What is said of the others. */
  notes: string[];
}

/** @throws SurprisalError INVALID_ARGUMENT, and what corpora and tasks throw. */
export async function describeAll(options: EvaluateOptions): Promise<Described> {
  const { corpora = [], tasks = [], models, fewShot = null, chat = null, limit, signal } = options;
  for (const [name, count] of Object.entries({
    models: models.length,
    corpora: corpora.length + tasks.length,
  }))
    if (count === 0)
      throw new SurprisalError({ code: "INVALID_ARGUMENT", what: `There are no ${name}`, where: name });
  const facts: Described = { corpora: [], tasks: [], readable: [], notes: [] };
  for (const corpus of corpora) {
    const described = await describeCorpus(corpus, limit ?? null, signal);
    if (described === null) facts.notes.push(leftOut(corpus));
    else {
      facts.corpora.push(described);
      facts.readable.push(corpus);
    }
  }
  if (facts.corpora.length + tasks.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "Nothing of the corpora can be read",
      where: corpora.map(({ source }) => source).join(", "),
      wayOut: facts.notes.join(" "),
    });
  for (const task of tasks)
    facts.tasks.push(await describeTask(task, { fewShot, chat }, limit ?? null, signal));
  return facts;
}

function leftOut({ name, unreadable }: Corpus): string {
  const [first] = unreadable?.()?.parts ?? [];
  return `${name} was left out, since nothing of it can be read: ${first?.reason ?? ""} (${first?.name ?? ""}).`;
}

/**
 * A name that is wrong is said now, not after the hours that the first model takes.
 * @returns the number of weights of each, as far as it is known: how long one takes beside another.
 */
export async function checkModels({
  models,
  recipe = "cached",
  ...options
}: EvaluateOptions): Promise<(number | null)[]> {
  const { load, context, stride, sinks, parseSpecial } = options;
  const parameters: (number | null)[] = [];
  for (const [i, source] of models.entries()) {
    const same = models.indexOf(source);
    if (typeof source !== "string") parameters.push(source.identity.parameters);
    else if (models.length === 1) parameters.push(null);
    else if (same < i) parameters.push(parameters[same] ?? null);
    else {
      await using model = await resolve(source, load);
      resolveRecipe(recipe, { context, stride, sinks, parseSpecial }, factsOf(model));
      parameters.push(model.identity.parameters);
    }
  }
  return parameters;
}

/** What run.json keeps of the options. */
export function requestOf({ models, recipe = "cached", limit, ...options }: EvaluateOptions): RunRequest {
  const {
    corpora = [],
    tasks = [],
    fewShot,
    chat,
    context,
    stride,
    sinks,
    parseSpecial,
    tokens = false,
    load = {},
    request,
  } = options;
  const { threads, device, batchSize, cacheType, kernels, exact, repack } = load as LlamaLoadOptions;
  const references = models.map((model) => (typeof model === "string" ? model : model.identity.source));
  return {
    corpora: corpora.map(({ source }) => source),
    reading: {},
    tasks: tasks.map(({ source }) => source),
    fewShot: fewShot
      ? { count: fewShot.count, examples: fewShot.examples.source, sampler: fewShot.sampler }
      : null,
    chat: chat ?? null,
    recipe,
    limit: limit ?? null,
    tokens,
    overrides: { context, stride, sinks, parseSpecial },
    load: { threads, device, batchSize, cacheType, kernels, exact, repack },
    ...request,
    models: (request?.models ?? references).map(withoutQuery),
  };
}

/** A server's address as it is kept: what stands behind ? is not sent to the server either, and may be a secret. */
function withoutQuery(reference: string): string {
  return reference.replace(/^(https?:[^?#]*)\?[^#]*/i, "$1");
}
