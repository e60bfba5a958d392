/** Assertions and small readers for the conformance cases. No test runner is needed to use them. */
import { type ErrorCode, SurprisalError } from "../../core/index.ts";
import type { LanguageModel, ScoredText, ScoreOptions, ScoreRequest, TextOrIds } from "../language-model.ts";

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message);
}

export function same(actual: unknown, expected: unknown, what: string): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === b, `${what}: got ${a}, expected ${b}`);
}

/**
 * Two computations of the same number, such as a log-probability in another batch.
 * @param tolerance in nats for numbers up to 1, of the value beyond.
 */
export function close(
  actual: number | null | undefined,
  expected: number | null | undefined,
  tolerance: number,
  what: string,
): void {
  check(typeof actual === "number" && typeof expected === "number", `${what}: ${actual} and ${expected}`);
  const allowed = tolerance * Math.max(1, Math.abs(expected));
  // Equal covers two infinities; written so that NaN fails.
  check(
    actual === expected || Math.abs(actual - expected) <= allowed,
    `${what}: got ${actual}, expected ${expected} ± ${allowed}`,
  );
}

/** The same for columns of numbers: what is missing (NaN) in one must be missing in the other. */
export function allClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  same(actual.length, expected.length, `${what}: how many`);
  for (let i = 0; i < actual.length; i++)
    if (!(Number.isNaN(actual[i]) && Number.isNaN(expected[i])))
      close(actual[i], expected[i], tolerance, `${what} [${i}]`);
}

/** Passes when `action` rejects, or throws, with a SurprisalError of that code. */
export async function refuses(code: ErrorCode, action: () => unknown, what: string): Promise<void> {
  try {
    await action();
  } catch (error) {
    check(SurprisalError.isInstance(error), `${what}: ${error} is no SurprisalError`);
    same(error.code, code, `${what}: the error's code`);
    return;
  }
  throw new Error(`${what}: was accepted, should be refused with ${code}`);
}

export async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function scoreOne(
  model: LanguageModel,
  context: TextOrIds,
  continuation: TextOrIds,
  options?: ScoreOptions,
): Promise<ScoredText> {
  const answers = await collect(model.score([{ context, continuation }], options));
  same(answers.length, 1, "answers to one request");
  return answers[0]!;
}

/** Each request on its own, one after another. */
export async function scoreApart(
  model: LanguageModel,
  requests: readonly ScoreRequest[],
  options?: ScoreOptions,
): Promise<ScoredText[]> {
  const answers: ScoredText[] = [];
  for (const { context, continuation } of requests)
    answers.push(await scoreOne(model, context, continuation, options));
  return answers;
}

export async function textIds(model: LanguageModel, text: string, addSpecial: boolean): Promise<number[]> {
  return Array.from((await model.tokenize(text, { addSpecial })).ids);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}
