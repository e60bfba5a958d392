/** A question answered by a cascade: one model after the other, as long as the next is worth its price. */
import { type CalibrationIdentity, checkIdentity } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { type GenerateOptions, kernelsOf, type LanguageModel, type Prompt } from "../../models/index.ts";
import { type AnswerSignalsOptions, answerSignals, type Signals } from "../answer-signals.ts";
import { requireKind } from "../checks.ts";
import { type WrittenAnswer, writeAnswer } from "../written.ts";
import type { CascadeArtefact } from "./artefact.ts";
import { type CascadeDecision, decideCascade, expectedPrice } from "./decide.ts";
import { priceOf } from "./fit.ts";

/** What a model of a cascade says. */
export interface CascadeReply {
  text: string;
  /** Tokens written. */
  tokens: number;
  /** Tokens of the prompt; `null` = not known. */
  promptTokens: number | null;
  signals: Signals;
}

/** A model of a cascade, wherever it is. */
export interface CascadeModel {
  /** As in the records. */
  name: string;
  /** Which model it is: compared with what the cascade was fitted to. Left out: not known. */
  identity?: Partial<CalibrationIdentity> | undefined;
  /** @param limits `maxTokens`: what the budget still pays for; left out: no limit. */
  ask(
    question: string,
    limits: { maxTokens?: number | undefined; signal?: AbortSignal | undefined },
  ): Promise<CascadeReply>;
}

/** Options of `cascadeModel`. */
export interface CascadeModelOptions extends Omit<AnswerSignalsOptions, "endLogprob" | "endToken"> {
  /** Default: a chat with the question as the message of a user, where the model takes one, else the question as it is. */
  prompt?: ((question: string) => Prompt) | undefined;
  /** Default: greedy, at most 512 tokens. */
  generate?: Omit<GenerateOptions, "signal"> | undefined;
  /** Signals beside those of the tokens. */
  signalsOf?: ((answer: WrittenAnswer) => Signals | Promise<Signals>) | undefined;
}

/** A `LanguageModel`, in process or on a server, as a model of a cascade. */
export function cascadeModel(
  name: string,
  model: LanguageModel,
  { prompt, generate, signalsOf, ...counting }: CascadeModelOptions = {},
): CascadeModel {
  const alternatives = Math.min(2, model.capabilities.alternatives);
  const most = generate?.maxTokens ?? 512;
  const { name: modelName, sha256 } = model.identity;
  return {
    name,
    identity: { model: { name: modelName, sha256 }, kernels: kernelsOf(model.settings) },
    async ask(question, { maxTokens = most, signal }) {
      const chat: Prompt = model.capabilities.chat ? [{ role: "user", content: question }] : question;
      const asked = { alternatives, ...generate, maxTokens: Math.min(most, maxTokens), signal };
      const answer = await writeAnswer(model, prompt?.(question) ?? chat, asked);
      const { signals } = answerSignals(answer.tokens, counting);
      return {
        text: answer.text,
        tokens: answer.written,
        promptTokens: answer.prompt?.tokens ?? null,
        signals: { ...signals, ...(await signalsOf?.(answer)) },
      };
    },
  };
}

/** One model that was asked. */
export interface CascadeAttempt {
  model: string;
  /** `null`: it failed. */
  reply: CascadeReply | null;
  /** Why it failed, with the code of the error; `null`: it answered. */
  failed: { code: string; reason: string } | null;
  price: number;
  /** Milliseconds. */
  ms: number;
  /** What was decided after its answer; `null`: it failed. */
  decision: CascadeDecision | null;
}

/** An answer, with every model that was asked for it. */
export interface CascadeAnswer {
  /** Model whose answer it is. */
  model: string;
  text: string;
  attempts: readonly CascadeAttempt[];
  /** Why no further model was asked, for people. */
  reason: string;
  price: number;
  /** Tokens written, of all models. */
  tokens: number;
  ms: number;
  /** Models that are others than those it was fitted to. */
  warnings: readonly string[];
}

