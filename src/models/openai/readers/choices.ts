/** Reads answers of several choices, whole or in chunks: what chats and completions have in common. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import {
  AnswerAssembler,
  type AnswerPiece,
  reportedError,
  serverError,
  type WireReader,
  wireReader,
} from "../../remote/wire.ts";
import { ChunkIds } from "./chunk-ids.ts";
import { choicesOf, errorOf, finishReasonOf, LACKING, MIXED, type ReaderOptions, withIds } from "./reader.ts";
import type { AnswerFields, ChoiceFields } from "./schema.ts";
import { UsageCount } from "./usage.ts";

/** What is told of the pieces of one choice. */
export interface ChoicePieces<Choice> {
  /** What a choice adds to the answer; its place is for errors. */
  next(choice: Choice, where: string, answer: AnswerAssembler, usage: UsageCount): AnswerPiece;
  /** What was held back, at the end. */
  rest?(): AnswerPiece;
}

/** @param read an answer or a chunk, as its format has it. */
export function choiceReader<Choice extends ChoiceFields>(
  options: ReaderOptions,
  read: (
    json: unknown,
    server: string,
  ) => AnswerFields & { choices?: readonly (Choice | null)[] | null | undefined },
  pieces: ChoicePieces<Choice>,
): WireReader {
  const { server = "the server", choices: asked = 1 } = options;
  const answer = new AnswerAssembler(options);
  const usage = new UsageCount(asked);
  const ids = new ChunkIds();
  /** Indexes of the choices that were seen, and how often one of index 0 has ended. */
  const seen = new Set<number>();
  let ends = 0;
  /** Some chunk may have lost what it was to say. */
  let lacking = false;
  let finishReason: FinishReason | null = null;

  function push(json: unknown): TokenRecord[] {
    if (json === null || (Array.isArray(json) && json.length === 0)) return [];
    const chunk = read(json, server);
    usage.add(chunk.usage);
    usage.add(chunk.x_groq?.usage);
    const stopped = chunk.x_groq?.error ? reportedError({ error: chunk.x_groq.error }) : null;
    if (stopped) answer.failure ??= serverError(stopped, server);
    if (!ids.follow(chunk)) answer.doubt(ChunkIds.DOUBT);
    lacking ||= lacksChoices(chunk);
    for (const choice of chunk.choices ?? []) {
      lacking ||= !choice || saysElse(choice);
      if (!choice) continue;
      usage.add(choice.usage);
      seen.add(choice.index ?? 0);
      if (choice.finish_reason && !choice.index && ++ends === 2 && asked > 1) answer.doubt(MIXED);
    }
    const records: TokenRecord[] = [];
    for (const { choice, where } of choicesOf(chunk, options, (warning) => answer.doubt(warning))) {
      const piece = pieces.next(choice, where, answer, usage);
      const given = answer.add({ ...piece, tokens: withIds(piece.tokens, choice) });
      for (const record of given) records.push(record);
      answer.failure ??= errorOf(choice, server);
      if (!choice.finish_reason || answer.failure) continue;
      finishReason = finishReasonOf(choice.finish_reason, server);
      for (const record of flush()) records.push(record);
      answer.markEnd();
    }
    return records;
  }

  /** What the format has held back is part of the answer before its end. */
  function flush(): TokenRecord[] {
    const rest = pieces.rest?.();
    return rest && rest.text + (rest.thinking ?? "") !== "" ? answer.add(rest) : [];
  }

  function ending() {
    if (asked > 1 && seen.size === 1) answer.doubt(MIXED);
    const tokens = usage.tokens(answer);
    if (lacking && tokens !== answer.tokens) answer.doubt(LACKING); // the very count shows that nothing was lost
    return { finishReason, tokens };
  }

  return wireReader(answer, server, push, ending, flush);
}

/** It calls itself a piece of an answer, and has no place for one; a count may come so. */
function lacksChoices(chunk: AnswerFields & { choices?: unknown }): boolean {
  const { object } = chunk as { object?: unknown };
  return !chunk.choices && !chunk.usage && /completion/.test(String(object));
}

/** Besides what is read of it and what is said about it, such as a filter's verdict. */
const ASIDE = /^(content_filter|index|logprobs|usage)/;

/** A choice without a text that holds something else, or does not even say which it is. */
function saysElse(choice: ChoiceFields): boolean {
  const fields = Object.entries(choice);
  if (fields.some(([name, value]) => SPEAKS.includes(name) && value != null)) return false;
  if (fields.length === 0) return true;
  return fields.some(([name, value]) => !ASIDE.test(name) && typeof value === "object" && value !== null);
}

const SPEAKS = ["delta", "message", "text", "finish_reason", "error"];
