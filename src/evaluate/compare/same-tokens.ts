/** Whether two models have the same tokens, so that their distributions can be compared. */
import { SurprisalError } from "../../core/index.ts";
import type { LanguageModel } from "../../models/index.ts";

/** Texts in which tokenizers differ: words, numbers, white space, code, other scripts, and pieces of characters. */
const PROBE = [
  "The children's 1,234 apples weren't 56.78% ripe; e-mail me@example.org!",
  "  def f(x):\n\t\treturn x**2  # CAFÉ naïve Ångström\r\n\r\n\n",
  "Привет, мир. 你好，世界。こんにちは 🙂👩‍🔬 العربية",
];

/** What two models' tokens have in common. */
export interface SharedTokens {
  /** Ids [0, size) are the same tokens in both. */
  size: number;
  /** What a person should know of them. */
  notes: string[];
}

/**
 * The tokens that two models share, or `null` when they have different tokenizers: the same ids must be the same bytes,
 * and the same texts the same ids. Two differences are allowed, because models of one family have them: one vocabulary
 * may have more tokens at its end (padding up to a round size), and tokens that no text becomes (special and reserved
 * ones) may have other names.
 */
export async function sharedTokens(base: LanguageModel, model: LanguageModel): Promise<SharedTokens | null> {
  const baseSize = base.vocabulary.size;
  const modelSize = model.vocabulary.size;
  if (baseSize === null || modelSize === null) return null;
  if (!base.capabilities.distribution || !model.capabilities.distribution) return null;
  for (const text of PROBE) {
    const [a, b] = [await idsOf(base, text), await idsOf(model, text)];
    if (a && b ? !sameIds(a, b) : a !== b) return null;
  }
  const size = Math.min(baseSize, modelSize);
  let renamed = 0;
  for (let id = 0; id < size; id++) {
    const [a, b] = [await base.detokenize([id]), await model.detokenize([id])];
    if (Buffer.compare(a, b) === 0) continue;
    if ((await isWritten(base, id, a)) || (await isWritten(model, id, b))) return null;
    renamed++;
  }
  const notes: string[] = [];
  if (baseSize !== modelSize)
    notes.push(
      `The vocabularies have ${baseSize} and ${modelSize} tokens: the first ${size} are the same, and their probabilities, made to sum to 1, are what the KL divergence is over.`,
    );
  if (renamed > 0)
    notes.push(`${renamed} special or reserved tokens have other names in the two vocabularies.`);
  return { size, notes };
}

/** Whether a text becomes this token. */
async function isWritten(model: LanguageModel, id: number, piece: Uint8Array): Promise<boolean> {
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(piece);
  if (text.includes("\uFFFD")) return true; // a piece of a character: no special token's name
  return (await idsOf(model, text))?.includes(id) ?? false;
}

/** `null` for a text that the tokenizer has no tokens for. */
async function idsOf(model: LanguageModel, text: string): Promise<Int32Array | null> {
  try {
    return (await model.tokenize(text)).ids;
  } catch (error) {
    if (SurprisalError.isInstance(error) && error.code === "INVALID_ARGUMENT") return null;
    throw error;
  }
}

export function sameIds(a: Int32Array, b: Int32Array): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