/** Options of `CascadeRouter.run`. */
export interface CascadeRunOptions {
  /** Most that may be spent on the question, in the unit of the prices. Default: no limit. */
  budget?: number | undefined;
  /** Models that are others than those it was fitted to are an error. Default false: a warning. */
  strict?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Answers by a fitted cascade, and counts. */
export class CascadeRouter {
  readonly artefact: CascadeArtefact;
  readonly #counts = new Map<string, number>();
  #missing = 0;

  /** @throws SurprisalError INVALID_ARGUMENT for a router of another kind. */
  constructor(artefact: CascadeArtefact) {
    requireKind(artefact, "cascade");
    this.artefact = artefact;
  }

  /** Answers by model, and how often the signal was missing, so far. */
  get counts(): { answers: Readonly<Record<string, number>>; missing: number } {
    return { answers: Object.fromEntries(this.#counts), missing: this.#missing };
  }

  /** What is to be done after an answer, without asking anyone. */
  decide(model: string, signals: Signals | number | null, left?: number): CascadeDecision {
    return decideCascade(this.artefact, { model, signals, left });
  }

  /**
   * Asks the models, cheapest first, until none is worth its price. One that fails is passed over, with its reason; where later
   * ones fail, the answer so far is kept. The budget bounds what a model may write; a model that is sure to exceed it is not asked.
   * @param models those of the artefact, in any order.
   * @throws SurprisalError MODEL_FAILED where none answers; INVALID_ARGUMENT for a model that is missing, and a budget that is none or does
   *   not pay for one; CALIBRATION_MISMATCH under `strict`; ABORTED.
   */
  async run(
    models: readonly CascadeModel[],
    question: string,
    { budget = Number.POSITIVE_INFINITY, strict, signal }: CascadeRunOptions = {},
  ): Promise<CascadeAnswer> {
    if (typeof question !== "string" || question.trim() === "")
      throw invalidArgument("There is no question", "question", "Give one.");
    if (!(typeof budget === "number" && budget >= 0))
      throw invalidArgument(
        `${budget} is no budget`,
        "budget",
        "Give a number from 0 on, in the unit of the prices.",
      );
    const { steps } = this.artefact;
    const byName = new Map(models.map((model) => [model.name, model]));
    const absent = steps.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
    if (absent.length > 0)
      throw invalidArgument(
        `The cascade has ${absent.join(", ")} too`,
        "models",
        "Give all models that it was fitted to.",
      );
    const warnings = this.#check(byName, strict);
    const attempts: CascadeAttempt[] = [];
    const failed = new Set<string>();
    const left = () => budget - attempts.reduce((sum, { price }) => sum + price, 0);
    let next: string | null = steps[0]!.name;
    let answered: (CascadeAttempt & { reply: CascadeReply; decision: CascadeDecision }) | null = null;
    let reason = "";
    while (next !== null) {
      const step = steps.find(({ name }) => name === next)!;
      const maxTokens = tokensFor(step, left());
      if (maxTokens !== undefined && maxTokens < 1) {
        reason = `The budget does not pay for a token of ${next}`;
        break;
      }
      const attempt = await this.#attempt(step, byName.get(next)!, question, { maxTokens, signal });
      attempts.push(attempt);
      if (attempt.reply === null) {
        failed.add(next);
        reason = `${next} failed: ${attempt.failed!.reason}`;
        next = this.#instead(next, failed, answered, left());
        continue;
      }
      const decision = decideCascade(this.artefact, {
        model: next,
        signals: attempt.reply.signals,
        left: left(),
        failed,
      });
      if (decision.probability === null) this.#missing++;
      answered = { ...attempt, reply: attempt.reply, decision };
      attempts[attempts.length - 1] = answered;
      reason = decision.reason;
      next = decision.next;
    }
    if (answered === null) throw nobodyAnswered(attempts, reason);
    this.#counts.set(answered.model, (this.#counts.get(answered.model) ?? 0) + 1);
    return {
      model: answered.model,
      text: answered.reply.text,
      attempts,
      reason,
      price: attempts.reduce((sum, { price }) => sum + price, 0),
      tokens: attempts.reduce((sum, { reply }) => sum + (reply?.tokens ?? 0), 0),
      ms: attempts.reduce((sum, { ms }) => sum + ms, 0),
      warnings,
    };
  }

  /** Every model beside the one of its name that was fitted to. */
  #check(models: ReadonlyMap<string, CascadeModel>, strict: boolean | undefined): string[] {
    const warnings: string[] = [];
    for (const { name, identity } of this.artefact.steps) {
      const used = models.get(name)?.identity;
      if (identity && used)
        checkIdentity({ identity }, used, {
          strict,
          onWarning: (warning) => warnings.push(`${name}: ${warning}`),
        });
    }
    return warnings;
  }

  /** Whom to ask in the place of one that failed: what the answer so far calls for, else the next in order that can be paid. */
  #instead(
    name: string,
    failed: ReadonlySet<string>,
    answered: { model: string; reply: CascadeReply } | null,
    left: number,
  ): string | null {
    if (answered)
      return decideCascade(this.artefact, {
        model: answered.model,
        signals: answered.reply.signals,
        left,
        failed,
      }).next;
    const { steps } = this.artefact;
    const later = steps.slice(steps.findIndex((step) => step.name === name) + 1);
    return later.find((step) => !failed.has(step.name) && (tokensFor(step, left) ?? 1) >= 1)?.name ?? null;
  }

