/**
 * What a model expects behind a prompt: the distribution of the next token, its entropy H, and the effective number of
 * choices 2^H (H in bits; e^H in nats), the perplexity of that one distribution.
 */
import { entropyInterval, invalidArgument, LogitKernel, SurprisalError } from "../core/index.ts";
import type { LanguageModel, ModelSequence } from "../models/index.ts";
import { type ModelOfRun, modelOf } from "./model-run.ts";

/** One that may come. */
export interface NextToken {
  /** Id in the model's vocabulary; `null`: a server did not say. */
  id: number | null;
  /** Its bytes, which need not be whole characters. */
  bytes: Uint8Array;
  /** ln p, nats. */
  logprob: number;
  probability: number;
  /**
   * Where its bytes end within a character: the text it becomes with the most probable tokens behind it, up to the end of
   * that character. `null`: it is whole, or no character came of it.
   */
  completed: string | null;
}

/** What comes next. */
export interface NextTokens {
  /** As it was given. */
  prompt: string;
  /** What the model read: without a blank at the end. */
  read: string;
  /** Tokens read, BOS included; `null`: a server did not say. */
  tokens: number | null;
  /** Vocabulary V; `null` when unknown. */
  vocabulary: number | null;
  /** H, nats; exact, or `null` where only the most probable tokens are known. */
  entropy: number | null;
  /** e^H: as uncertain as a free choice among so many; `null` with it. */
  choices: number | null;
  /** Bounds on H from the most probable tokens, nats; `high` is `null` when the vocabulary's size is unknown. The same twice where it is exact. */
  bounds: { low: number; high: number | null };
  /** The most probable, best first. */
  top: readonly NextToken[];
  /** Their probability together. */
  topMass: number;
  notes: readonly string[];
}

