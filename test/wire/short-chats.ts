/** Chunks of chats as short as they can be, and what a reader makes of a list of them. */
import { SurprisalError, type TokenRecord } from "../../src/core/index.ts";
import { chatReader } from "../../src/models/openai/index.ts";
import type { WireReader } from "../../src/models/remote/index.ts";
import { textOf } from "./replay.ts";

export const SERVER = "http://fixture/v1";

export interface Read {
  records: TokenRecord[];
  text: string;
  error: SurprisalError | null;
  end: ReturnType<WireReader["finish"]>["end"] | null;
}

/** Everything that is given before an error, and the error. */
export function read(reader: WireReader, ...values: unknown[]): Read {
  const records: TokenRecord[] = [];
  try {
    for (const value of values) records.push(...reader.push(value));
    const { records: rest, end } = reader.finish();
    records.push(...rest);
    return { records, text: textOf(records), error: null, end };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { records, text: textOf(records), error, end: null };
  }
}

type Chunk = { choices: object[] };
export type Entry = { token: string; logprob: number; top_logprobs?: unknown[]; bytes?: number[] };
export const entry = (token: string, logprob = -0.5): Entry => ({ token, logprob });
export const chunk = (
  delta: object,
  content: readonly Entry[] = [],
  finish: string | null = null,
): Chunk => ({
  choices: [{ index: 0, delta, logprobs: content.length > 0 ? { content } : null, finish_reason: finish }],
});
export const said = (token: string, logprob?: number): Chunk =>
  chunk({ content: token }, [entry(token, logprob)]);
export const usage = (completion_tokens: number): Chunk & { usage: object } => ({
  choices: [],
  usage: { completion_tokens },
});
export const chat = (...values: unknown[]): Read => read(chatReader({ server: SERVER }), ...values);
