/** A run carried out before a person: its progress, its notes, and what is kept when it is interrupted. */
import { setMaxListeners } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SurprisalError } from "../core/index.ts";
import {
  type EvaluateOptions,
  evaluate,
  openCorpora,
  queueExecutor,
  type Run,
  type RunRequest,
  readTask,
  resumeEvaluation,
} from "../evaluate/index.ts";
import { onInterrupt } from "../files/index.ts";
import type { ServerOptions } from "../models/index.ts";
import { visible } from "../text/index.ts";
import { printEvent } from "./json.ts";
import { reportModel } from "./model-progress.ts";
import { evaluationProgress, startLine, taskProgress } from "./render/index.ts";

export interface Evaluation {
  request: RunRequest;
  folder: string;
  /** The folder was named by a person. A new run without it is kept where it is free: the name, or with -2, -3, ... */
  run?: string | undefined;
  /** The run is one that was broken off. */
  resume?: string | undefined;
  /** Score again what is damaged of it. */
  repair?: boolean | undefined;
  engines?: number | undefined;
  concurrency?: number | undefined;
  /** Address of the Redis whose workers do it. */
  queue?: string | undefined;
  /** How servers are asked; of a run that is gone on with too, for it changes no number. */
  server: ServerOptions;
  acceptTerms: boolean;
  json: boolean;
  quiet: boolean;
}

/** @returns the run, and where it is kept. */
export async function carryOut(evaluation: Evaluation): Promise<{ run: Run; folder: string }> {
  const { request, json, queue } = evaluation;
  let { folder } = evaluation;
  const reporter = reportModel(evaluation);
  const line = startLine({});
  const say = (note: string) => {
    line.end();
    if (json) printEvent({ type: "note", note });
    else process.stderr.write(`${visible(note)}\n`);
  };
  const interruption = new AbortController();
  setMaxListeners(0, interruption.signal); // each engine listens
  const stopWatching = onInterrupt(() => {
    line.end();
    interruption.abort(); // a run in which nothing has begun leaves nothing
    process.stderr.write(
      existsSync(join(folder, "run.json"))
        ? `Interrupted. Go on with: surprisal eval --resume ${visible(folder)}\n`
        : "Interrupted before anything was scored: nothing is kept.\n",
    );
  });
  const inLine: Handlers = {
    onProgress: (progress) => line.show(() => evaluationProgress(progress)),
    onItem: (progress) => line.show(() => taskProgress(progress)),
  };
  try {
    const { fewShot, recipe, load, form } = request;
    const { maxDocumentBytes } = request.reading;
    const reading = {
      form,
      maxRowBytes: typeof maxDocumentBytes === "number" ? maxDocumentBytes : undefined,
    };
    const options: EvaluateOptions = {
      models: request.models,
      corpora: await openCorpora(request.corpora, {
        ...reporter.options,
        ...request.reading,
        onNote: say,
        signal: interruption.signal,
        recipe: typeof recipe === "string" ? recipe : undefined,
      }),
      tasks: await Promise.all(request.tasks.map((file) => readTask(file, reading))),
      fewShot: fewShot && { ...fewShot, examples: await readTask(fewShot.examples, reading) },
      chat: request.chat,
      recipe,
      ...request.overrides,
      request,
      tokens: request.tokens,
      limit: request.limit ?? undefined,
      signal: interruption.signal,
      load: { ...load, ...reporter.options, server: evaluation.server },
      engines: evaluation.engines,
      concurrency: evaluation.concurrency,
      executor: queue === undefined ? undefined : workersBehind(queue, request, say),
      ...(json ? asEvents() : evaluation.quiet ? {} : inLine),
    };
    if (evaluation.resume !== undefined)
      return { run: await resumeEvaluation({ ...options, folder, repair: evaluation.repair }), folder };
    for (let next = 2; ; next++)
      try {
        return { run: await evaluate({ ...options, folder }), folder };
      } catch (error) {
        if (evaluation.run !== undefined || !isTaken(error)) throw error;
        folder = `${evaluation.folder}-${next}`;
      }
  } finally {
    stopWatching();
    line.end();
    reporter.end();
  }
}

/** Whether another run is in the folder: one that began in the same second has the same name. */
function isTaken(error: unknown): boolean {
  return SurprisalError.isInstance(error) && (error.code === "RUN_EXISTS" || error.code === "RUN_LOCKED");
}

/** Workers behind a queue in place of this process. */
function workersBehind(
  url: string,
  { load }: RunRequest,
  onMessage: (message: string) => void,
): EvaluateOptions["executor"] {
  return (model, reference) => queueExecutor(url, { model, reference, load, onMessage });
}

type Handlers = Pick<EvaluateOptions, "onProgress" | "onDocument" | "onItem">;

/** Least time between two events of progress, milliseconds. */
const EVENT_INTERVAL = 500;

function asEvents(): Handlers {
  let last = Number.NEGATIVE_INFINITY;
  return {
    onProgress(progress) {
      if (performance.now() - last < EVENT_INTERVAL) return;
      last = performance.now();
      printEvent({ ...progress, type: "progress" });
    },
    onItem: (progress) => printEvent({ ...progress, type: "item" }),
    onDocument(entry) {
      const { log, ...document } = entry;
      printEvent(document);
    },
  };
}
