/** A ladder at work: each prompt is answered by the level that is chosen for it. */
import { statSync } from "node:fs";
import { freemem } from "node:os";
import { invalidArgument, SurprisalError, type TokenRecord } from "../../core/index.ts";
import {
  type FinishReason,
  type GenerateOptions,
  type LanguageModel,
  type LlamaLoadOptions,
  LlamaModel,
} from "../../models/index.ts";
import { formatBytes } from "../../text/index.ts";
import type { PaqLadder, PaqLevel, PaqLevelFacts } from "../levels.ts";
import { writeAnswer } from "../written.ts";
import type { PaqDecider, PaqDecision } from "./decision.ts";
import { LevelPool, memoryOf } from "./level-pool.ts";
import { levelNamed } from "./level-types.ts";
import { promptOf } from "./record-levels.ts";

/** Options of `PaqServer.open`. */
export interface PaqServerOptions {
  /**
   * Memory that the loaded levels may take together, bytes, each as it was measured. Default: three quarters of what is free now, the
   * largest level at least.
   */
  memoryBytes?: number | undefined;
  /** How levels are loaded. Default: their files are mapped into memory. */
  load?: LlamaLoadOptions | undefined;
  /** Loads a level, in the place of `LlamaModel.load` of its file. */
  openLevel?: ((level: PaqLevel) => Promise<LanguageModel>) | undefined;
  /** Whether a level is there. Default: its file is, with the size that it had. */
  hasLevel?: ((level: PaqLevel) => boolean) | undefined;
}

