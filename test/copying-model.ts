/** A model that copies: what it expects next is what stood before behind the same bytes. Known in closed form, and it reads documents. */
import type {
  ChatMessage,
  ModelCapabilities,
  ModelExecution,
  ScoredText,
  ScoreOptions,
  ScoreRequest,
} from "../src/models/index.ts";
import { TableModel } from "../src/models/test/index.ts";

const BYTES = 256;
/** Bytes that are compared. */
const SUFFIX = 4;
/** ln p of a byte behind something never seen. */
export const UNSEEN: number = -Math.log(BYTES + 1);
/** ln p of a byte behind something that was followed by nothing else. */
export const COPIED: number = Math.log(1 / 2 + 1 / 2 / (BYTES + 1));

export interface CopyingOptions {
  trainedContext?: number | null;
  chatTemplate?: boolean;
  score?: boolean;
  place?: ModelExecution["place"];
  tokenize?: boolean;
}

/**
 * p(next | context) = share / 2 + 1 / 2 / 257, where share is how often `next` followed, of the times that the last four bytes stood
 * earlier in the context; 1 / 257 where they did not.
 */
export class CopyingModel extends TableModel {
  override readonly capabilities: ModelCapabilities;
  override readonly execution: ModelExecution;
  /** Contexts it was asked with, as texts. */
  readonly contexts: string[] = [];

  constructor({
    trainedContext = null,
    chatTemplate = false,
    score = true,
    place = "process",
    tokenize = true,
  }: CopyingOptions = {}) {
    const symbols = [...Array.from({ length: BYTES }, (_, byte) => Uint8Array.of(byte)), "<s>", "</s>"];
    const row = symbols.map((_, id) => (id === BYTES ? 0 : 1 / (BYTES + 1)));
    super({
      name: "copying",
      symbols,
      bos: BYTES,
      eos: BYTES + 1,
      transitions: symbols.map(() => row),
      trainedContext,
    });
    this.capabilities = { ...TableModel.bytes().capabilities, score, chatTemplate, tokenize };
    this.execution = { place, threads: place === "server" ? null : 1 };
  }

  override async *score(
    requests: Iterable<ScoreRequest>,
    options: ScoreOptions = {},
  ): AsyncGenerator<ScoredText> {
    const list = [...requests];
    for await (const scored of super.score(list, options)) {
      const { context } = list[scored.index]!;
      const ids = typeof context === "string" ? (await this.tokenize(context)).ids : Int32Array.from(context);
      this.contexts.push(new TextDecoder().decode(await this.detokenize(ids)));
      const all = [...ids, ...scored.tokens.ids];
      for (let i = 0; i < scored.tokens.length; i++) scored.tokens.logprobs[i] = lnP(all, ids.length + i);
      const logprob = scored.tokens.logprobs.reduce((sum, value) => sum + value, 0);
      yield { ...scored, logprob };
    }
  }

  override applyChatTemplate(messages: readonly ChatMessage[]): string {
    return `${messages.map(({ role, content }) => `[${role}] ${content.trim()}\n`).join("")}[assistant]\n`;
  }
}

function lnP(ids: readonly number[], at: number): number {
  let seen = 0;
  let followed = 0;
  for (let i = SUFFIX; i < at; i++) {
    let same = 1;
    while (same <= SUFFIX && ids[i - same] === ids[at - same]) same++;
    if (same <= SUFFIX) continue;
    seen++;
    if (ids[i] === ids[at]) followed++;
  }
  return seen === 0 ? UNSEEN : Math.log(followed / seen / 2 + 1 / 2 / (BYTES + 1));
}
