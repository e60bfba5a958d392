/** Reads `/v1/chat/completions`: whole answers and chunks, of OpenAI and of every server that speaks like it. */
import type { TokenRecord } from "../../../core/index.ts";
import type { FinishReason } from "../../language-model.ts";
import { AnswerAssembler, type WireReader, wireReader } from "../../remote/wire.ts";
import { chatTokens, otherParts, textOf, thinkingOf } from "./chat-forms.ts";
import { ChunkIds } from "./chunk-ids.ts";
import { choicesOf, finishReasonOf, type ReaderOptions, withIds } from "./reader.ts";
import { readChatAnswer } from "./schema.ts";
import { UsageCount } from "./usage.ts";

/** Source: the types of openai-node 6, and the servers' own (see test/fixtures/wire). */
export function chatReader(options: ReaderOptions = {}): WireReader {
  const { server = "the server" } = options;
  const answer = new AnswerAssembler(options);
  const usage = new UsageCount(options.choices ?? 1);
  const ids = new ChunkIds();
  let finishReason: FinishReason | null = null;

  function push(json: unknown): TokenRecord[] {
    const chunk = readChatAnswer(json, server);
    usage.add(chunk.usage);
    if (!ids.follow(chunk)) answer.doubt(ChunkIds.DOUBT);
    let records: TokenRecord[] = [];
    for (const { choice, where } of choicesOf(chunk, options, finishReason !== null)) {
      const said = choice.message ?? choice.delta;
      const thinking = said?.reasoning ?? said?.reasoning_content ?? thinkingOf(said?.content);
      const text = `${textOf(said?.content)}${said?.refusal ?? ""}`;
      const tokens = chatTokens(choice, thinking + text, where, answer);
      if (thinking !== "") usage.thinkingIsShown();
      const others = otherParts(said?.content);
      if (said?.tool_calls?.length || said?.function_call || others.length > 0) answer.stopComparing();
      for (const { type } of others)
        answer.warn(`A part of the content is no text and is left out: ${type}.`);
      records = answer.add({ text, tokens: withIds(tokens, choice), thinking });
      if (!choice.finish_reason) continue;
      finishReason = finishReasonOf(choice.finish_reason, server);
      answer.markEnd();
    }
    return records;
  }

  return wireReader(answer, server, push, () => ({ finishReason, tokens: usage.tokens(answer) }));
}
