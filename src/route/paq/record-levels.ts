/**
 * What labels are made of: the surprisal of one and the same continuation of a prompt under every level. Levels are loaded one
 * after the other, highest first, so that memory for one is enough.
 */
import { existsSync } from "node:fs";
import { abortError, type ErrorCode, invalidArgument, SurprisalError } from "../../core/index.ts";
import { lockFile } from "../../files/index.ts";
import { kernelsOf, type LanguageModel, type Prompt } from "../../models/index.ts";
import type { PaqLevelFacts } from "../levels.ts";
import { idsOfPrompt } from "../prompt-ids.ts";
import { differenceOf } from "../recorder.ts";
import {
  RECORDS_SCHEMA,
  type RecordedAnswer,
  type RecordsHeader,
  type RouteRecord,
  readRecords,
  writeRecords,
} from "../records.ts";
import { writeAnswer } from "../written.ts";
import { type LevelScore, LevelScores, promptHash, type WrittenReference } from "./level-scores.ts";

/** A prompt that is to be labelled. */
export interface PaqPrompt {
  id: string;
  /** As a person wrote it, before a chat template. */
  question: string;
  /** What follows it; `null` = the highest level writes it. */
  reference: string | null;
  /** Domain. */
  kind?: string | undefined;
  group?: string | undefined;
}

/** How prompts are put to the models. */
export interface PaqAsking {
  /** "chat": a message of the user, in the model's template; "text": as it is. Default: a chat where the model has a template. */
  form?: "chat" | "text" | undefined;
  /**
   * Of texts: what stands between prompt and given reference where neither has white space there; it is scored as a part of the
   * reference. Default: a space.
   */
  delimiter?: string | undefined;
  /** Most tokens of a reference that the highest level writes, greedily. Default 64. */
  maxTokens?: number | undefined;
}

