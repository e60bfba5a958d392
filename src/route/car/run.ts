/** A question answered by a router: short first, long where that is not sure enough. */
import { checkIdentity } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError, type TokenRecord } from "../../core/index.ts";
import {
  type GenerateOptions,
  isChat,
  kernelsOf,
  type LanguageModel,
  type Prompt,
} from "../../models/index.ts";
import {
  type AnswerCounting,
  type AnswerSignals,
  answerSignals,
  DEFAULT_COUNTING,
  type Signals,
} from "../answer-signals.ts";
import { idsOfPrompt } from "../prompt-ids.ts";
import { type WrittenAnswer, writeAnswer } from "../written.ts";
import type { CarArtefact, CarInstructions } from "./artefact.ts";
import { carWording } from "./fit.ts";
import type { CarDecision, CarRouter } from "./router.ts";

/** The instructions of the paper. */
export const CAR_INSTRUCTIONS: CarInstructions = {
  short: "Please directly output the answer",
  long: "Please output the reasoning process before outputting the answer",
};

/** How the two paths of a question are asked. */
export interface CarPromptOptions {
  /** What stands behind the question, on a line of its own. Default: those of the artefact, else the paper's. */
  instructions?: CarInstructions | undefined;
  /** "chat": a message of the user; "text": the text as it is. Default: that of the instructions, else a chat where the model takes one. */
  form?: "chat" | "text" | undefined;
  /** The whole prompt of a path, in the place of the two above: keep in front what both have in common. */
  prompt?: ((question: string, path: "short" | "long") => Prompt) | undefined;
}

/** What a path may write. */
export type CarPathOptions = Omit<GenerateOptions, "signal">;

