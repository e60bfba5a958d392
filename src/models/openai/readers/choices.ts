/** Reads answers of several choices, whole or in chunks: what chats and completions have in common. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import { AnswerAssembler, type AnswerPiece, type WireReader, wireReader } from "../../remote/wire.ts";
import { ChunkIds } from "./chunk-ids.ts";
import { choicesOf, finishReasonOf, type ReaderOptions, withIds } from "./reader.ts";
import type { AnswerFields, ChoiceFields } from "./schema.ts";
import { UsageCount } from "./usage.ts";

/**
 * @param read an answer or a chunk, as its format has it.
 * @param pieceOf what a choice adds to the answer; its place is for errors.
 */
export function choiceReader<Choice extends ChoiceFields>(
  options: ReaderOptions,
  read: (json: unknown, server: string) => AnswerFields & { choices?: readonly Choice[] | undefined },
  pieceOf: (choice: Choice, where: string, answer: AnswerAssembler, usage: UsageCount) => AnswerPiece,
): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  const usage = new UsageCount(options.choices ?? 1);
  const ids = new ChunkIds();
  let finishReason: FinishReason | null = null;

  function push(json: unknown): TokenRecord[] {
    const chunk = read(json, server);
    usage.add(chunk.usage);
    if (!ids.follow(chunk)) answer.doubt(ChunkIds.DOUBT);
    let records: TokenRecord[] = [];
    for (const { choice, where } of choicesOf(chunk, options, finishReason !== null)) {
      const piece = pieceOf(choice, where, answer, usage);
      records = answer.add({ ...piece, tokens: withIds(piece.tokens, choice) });
      if (!choice.finish_reason) continue;
      finishReason = finishReasonOf(choice.finish_reason, server);
      answer.markEnd();
    }
    return records;
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: usage.tokens(answer) }));
}