  async #attempt(
    { name, price }: CascadeArtefact["steps"][number],
    model: CascadeModel,
    question: string,
    limits: { maxTokens: number | undefined; signal: AbortSignal | undefined },
  ): Promise<CascadeAttempt> {
    const start = performance.now();
    const about = { model: name, decision: null };
    try {
      const reply = await model.ask(question, limits);
      const paid = priceOf({ tokens: reply.tokens, promptTokens: reply.promptTokens ?? undefined }, price);
      return { ...about, reply, failed: null, price: paid, ms: performance.now() - start };
    } catch (error) {
      if (limits.signal?.aborted || isMistake(error)) throw error;
      return { ...about, reply: null, failed: failureOf(error), price: 0, ms: performance.now() - start };
    }
  }
}

/** Tokens that what is left pays for, after the prompt; `undefined`: any number. */
function tokensFor(step: CascadeArtefact["steps"][number], left: number): number | undefined {
  const { price, tokens } = step;
  if (left === Number.POSITIVE_INFINITY) return undefined;
  const forPrompt = expectedPrice(step) - price.written * tokens;
  if (price.written === 0) return forPrompt <= left ? undefined : 0;
  return Math.floor((left - forPrompt) / price.written + 1e-9);
}

/** What is wrong with the question or the options fails everywhere: it is the caller's to hear of. */
const isMistake = (error: unknown): boolean =>
  !(error instanceof Error) || (SurprisalError.isInstance(error) && error.code === "INVALID_ARGUMENT");

const failureOf = (error: unknown): NonNullable<CascadeAttempt["failed"]> =>
  SurprisalError.isInstance(error)
    ? { code: error.code, reason: error.where ? `${error.what} (${error.where})` : error.what }
    : { code: "MODEL_FAILED", reason: error instanceof Error ? error.message : String(error) };

function nobodyAnswered(attempts: readonly CascadeAttempt[], reason: string): SurprisalError {
  if (attempts.length === 0)
    return invalidArgument(reason, "budget", "Allow more, or put a cheaper model first.");
  return new SurprisalError({
    code: "MODEL_FAILED",
    what: `None of the models answered: ${attempts.map(({ model, failed }) => `${model}: ${failed?.reason}`).join("; ")}`,
    where: "models",
    wayOut: "Look at each model by itself, and ask again.",
  });
}
