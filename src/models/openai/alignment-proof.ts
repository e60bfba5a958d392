/**
 * Does a server give each token of a prompt its own number? Counting entries does not show it: llama-cpp-python gives as
 * many numbers as tokens, each one token late. So: let it write a few tokens greedily, with their numbers; give it
 * prompt and tokens back; and compare.
 */
import { SurprisalError } from "../../core/index.ts";
import { pieceOf, type RequestOptions, tokensMatchText } from "../remote/index.ts";
import type { PromptNumbers, PromptToken, TextOrTokens } from "./prompt-numbers.ts";
import type { ServerTokenizer } from "./tokenizer.ts";

/** Whether a prompt's numbers are those of its tokens. */
export interface AlignmentProof {
  /** "proven": the numbers are those of their tokens. "refused": they are not, or there are none. */
  verdict: "proven" | "refused";
  /** What was seen, for people. */
  seen: string;
}

/** Everyday beginnings that a model goes on from with tokens of different probabilities. */
const PROMPTS = ["The capital of France is", "Once upon a time, there was a", "1, 2, 3, 4,"];
const WRITTEN = 8;
/** How far two computations of one number may lie apart in a served, quantised model, nats. */
const TOLERANCE = 0.25;
/** Fewest numbers that must agree. */
const FEWEST = 3;

/** @throws SurprisalError when the server cannot be asked at all. */
export async function proveAlignment(
  numbers: PromptNumbers,
  tokenizer: ServerTokenizer | null,
  options: RequestOptions = {},
): Promise<AlignmentProof> {
  let undecided = "";
  for (const prompt of PROMPTS) {
    const proof = await tryPrompt(numbers, tokenizer, prompt, options).catch(refusal);
    if (typeof proof !== "string") return proof;
    undecided = proof;
  }
  return { verdict: "refused", seen: undecided };
}

/** A server that answers with an error does not do it; one that cannot be reached says nothing about it. */
function refusal(error: unknown): AlignmentProof {
  if (
    !SurprisalError.isInstance(error) ||
    !["SERVER_ERROR", "WIRE_MALFORMED", "UNSUPPORTED_CAPABILITY"].includes(error.code)
  )
    throw error;
  return { verdict: "refused", seen: `the server answers: ${error.what}` };
}

/** @returns the reason when this prompt decides nothing. */
async function tryPrompt(
  numbers: PromptNumbers,
  tokenizer: ServerTokenizer | null,
  prompt: string,
  options: RequestOptions,
): Promise<AlignmentProof | string> {
  const written = withoutEnd(await numbers.write(prompt, WRITTEN, options));
  const numbered = written.filter(({ logprob }) => logprob !== null).length;
  if (numbered === 0) return `${numbers.method}: not even what it writes carries numbers`;
  if (numbered < FEWEST)
    return `only ${count(numbered, "token")} with a number came after ${JSON.stringify(prompt)}`;
  if (written.some(({ id, token }) => id === null && pieceOf({ token }).lossy))
    return `what was written after ${JSON.stringify(prompt)} is no text`;
  const whole = await together(numbers, tokenizer, prompt, written, options);
  const echoed = await numbers.score(whole, 1, options);
  if (echoed.every(({ logprob }) => logprob === null))
    return refused(`${numbers.method} gives no numbers (${count(echoed.length, "entry", "entries")})`);
  const least = typeof whole === "string" ? written.length + 1 : whole.length;
  if (echoed.length < least)
    return refused(`${numbers.method} gives ${count(echoed.length, "number")} for ${least} tokens or more`);
  return compare(numbers.method, written, echoed);
}

/** Prompt and tokens, as ids where the server has ids: a text may be cut into other tokens. */
async function together(
  numbers: PromptNumbers,
  tokenizer: ServerTokenizer | null,
  prompt: string,
  written: readonly PromptToken[],
  options: RequestOptions,
): Promise<TextOrTokens> {
  const ids = written.flatMap(({ id }) => (id === null ? [] : [id]));
  if (!numbers.ids || !tokenizer || ids.length < written.length)
    return prompt + written.map(({ token }) => pieceOf({ token }).text).join("");
  const encoded = await tokenizer(prompt, { addSpecial: true, parseSpecial: true, ...options });
  return [...encoded.ids, ...ids];
}

function compare(
  method: string,
  written: readonly PromptToken[],
  echoed: readonly PromptToken[],
): AlignmentProof | string {
  const tail = echoed.slice(-written.length);
  const text = written.map(({ token }) => token).join("");
  const known = written.every(({ id }, i) => id !== null && id === tail[i]!.id);
  if (
    !known &&
    !tokensMatchText(
      tail.map(({ token }) => pieceOf({ token })),
      text,
    )
  )
    return `${method} cuts its own text ${JSON.stringify(text)} into other tokens`;
  const pairs = written.map((token, i) => [token.logprob, tail[i]!.logprob] as const);
  const worst = pairs.findIndex(([own, other]) => own !== null && !isClose(own, other));
  if (worst >= 0) {
    const { token, logprob } = written[worst]!;
    return refused(
      `${method} gives ${show(tail[worst]!.logprob)} for ${JSON.stringify(token)}, which had ${show(logprob)} when it was written`,
    );
  }
  // Numbers that are all alike would agree with those of their neighbours too.
  const telling = written.some(
    ({ logprob: own }, i) => i > 0 && own !== null && !isClose(own, tail[i - 1]!.logprob),
  );
  if (!telling) return `the numbers after ${JSON.stringify(text)} are all alike`;
  return {
    verdict: "proven",
    seen: `${method}: ${count(pairs.length, "token")} written and scored again, with the same numbers (±${TOLERANCE} nats)`,
  };
}

function isClose(a: number, b: number | null): boolean {
  return b !== null && Math.abs(a - b) <= TOLERANCE;
}

/** Without the end-of-text token and what comes after it. */
function withoutEnd(tokens: readonly PromptToken[]): PromptToken[] {
  const end = tokens.findIndex(({ token }) => pieceOf({ token }).special);
  return end < 0 ? [...tokens] : tokens.slice(0, end);
}

function refused(seen: string): AlignmentProof {
  return { verdict: "refused", seen };
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

function show(logprob: number | null): string {
  return logprob === null ? "no number" : logprob.toFixed(2);
}