/** Options of `PaqServer.run`. */
export interface PaqRunOptions extends Omit<GenerateOptions, "signal"> {
  /** "chat": a message of the user, in the model's template; "text": as it is. Default: a chat where the model has a template. */
  form?: "chat" | "text" | undefined;
  /** Is told the level before the first token. */
  onLevel?: ((level: string, decision: PaqDecision) => void) | undefined;
  /** Is shown every token as it comes. */
  onToken?: ((token: TokenRecord) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** An answer with the level that gave it. */
export interface PaqAnswer {
  text: string;
  /** Name of the level that answered. */
  level: string;
  /** What was chosen: another level where that one is missing. */
  decision: PaqDecision;
  /** Tokens written, and of the prompt (`null` = the model does not say). */
  tokens: number;
  promptTokens: number | null;
  finishReason: FinishReason;
  /** Milliseconds: of the decision, of loading the level (0: it was loaded), of the answer, and of all together. */
  routerMs: number;
  loadMs: number;
  answerMs: number;
  ms: number;
  /** A level that is missing, a prompt that was cut for the router, levels that were unloaded, and what the model says. */
  warnings: readonly string[];
}

/** Levels of a ladder served side by side: `await using server = PaqServer.open(ladder, router)`. */
export class PaqServer implements AsyncDisposable {
  readonly ladder: PaqLadder;
  /** What a person should know before the first prompt: levels that are missing, no memory for two at once. */
  readonly notes: readonly string[];
  readonly #decider: PaqDecider;
  readonly #pool: LevelPool;
  readonly #has: (level: PaqLevel) => boolean;

  private constructor(ladder: PaqLadder, decider: PaqDecider, options: PaqServerOptions) {
    const { openLevel = openFile(options.load), hasLevel = isThere } = options;
    const budget = budgetOf(ladder, options.memoryBytes);
    this.ladder = ladder;
    this.#decider = decider;
    this.#has = hasLevel;
    this.#pool = new LevelPool(budget, ({ name }) => openLevel(levelNamed(ladder.levels, name, "ladder")));
    const there = ladder.levels.filter(hasLevel);
    if (there.length === 0) throw noLevel(ladder.levels.at(-1)!);
    this.notes = [
      ...ladder.levels.filter((level) => !there.includes(level)).map((level) => missing(level)),
      ...memoryNotes(there, budget),
    ];
  }

  /**
   * Nothing is loaded yet: levels are when they are needed.
   * @param decider a fitted router, or anything else that chooses a level: `fixedLevel("4-bit")`.
   * @throws SurprisalError INVALID_ARGUMENT; MODEL_UNAVAILABLE where no level's file is there.
   */
  static open(ladder: PaqLadder, decider: PaqDecider, options: PaqServerOptions = {}): PaqServer {
    return new PaqServer(ladder, decider, options);
  }

  /** Names of the levels that are loaded, the one used last first. */
  get loaded(): readonly string[] {
    return this.#pool.loaded;
  }

  /**
   * Answers a prompt. Several may be asked at once.
   * @param prompt as a person wrote it: the router sees it so, the model in its chat template where it has one.
   * @throws SurprisalError EMPTY_INPUT; MODEL_UNAVAILABLE where neither the level nor a higher one is there; OUT_OF_MEMORY for a level
   *   larger than the budget; CONTEXT_EXCEEDED; as `PaqDecider.decide`, `LlamaModel.load` and `LanguageModel.generate`.
   */
  async run(prompt: string, options: PaqRunOptions = {}): Promise<PaqAnswer> {
    if (typeof prompt !== "string") throw invalidArgument("The prompt is no text", "prompt", "Give one.");
    if (prompt.trim() === "")
      throw new SurprisalError({ code: "EMPTY_INPUT", what: "The prompt is empty", wayOut: "Give one." });
    const { onLevel, onToken, form, ...generate } = options;
    const start = performance.now();
    const decision = await this.#decider.decide(prompt);
    const wanted = levelNamed(this.ladder.levels, decision.level, "decision");
    const level = this.#nextThere(wanted);
    const lent = await this.#pool.acquire(level, options.signal);
    try {
      onLevel?.(level.name, decision);
      const written = await writeAnswer(
        lent.model,
        promptOf(prompt, { form }, lent.model),
        generate,
        onToken,
      );
      return {
        text: written.text,
        level: level.name,
        decision,
        tokens: written.written,
        promptTokens: written.prompt?.tokens ?? null,
        finishReason: written.finishReason,
        ...{
          routerMs: decision.ms,
          loadMs: lent.loadMs,
          answerMs: written.ms,
          ms: performance.now() - start,
        },
        warnings: [
          ...(level === wanted ? [] : [`${missing(wanted)}: ${level.name} answers instead.`]),
          ...(decision.leftOut > 0
            ? [
                `The router did not read the last ${decision.leftOut} tokens of the prompt, which is too long for it.`,
              ]
            : []),
          ...(lent.unloaded.length > 0
            ? [`Unloaded for ${level.name}, since the memory holds no more: ${lent.unloaded.join(", ")}.`]
            : []),
          ...written.warnings,
        ],
      };
    } finally {
      lent.giveBack();
    }
  }

  /** The level, or where it is missing the next higher one: never a lower one, which may not be adequate. */
  #nextThere(wanted: PaqLevel): PaqLevel {
    const found = this.ladder.levels.find((level) => level.bits >= wanted.bits && this.#has(level));
    if (found) return found;
    throw noLevel(wanted);
  }

  /** Stops what is running, and frees all levels. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool[Symbol.asyncDispose]();
  }
}

/** Always the same level: to compare with a router, or where there is none. @param level name, such as "4-bit". */
export function fixedLevel(level: string): PaqDecider {
  return { decide: async () => ({ level, probabilities: {}, ms: 0, leftOut: 0 }) };
}

const openFile =
  (load: LlamaLoadOptions | undefined) =>
  ({ file, identity, name }: PaqLevel): Promise<LanguageModel> =>
    LlamaModel.load(
      file,
      { mmap: true, ...load },
      { name: identity.model?.name ?? name, sha256: identity.model?.sha256 ?? null },
    );

const isThere = ({ file, bytes }: PaqLevel): boolean =>
  statSync(file, { throwIfNoEntry: false })?.size === bytes;

/** Share of the free memory that is taken where nothing is said. */
const SHARE = 0.75;

function budgetOf({ levels }: PaqLadder, given: number | undefined): number {
  if (given === undefined) return Math.max(SHARE * freemem(), ...levels.map(memoryOf));
  if (given > 0) return given;
  throw invalidArgument(`${given} is no amount of memory`, "memoryBytes", "Give bytes, more than 0.");
}

const missing = ({ name, file }: PaqLevel): string =>
  `The file of ${name} is missing, or is another one (${file})`;

function memoryNotes(levels: readonly PaqLevelFacts[], budget: number): string[] {
  const [first, second] = levels.map(memoryOf).toSorted((a, b) => a - b);
  if (second === undefined || first! + second <= budget) return [];
  return [
    `There is no memory for two levels at once (${formatBytes(budget)}): a level is loaded when it is needed, and the one before is unloaded.`,
  ];
}

const noLevel = ({ name, file }: PaqLevel): SurprisalError =>
  new SurprisalError({
    code: "MODEL_UNAVAILABLE",
    what: `Neither ${name} nor a level of more bits is there as the ladder has it`,
    where: file,
    wayOut: "Make it again: the same `surprisal route paq ladder` makes what is missing.",
  });
