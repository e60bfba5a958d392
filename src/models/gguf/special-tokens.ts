/** Which tokens begin and end texts, and which of them a tokenizer adds. Source: src/llama-vocab.cpp (`impl::load`). */
import { readArrayBytes } from "./reader.ts";
import type { GgufFile } from "./types.ts";

/** Kinds of tokenizers that merge pairs. */
export const WITH_MERGES: ReadonlySet<string> = new Set(["gpt2", "hybriddna", "whitespace", "gemma4"]);

/** Splitting rules that come with a beginning-of-sequence token even when the file does not say so. */
const ADDS_BOS = new Set(
  `llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano tekken chameleon gemma4
  granite-embed-multi-311m`.split(/\s+/),
);

/** Ids that llama.cpp assumes when the file names none. For byte-pair vocabularies it assumes 11, which is nonsense. */
const DEFAULT_BOS: Readonly<Record<string, number>> = { llama: 1, plamo2: 1, bert: 101 };
const DEFAULT_EOS: Readonly<Record<string, number>> = { llama: 2, plamo2: 2, t5: 1 };

/** Ends of a turn that llama.cpp knows by their text, where the file names none; those of chats before those of texts. */
const ENDS_OF_TURN = [
  "<|eot_id|>",
  "<|im_end|>",
  "<|end|>",
  "<end_of_turn>",
  "<end_of_utterance>",
  "<EOT>",
  "_<EOT>",
  "[EOT]",
  "<｜end▁of▁sentence｜>",
  "<|end_of_text|>",
  "<|endoftext|>",
];

/** What a file says of its tokenizer; `null`: nothing. */
interface Stated {
  /** `tokenizer.ggml.model` and `tokenizer.ggml.pre`; "" = nothing. */
  model: string;
  preTokenizer: string;
  bos: number | null;
  eos: number | null;
  addsBos: boolean | null;
  addsEos: boolean | null;
}

export interface SpecialTokens {
  bos: number | null;
  eos: number | null;
  addsBos: boolean;
  addsEos: boolean;
}

/** What llama.cpp makes of it. */
export function specialTokens({ model, preTokenizer, bos, eos, addsBos, addsEos }: Stated): SpecialTokens {
  const byRule =
    model === "llama" ||
    model === "bert" ||
    model === "gemma4" ||
    (WITH_MERGES.has(model) && ADDS_BOS.has(preTokenizer));
  return {
    bos: bos ?? DEFAULT_BOS[model] ?? null,
    eos: eos ?? DEFAULT_EOS[model] ?? null,
    addsBos: addsBos ?? byRule,
    addsEos: addsEos ?? model === "t5",
  };
}

/** The same of a file that was not checked: what has a wrong type counts as not said. @param texts of all tokens. */
export function specialTokensOf(
  { metadata }: GgufFile,
  texts: readonly string[],
): SpecialTokens & { eot: number | null } {
  const text = (key: string) => {
    const entry = metadata.get(`tokenizer.ggml.${key}`);
    return entry?.type === "str" ? entry.value : "";
  };
  const id = (name: string) => {
    const entry = metadata.get(`tokenizer.ggml.${name}_token_id`);
    return entry?.type === "u32" ? entry.value : null;
  };
  const flag = (key: string) => {
    const entry = metadata.get(`tokenizer.ggml.${key}`);
    return entry?.type === "bool" ? entry.value : null;
  };
  const known = ENDS_OF_TURN.map((one) => texts.indexOf(one)).find((index) => index >= 0) ?? null;
  return {
    ...specialTokens({
      model: text("model"),
      preTokenizer: text("pre"),
      bos: id("bos"),
      eos: id("eos"),
      addsBos: flag("add_bos_token"),
      addsEos: flag("add_eos_token"),
    }),
    eot: id("eot") ?? known,
  };
}

/** The texts of a file's tokens, as the vocabulary has them; none where it has no list of texts. */
export function tokenTextsOf({ path, metadata }: GgufFile): string[] {
  const array = metadata.get("tokenizer.ggml.tokens");
  if (array?.type !== "arr" || array.elementType !== "str") return [];
  const bytes = readArrayBytes(path, array);
  const texts: string[] = [];
  for (let at = 0; texts.length < array.length; ) {
    const length = bytes.readUInt32LE(at);
    texts.push(bytes.toString("utf8", at + 8, at + 8 + length));
    at += 8 + length;
  }
  return texts;
}
