/** What tells one tokenizer from another, as far as a model shows it. */
import { sha256Of } from "../calibrate/index.ts";
import type { LanguageModel } from "../models/index.ts";

/**
 * A text that tokenizers of different making cut differently: words, runs of spaces, digits, capitals, letters with marks,
 * scripts, emoji, code, and an invisible character.
 */
const PROBE =
  "The quick brown fox  jumps over 13 lazy dogs, 2026-11-30: 3.14159!\n\tif (x >= 0) { return `don't`; }   // ANTIDISESTABLISHMENT\n" +
  "Größe naïve façade Привет мир こんにちは世界 안녕하세요 مرحبا שלום हिन्दी 🙂👩‍👩‍👧 e\u0301\u200b…—«»\r\n\n\nend";

const known = new WeakMap<LanguageModel, Promise<string>>();

/**
 * sha256 of how a model cuts a fixed text into tokens, and of what is known of its vocabulary; lower-case hex. Two tokenizers that
 * it cannot tell apart have as many tokens and cut that text alike. The weights' own sha256 covers the tokenizer of a file
 * that holds both; this also tells of one behind a server, and of one that was replaced.
 */
export function tokenizerSha256(model: LanguageModel): Promise<string> {
  const before = known.get(model);
  if (before) return before;
  const found = probed(model);
  known.set(model, found);
  found.catch(() => known.delete(model)); // a server may answer the next time
  return found;
}

async function probed(model: LanguageModel): Promise<string> {
  const { size, bos, eos, addsBos } = model.vocabulary;
  const { ids } = await model.tokenize(PROBE);
  return sha256Of(JSON.stringify({ vocabulary: { size, bos, eos, addsBos }, ids: [...ids] }));
}