/** Options of `CarRouter.run`. */
export interface CarRunOptions extends CarPromptOptions {
  /** Of the short answer. Default: greedy, at most 64 tokens. */
  short?: CarPathOptions | undefined;
  /** Of the long one. Default: greedy, at most 1,024 tokens. */
  long?: CarPathOptions | undefined;
  /** What an answer says, as it stands in its text; needed where the counting is of the answer alone. */
  answerOf?: ((text: string) => string | null) | undefined;
  /** Signals beside those of the tokens, for a router that goes by another: of `surprisal/uncertainty`, 1 - `decide`'s option mass ... */
  signalsOf?: ((answer: WrittenAnswer) => Signals | Promise<Signals>) | undefined;
  /** A router that was fitted beside something else is an error. Default false: a warning. */
  strict?: boolean | undefined;
  /** Is shown every token as it comes. */
  onToken?: ((token: TokenRecord, path: "short" | "long") => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** An answer with the way that it took. */
export interface CarAnswer {
  path: "short" | "long";
  /** The answer that counts. */
  text: string;
  decision: CarDecision;
  short: WrittenAnswer;
  /** `null`: the short one is kept. */
  long: WrittenAnswer | null;
  signals: Signals;
  /** Tokens written on both paths, alone. */
  tokens: number;
  /** Milliseconds, of both paths. */
  ms: number;
  warnings: readonly string[];
}

/** The prompt of a path: the question first and the instruction last, so that both paths have the question in common. */
export function carPrompt(
  model: LanguageModel,
  question: string,
  path: "short" | "long",
  { instructions = CAR_INSTRUCTIONS, form, prompt }: CarPromptOptions = {},
): Prompt {
  if (prompt) return prompt(question, path);
  const { examples = [], form: own } = instructions;
  const asked = (each: string) => `${each}\n${instructions[path]}`;
  const how = form ?? own;
  const chat = how === undefined ? model.capabilities.chat : how === "chat";
  if (!chat)
    return [
      ...examples.map((each) => `${asked(each.question)}\n${each[path]}\n\n`),
      `${asked(question)}\n`,
    ].join("");
  return [
    ...examples.flatMap((each) => [
      { role: "user", content: asked(each.question) },
      { role: "assistant", content: each[path] },
    ]),
    { role: "user", content: asked(question) },
  ];
}

/** Default options of both paths. */
const CAR_PATHS: Readonly<Record<"short" | "long", CarPathOptions>> = {
  short: { maxTokens: 64 },
  long: { maxTokens: 1024 },
};

/** The short answer with its signals: what a recorder writes, and `run` decides by. */
export async function writeShort(
  model: LanguageModel,
  question: string,
  counting: AnswerCounting,
  options: CarRunOptions,
): Promise<{ answer: WrittenAnswer } & AnswerSignals> {
  const prompt = carPrompt(model, question, "short", options);
  if (counting.endToken === "counted") requireEndToken(model, prompt);
  const asked: GenerateOptions = {
    ...CAR_PATHS.short,
    alternatives: Math.min(2, model.capabilities.alternatives),
    ...options.short,
    signal: options.signal,
  };
  const answer = await writeAnswer(model, prompt, asked, (token) => options.onToken?.(token, "short"));
  const endLogprob =
    counting.endToken === "counted" && answer.endedItself
      ? await endOfText(model, prompt, answer.tokens, options.signal)
      : undefined;
  const own = answerSignals(answer.tokens, { ...counting, answerOf: options.answerOf, endLogprob });
  const others = await options.signalsOf?.(answer);
  return { answer, ...own, signals: { ...own.signals, ...others } };
}

/** The long answer. */
export function writeLong(
  model: LanguageModel,
  question: string,
  options: CarRunOptions,
): Promise<WrittenAnswer> {
  const prompt = carPrompt(model, question, "long", options);
  const asked = { ...CAR_PATHS.long, ...options.long, signal: options.signal };
  return writeAnswer(model, prompt, asked, (token) => options.onToken?.(token, "long"));
}

/** `CarRouter.run`. */
export async function runCar(
  router: CarRouter,
  model: LanguageModel,
  question: string,
  given: CarRunOptions,
): Promise<CarAnswer> {
  if (typeof question !== "string" || question.trim() === "")
    throw invalidArgument("There is no question", "question", "Give one.");
  const { artefact } = router;
  const options = { ...given, instructions: given.instructions ?? artefact.instructions ?? CAR_INSTRUCTIONS };
  const warnings = checkCar(artefact, model, options);
  const short = await writeShort(model, question, artefact.counting ?? DEFAULT_COUNTING, options);
  const decision = router.route(short.signals);
  const long = decision.path === "long" ? await writeLong(model, question, options) : null;
  return {
    path: decision.path,
    text: (long ?? short.answer).text,
    decision,
    short: short.answer,
    long,
    signals: short.signals,
    tokens: short.answer.written + (long?.written ?? 0),
    ms: short.answer.ms + (long?.ms ?? 0),
    warnings: [...new Set([...warnings, ...short.answer.warnings, ...(long?.warnings ?? [])])],
  };
}

/** What is another than where the router was fitted. @throws SurprisalError CALIBRATION_MISMATCH under `strict`. */
function checkCar(
  artefact: CarArtefact,
  model: LanguageModel,
  { strict, prompt, instructions }: CarRunOptions,
): string[] {
  const warnings: string[] = [];
  const { name, sha256 } = model.identity;
  checkIdentity(
    artefact,
    {
      model: { name, sha256 },
      wordingSha256:
        prompt || !instructions || artefact.instructions === null ? null : carWording(instructions),
      kernels: kernelsOf(model.settings),
    },
    { strict, onWarning: (warning) => warnings.push(warning) },
  );
  return warnings;
}

/** @throws SurprisalError UNSUPPORTED_CAPABILITY */
function requireEndToken({ capabilities, vocabulary, identity }: LanguageModel, prompt: Prompt): void {
  const reads = capabilities.tokenize && (!isChat(prompt) || capabilities.chatTemplate);
  if (capabilities.score && reads && vocabulary.eos !== null) return;
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: "The probability of the end-of-text token cannot be asked for: that takes a model in process that scores texts and fills in its chat template",
    where: identity.name,
    wayOut: 'Record and fit with endToken: "left out" (without --end-token).',
  });
}

/** ln p of the end-of-text token behind an answer; `null` where a token of it has no id. */
async function endOfText(
  model: LanguageModel,
  prompt: Prompt,
  tokens: readonly TokenRecord[],
  signal: AbortSignal | undefined,
): Promise<number | null> {
  const ids = tokens.flatMap(({ id }) => id ?? []);
  const { eos } = model.vocabulary;
  if (eos === null || ids.length < tokens.length) return null;
  const context = [...(await idsOfPrompt(model, prompt)), ...ids];
  for await (const { logprob } of model.score([{ context, continuation: [eos] }], { signal })) return logprob;
  return null;
}