/** Options of `nextTokens`. */
export interface NextOptions {
  /** Most probable tokens wanted, 1 ... 1000. Default 10. */
  top?: number | undefined;
  /** Take a prompt as it is, blanks too. Default false. */
  verbatim?: boolean | undefined;
  /** Put BOS in front also where the model's tokenizer adds none. Default false. */
  bos?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

const DEFAULT_TOP = 10;
/** "___" at the end, with what stands around it. */
const BLANK = /\s*[_＿]{2,}[\s.。?？!！…]*$/u;
/** Tokens that a character may lie across. */
const MOST_PIECES = 4;

/** A blank that is read: three strokes or more, or two that belong to no word (`__init__`). */
const INNER_BLANK = /[_＿]{3,}|(?<![\p{L}\p{N}_＿])[_＿]{2}(?![\p{L}\p{N}_＿])/u;

/** A prompt without the blank at its end, or without the blanks where several stand there. */
export function withoutBlank(prompt: string): string {
  let read = prompt;
  while (BLANK.test(read)) read = read.replace(BLANK, "");
  return read;
}

/** What a person should know of how blanks were taken. */
function blankNotes(prompt: string, read: string): string[] {
  return [
    ...(BLANK.test(prompt.replace(BLANK, ""))
      ? ["Several blanks at the end: what is asked for is the first token of the first one."]
      : []),
    ...(INNER_BLANK.test(read)
      ? [
          "A blank within the prompt is read as the strokes that it is: such a model says only what comes at the end. Put the blank there.",
        ]
      : []),
  ];
}

/**
 * The distribution of the token that comes next.
 * @throws SurprisalError INVALID_ARGUMENT for `top` out of range; EMPTY_INPUT for a prompt of nothing and a model without BOS;
 *   UNSUPPORTED_CAPABILITY for a server that gives no alternatives; CONTEXT_EXCEEDED.
 */
export async function nextTokens(
  model: LanguageModel,
  prompt: string,
  { top = DEFAULT_TOP, verbatim = false, bos = false, signal }: NextOptions = {},
): Promise<NextTokens & ModelOfRun> {
  if (!(Number.isInteger(top) && top >= 1 && top <= 1000))
    throw invalidArgument(`${top} tokens`, "top", "Give a whole number from 1 to 1000.");
  const read = verbatim ? prompt : withoutBlank(prompt);
  const notes = [
    ...(model.notes ?? []),
    ...(verbatim ? [] : blankNotes(prompt, read)),
    ...(/\s$/.test(read)
      ? [
          "The prompt ends with white space. Tokens mostly begin with theirs, so this asks for something else than the same prompt without it.",
        ]
      : []),
  ];
  const { capabilities } = model;
  const found =
    capabilities.fork && capabilities.tokenize
      ? await fromSequence(model, read, { top, bos, signal })
      : await fromServer(model, read, top, signal);
  if (found.tokens === 1 && !model.vocabulary.addsBos && read !== "" && !bos)
    notes.push(
      `"${read}" is one token, with nothing before it: many models expect nothing sensible there. BOS in front (--bos) may help.`,
    );
  const topMass = found.top.reduce((sum, { probability }) => sum + probability, 0);
  return { prompt, read, ...found, topMass: Math.min(1, topMass), notes, ...modelOf(model) };
}

type Found = Omit<NextTokens, "prompt" | "read" | "topMass" | "notes">;

async function fromSequence(
  model: LanguageModel,
  prompt: string,
  { top, bos: withBos, signal }: { top: number; bos: boolean; signal: AbortSignal | undefined },
): Promise<Found> {
  const own = (await model.tokenize(prompt, { addSpecial: true })).ids;
  const { bos, eos } = model.vocabulary;
  const first = bos ?? eos;
  const ids =
    first !== null && (own.length === 0 || (withBos && own[0] !== first)) ? [first, ...own] : [...own];
  if (ids.length === 0)
    throw new SurprisalError({
      code: "EMPTY_INPUT",
      what: "The prompt is empty, and this model has nothing to begin with",
      wayOut: "Give a prompt.",
    });
  await using sequence = await model.open();
  await sequence.extend(ids, { signal });
  const logprobs = sequence.next().slice();
  const V = logprobs.length;
  const kernel = await LogitKernel.create(V, Math.min(top, V));
  kernel.row.set(logprobs);
  kernel.analyse(-1, Math.min(top, V));
  const tokens: NextToken[] = [];
  for (const [place, id] of [...kernel.topIds].entries()) {
    if (id < 0) continue; // fewer tokens are possible
    const logprob = Math.min(0, kernel.topLogprobs[place]!);
    const bytes = await model.detokenize([id]);
    const completed = isWhole(bytes) ? null : await complete(model, sequence, id, bytes, signal);
    tokens.push({ id, bytes, logprob, probability: Math.exp(logprob), completed });
  }
  const entropy = Math.max(0, kernel.entropy);
  return {
    tokens: ids.length,
    vocabulary: V,
    entropy,
    choices: Math.exp(entropy),
    bounds: { low: entropy, high: entropy },
    top: tokens,
  };
}

/** What a token that ends within a character becomes. */
async function complete(
  model: LanguageModel,
  sequence: ModelSequence,
  id: number,
  start: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  await using ahead = await sequence.fork();
  let bytes = start;
  let last = id;
  for (let piece = 1; piece < MOST_PIECES; piece++) {
    await ahead.extend([last], { signal });
    const next = ahead.next();
    last = next.reduce((best, logprob, i) => (logprob > next[best]! ? i : best), 0);
    bytes = Buffer.concat([bytes, await model.detokenize([last])]);
    if (isWhole(bytes)) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }
  return null;
}

/** Whether bytes are UTF-8 in themselves. */
function isWhole(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

async function fromServer(
  model: LanguageModel,
  prompt: string,
  top: number,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const { generate, alternatives } = model.capabilities;
  if (!generate || alternatives < 1)
    throw new SurprisalError({
      code: "UNSUPPORTED_CAPABILITY",
      what: "This model does not say what it expects: it gives no alternatives to its tokens",
      where: model.identity.name,
      wayOut:
        "Use a model in process (a GGUF file), or a server that can: `surprisal probe` shows what one does.",
    });
  const asked = Math.min(top, alternatives);
  for await (const record of model.generate(prompt, {
    maxTokens: 1,
    temperature: 0,
    alternatives: asked,
    signal,
  })) {
    const known = (record.alternatives ?? []).flatMap(({ id, text, bytes, logprob }) =>
      logprob === null ? [] : [{ id: id ?? null, bytes: bytes ?? new TextEncoder().encode(text), logprob }],
    );
    if (known.length === 0) break;
    const exact = typeof record.entropy === "number" ? record.entropy : null;
    return {
      tokens: null,
      vocabulary: model.vocabulary.size,
      entropy: exact,
      choices: exact === null ? null : Math.exp(exact),
      bounds:
        exact === null
          ? entropyInterval(
              known.map(({ logprob }) => logprob),
              model.vocabulary.size,
            )
          : { low: exact, high: exact },
      top: known.map((token) => ({ ...token, probability: Math.exp(token.logprob), completed: null })),
    };
  }
  throw new SurprisalError({
    code: "UNSUPPORTED_CAPABILITY",
    what: "The server gave no probabilities of the next token",
    where: model.identity.name,
    wayOut: "`surprisal probe` shows what a server gives.",
  });
}
