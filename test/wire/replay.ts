/** Reads a fixture as the client does: its bytes in small pieces, through the stream reader and the format's reader. */
import type { TokenRecord } from "../../src/core/index.ts";
import { SurprisalError } from "../../src/core/index.ts";
import { geminiReader } from "../../src/models/gemini/index.ts";
import type { GenerationEnd } from "../../src/models/index.ts";
import { ollamaReader } from "../../src/models/ollama/index.ts";
import {
  chatReader,
  completionsReader,
  llamaServerReader,
  responsesReader,
  sglangReader,
  tgiReader,
} from "../../src/models/openai/index.ts";
import { parseJson, readNdjson, readServerSentEvents } from "../../src/models/remote/index.ts";
import type { Format } from "./fixtures.ts";

interface Reader {
  push(json: unknown): TokenRecord[];
  finish(): { records: TokenRecord[]; end: Omit<GenerationEnd, "provenance"> };
}

export interface ReplayOptions {
  alternatives?: number;
  maxTokens?: number;
  choices?: number;
  /** Bytes per piece. Default 7, so that events and characters are cut everywhere. */
  piece?: number;
}

const READERS: Readonly<Record<Format, (options: ReplayOptions & { server: string }) => Reader>> = {
  chat: chatReader,
  completions: completionsReader,
  responses: responsesReader,
  "llama-native": llamaServerReader,
  sglang: sglangReader,
  tgi: tgiReader,
  ollama: ollamaReader,
  gemini: geminiReader,
};

/** What became of an answer. */
export interface Replay {
  records: TokenRecord[];
  end: Omit<GenerationEnd, "provenance"> | null;
  error: SurprisalError | null;
}

export type Container = "json" | "sse" | "ndjson";

export function containerOf(file: string): Container {
  return file.endsWith(".sse") ? "sse" : file.endsWith(".ndjson") ? "ndjson" : "json";
}

/** An error that is no SurprisalError is a mistake in a reader, and thrown. */
export async function replay(
  bytes: Uint8Array,
  format: Format,
  container: Container,
  options: ReplayOptions = {},
): Promise<Replay> {
  const server = "http://fixture";
  const { piece = 7, ...rest } = options;
  const reader = READERS[format]({ ...rest, server });
  const records: TokenRecord[] = [];
  try {
    for await (const json of values(bytes, container, piece, server)) records.push(...reader.push(json));
    const { records: last, end } = reader.finish();
    records.push(...last);
    return { records, end, error: null };
  } catch (error) {
    if (!SurprisalError.isInstance(error)) throw error;
    return { records, end: null, error };
  }
}

async function* values(
  bytes: Uint8Array,
  container: Container,
  piece: number,
  server: string,
): AsyncGenerator<unknown> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
  }
  if (container === "sse") yield* readServerSentEvents(chunks(), server);
  else if (container === "ndjson") yield* readNdjson(chunks(), server);
  else yield parseJson(new TextDecoder().decode(bytes), server);
}

/** exp of the mean surprisal of the records that carry a number; `null` = none does. */
export function perplexityOf(records: readonly TokenRecord[]): number | null {
  const numbers = records.flatMap(({ logprob }) => (logprob === null ? [] : [logprob]));
  if (numbers.length === 0) return null;
  return Math.exp(-numbers.reduce((sum, logprob) => sum + logprob, 0) / numbers.length);
}

export function textOf(records: readonly TokenRecord[]): string {
  const parts = records.map(({ text, bytes }) => bytes ?? new TextEncoder().encode(text));
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Uint8Array.from(parts.flatMap((part) => Array.from(part))),
  );
}