/** Options of `recordLevels`. */
export interface RecordLevelsOptions extends PaqAsking {
  /** File of records; scores are in FILE.unfinished until all are there. */
  file: string;
  /** Fewest bits first; at least two. */
  levels: readonly PaqLevelFacts[];
  /** Loads a level; it is freed before the next one is loaded. */
  open: (level: PaqLevelFacts) => Promise<LanguageModel>;
  prompts: readonly PaqPrompt[];
  /** Goes on with a file that is there. Default false: such a file is an error. */
  resume?: boolean | undefined;
  onProgress?: ((progress: LevelsProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** How far it has come. */
export interface LevelsProgress {
  /** "4-bit". */
  level: string;
  /** Scores done in this run, of so many that were missing: a prompt has one for each level. */
  done: number;
  missing: number;
}

/** Records of a ladder's levels. */
export interface RecordedLevels {
  header: RecordsHeader;
  /** In the order of the prompts, those that failed among them: they lack paths, and say why. */
  records: readonly RouteRecord[];
  /** Prompts of which a level has no score, and why. */
  failed: readonly { id: string; code: ErrorCode; what: string }[];
}

const MOST_TOKENS = 64;

/**
 * Scores the reference of every prompt under every level, into a file of records. After Ctrl-C, a crash or `kill -9` it goes on
 * (`resume`), and asks again what failed.
 * @throws SurprisalError INVALID_ARGUMENT; RUN_EXISTS where a file is there and is not gone on with; RUN_MISMATCH naming what is
 *   another: levels, options, prompts; RUN_LOCKED, ROUTER_INVALID, FILE_UNWRITABLE; what would fail for all prompts.
 */
export async function recordLevels(options: RecordLevelsOptions): Promise<RecordedLevels> {
  const { file, levels, prompts, resume = false, signal } = options;
  checkPrompts(prompts);
  if (levels.length < 2)
    throw invalidArgument("One level has nothing to be compared with", "levels", "Give two at least.");
  const release = lockFile(file);
  try {
    if (!resume && (existsSync(file) || LevelScores.has(file))) throw exists(file);
    const before = existsSync(file) ? await readRecords(file) : null;
    using work = new Work(options, before?.records ?? []);
    for (const level of levels.toReversed()) {
      if (signal?.aborted) throw abortError("Recording", signal);
      if (work.header !== null && work.missing(level).length === 0) continue;
      await using model = await options.open(level);
      work.begin(model, before?.header ?? null);
      await work.score(level, model);
    }
    return await work.finish();
  } finally {
    release();
  }
}

/** The scores of one recording: which are missing, and the records that they come to. */
class Work implements Disposable {
  header: RecordsHeader | null = null;
  readonly #options: RecordLevelsOptions;
  /** Whole records of before, by id. */
  readonly #kept: ReadonlyMap<string, RouteRecord>;
  readonly #hashes: ReadonlyMap<string, string>;
  readonly #top: string;
  #scores: LevelScores | null = null;
  #progress = { done: 0, missing: 0 };

  constructor(options: RecordLevelsOptions, before: readonly RouteRecord[]) {
    const { prompts, levels, file } = options;
    this.#options = options;
    this.#top = levels.at(-1)!.name;
    this.#kept = new Map(before.flatMap((record) => (record.failed ? [] : [[record.id, record]])));
    this.#hashes = new Map(
      prompts.map(({ id, question, reference }) => [id, promptHash(question, reference)]),
    );
    const byId = new Map(prompts.map((prompt) => [prompt.id, prompt]));
    for (const { id, question, paths } of before) {
      const now = byId.get(id);
      const reference = paths[this.#top]?.text;
      const isSame = reference === undefined || (now?.reference ?? reference) === reference;
      if (now?.question === question && isSame) continue;
      throw mismatch(
        now
          ? `Prompt "${id}" ${isSame ? "is another one" : "has another reference"} than in the file`
          : `The file has a prompt "${id}" that is not among those given`,
        file,
        "Give the same prompts (more may follow), or name another file.",
      );
    }
  }

  /** Once the first model is there: it says how prompts are put. */
  begin(model: LanguageModel, before: RecordsHeader | null): void {
    if (this.header !== null) return;
    const header = headerOf(this.#options, model);
    const different = before && differenceOf(before, header);
    if (different)
      throw mismatch(
        `The file's records are of another ${different}`,
        this.#options.file,
        "Give the same ladder and options as before, or name another file.",
      );
    this.#scores = LevelScores.open(this.#options.file, header, this.#hashes, differenceOf);
    this.#scores.forgetFailures();
    this.header = header;
    const missing = this.#options.levels.reduce((sum, level) => sum + this.missing(level).length, 0);
    this.#progress = { done: 0, missing };
  }

  missing({ name }: PaqLevelFacts): PaqPrompt[] {
    return this.#options.prompts.filter(
      ({ id }) => !this.#kept.has(id) && this.#scores?.get(id, name) == null,
    );
  }

  async score(level: PaqLevelFacts, model: LanguageModel): Promise<void> {
    const { signal, onProgress } = this.#options;
    const scores = this.#scores!;
    for (const prompt of this.missing(level)) {
      if (signal?.aborted) throw abortError("Recording", signal);
      const { id } = prompt;
      const of = this.#hashes.get(id)!;
      const highest = scores.get(id, this.#top);
      const score = highest && "failed" in highest ? highest : await this.#scored(prompt, level, model, of);
      scores.add({ id, of, level: level.name, score });
      this.#progress.done++;
      onProgress?.({ level: level.name, ...this.#progress });
    }
  }

  async #scored(
    prompt: PaqPrompt,
    { name }: PaqLevelFacts,
    model: LanguageModel,
    of: string,
  ): Promise<LevelScore> {
    const scores = this.#scores!;
    const { maxTokens = MOST_TOKENS, signal } = this.#options;
    const { id, question, reference } = prompt;
    try {
      if (question.trim() === "") throw emptyPrompt();
      const asked = promptOf(question, this.#options, model);
      if (reference !== null) return await scoreGiven(model, asked, reference, this.#options);
      if (scores.reference(id) === null && name === this.#top) {
        const { tokens, text } = await writeAnswer(model, asked, { maxTokens, signal });
        scores.add({ id, of, reference: { text, ids: tokens.flatMap((token) => token.id ?? []) } });
      }
      return await scoreWritten(model, asked, scores.reference(id)!, signal);
    } catch (error) {
      if (!(SurprisalError.isInstance(error) && OF_ONE_PROMPT.includes(error.code))) throw error;
      return { failed: { code: error.code, what: error.what } };
    }
  }

  [Symbol.dispose](): void {
    this.#scores?.[Symbol.dispose]();
  }

  async finish(): Promise<RecordedLevels> {
    const { file, prompts } = this.#options;
    const header = this.header!;
    const records = prompts.map((prompt) => {
      const kept = this.#kept.get(prompt.id);
      return kept ? { ...factsOf(prompt), paths: kept.paths } : this.#record(prompt);
    });
    await writeRecords(file, header, records);
    this.#scores?.remove();
    const failed = records.flatMap(({ id, failed: why }) => (why ? [{ id, ...why }] : []));
    return { header, records, failed };
  }

  #record(prompt: PaqPrompt): RouteRecord {
    const { id, reference } = prompt;
    const { levels } = this.#options;
    const written = this.#scores!.reference(id);
    const paths: Record<string, RecordedAnswer> = {};
    let failed: RouteRecord["failed"];
    for (const level of levels.toReversed()) {
      const score = this.#scores!.get(id, level.name)!;
      if ("failed" in score) failed ??= score.failed;
      else {
        const text = level.name === this.#top ? { text: reference ?? written?.text ?? "" } : {};
        paths[level.name] = { correct: null, ...score, ms: computedMs(level, score), ...text };
      }
    }
    return {
      ...factsOf(prompt),
      paths: Object.fromEntries(levels.flatMap(({ name }) => (paths[name] ? [[name, paths[name]]] : []))),
      ...(failed && { failed }),
    };
  }
}

/** What a record has of its prompt: domain and group are those that are given now, whenever it was scored. */
function factsOf({ id, question, kind, group }: PaqPrompt): Omit<RouteRecord, "paths"> {
  return { id, ...(group !== undefined && { group }), ...(kind !== undefined && { kind }), question };
}

/** What another prompt may not have. */
const OF_ONE_PROMPT: readonly string[] = [
  ...["CONTEXT_EXCEEDED", "EMPTY_INPUT", "NOTHING_TO_SCORE", "TOO_FEW_TOKENS", "INVALID_ARGUMENT"],
];

/** The prompt as the model reads it. */
export function promptOf(question: string, { form }: PaqAsking, { capabilities }: LanguageModel): Prompt {
  const isChat = form === undefined ? capabilities.chat : form === "chat";
  return isChat ? [{ role: "user", content: question }] : question;
}

async function scoreGiven(
  model: LanguageModel,
  asked: Prompt,
  reference: string,
  { delimiter = " ", signal }: PaqAsking & { signal?: AbortSignal | undefined },
): Promise<LevelScore> {
  if (typeof asked !== "string") {
    const context = await idsOfPrompt(model, asked);
    const { ids } = await model.tokenize(reference);
    return scoreIds(model, context, ids, signal);
  }
  const between = /\s$/u.test(asked) || /^\s/u.test(reference) ? "" : delimiter;
  const promptTokens = (await model.tokenize(asked, { addSpecial: true })).ids.length;
  for await (const { logprob, tokens } of model.score(
    [{ context: asked, continuation: between + reference }],
    { signal },
  ))
    return { nll: logprob === null ? null : 0 - logprob, tokens: tokens.length, promptTokens };
  throw nothingToScore();
}

async function scoreWritten(
  model: LanguageModel,
  asked: Prompt,
  { ids }: WrittenReference,
  signal: AbortSignal | undefined,
): Promise<LevelScore> {
  if (ids.length === 0) throw nothingToScore();
  return scoreIds(model, await idsOfPrompt(model, asked), ids, signal);
}

async function scoreIds(
  model: LanguageModel,
  context: ArrayLike<number>,
  continuation: ArrayLike<number>,
  signal: AbortSignal | undefined,
): Promise<LevelScore> {
  for await (const { logprob, tokens } of model.score([{ context, continuation }], { signal }))
    return {
      nll: logprob === null ? null : 0 - logprob,
      tokens: tokens.length,
      promptTokens: context.length,
    };
  throw nothingToScore();
}

/** Time for prompt and reference at a level's speeds, milliseconds; `null` = they were not measured. */
function computedMs(
  { prefillTokensPerSecond: reads, generationTokensPerSecond: writes }: PaqLevelFacts,
  { tokens, promptTokens }: { tokens: number; promptTokens: number },
): number | null {
  return reads === null || writes === null ? null : 1000 * (promptTokens / reads + tokens / writes);
}

function headerOf(options: RecordLevelsOptions, model: LanguageModel): RecordsHeader {
  const { levels, prompts, form, delimiter = " ", maxTokens = MOST_TOKENS } = options;
  const kernels = kernelsOf(model.settings);
  const identities = Object.fromEntries(levels.map(({ name, identity }) => [name, { ...identity, kernels }]));
  const given = prompts.every(({ reference }) => reference !== null);
  const greedy = prompts.every(({ reference }) => reference === null);
  const isChat = form === undefined ? model.capabilities.chat : form === "chat";
  const timed = levels.every(
    (level) => level.prefillTokensPerSecond !== null && level.generationTokensPerSecond !== null,
  );
  return {
    schema: RECORDS_SCHEMA,
    paths: levels.map(({ name }) => name),
    counting: null,
    identity: identities[levels.at(-1)!.name]!,
    identities,
    asked: {
      reference: given ? "given" : greedy ? "greedy" : "given, else greedy",
      form: isChat ? "chat" : "text",
      ...(!isChat && !greedy && { delimiter }),
      ...(!given && { maxTokens }),
      ms: timed ? "computed from the ladder's speeds, for prompt and reference" : "not known",
    },
    levels,
  };
}

function checkPrompts(prompts: readonly PaqPrompt[]): void {
  if (prompts.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "There are no prompts",
      wayOut: "Give one at least.",
    });
  const known = new Set<string>();
  for (const [i, { id }] of prompts.entries()) {
    if (known.has(id))
      throw invalidArgument(`The id "${id}" comes twice`, `prompts[${i}]`, "Give each its own.");
    known.add(id);
  }
}

const emptyPrompt = (): SurprisalError =>
  new SurprisalError({ code: "EMPTY_INPUT", what: "The prompt is empty", wayOut: "Give one." });

const nothingToScore = (): SurprisalError =>
  new SurprisalError({
    code: "NOTHING_TO_SCORE",
    what: "There is no reference: it is empty, or the model ended its answer at once",
    wayOut: "Give one.",
  });

const exists = (file: string): SurprisalError =>
  new SurprisalError({
    code: "RUN_EXISTS",
    what: "The file of records is there already, or was begun",
    where: file,
    wayOut: "Go on with it (resume), or name another file.",
  });

const mismatch = (what: string, where: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "RUN_MISMATCH", what, where, wayOut });
