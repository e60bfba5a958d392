/** The vocabulary of a BERT tokenizer (tokenizer.json) as a GGUF file has it. */
import type { WrittenValue } from "../gguf/index.ts";
import type { Json, JsonFile } from "./json-file.ts";

const MOST_TOKENS = 2 ** 20;
/** enum llama_token_type */
const NORMAL = 1;
const CONTROL = 3;
/** HuggingFace's names of special tokens, and the keys of a GGUF file ("seperator" is spelt so there). */
const SPECIAL: readonly (readonly [token: string, key: string])[] = [
  ["[CLS]", "bos_token_id"],
  ["[SEP]", "eos_token_id"],
  ["[UNK]", "unknown_token_id"],
  ["[SEP]", "seperator_token_id"],
  ["[PAD]", "padding_token_id"],
  ["[CLS]", "cls_token_id"],
  ["[MASK]", "mask_token_id"],
];

/**
 * Metadata of the tokenizer: word-initial pieces with U+2581 in front, pieces of a word's rest without "##", as llama.cpp's
 * own conversion writes them (conversion/bert.py, `set_vocab`).
 * @throws SurprisalError CONVERSION_FAILED for a tokenizer of another kind, and for a vocabulary with holes or doubles.
 */
export function vocabularyMetadata(tokenizer: JsonFile): [string, WrittenValue][] {
  const model = tokenizer.child("model");
  model.require("type", "WordPiece");
  model.require("continuing_subword_prefix", "##");
  model.require("unk_token", "[UNK]");
  model.require("max_input_chars_per_word", 100);
  const normalizer = tokenizer.child("normalizer");
  normalizer.require("type", "BertNormalizer");
  normalizer.require("clean_text", true);
  normalizer.require("handle_chinese_chars", true);
  normalizer.require("lowercase", true, false);
  normalizer.require("strip_accents", true, false, null);
  tokenizer.child("pre_tokenizer").require("type", "BertPreTokenizer");
  const lowercase = normalizer.get("lowercase") === true;
  const tokens = tokensOf(model);
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const special = new Set(SPECIAL.map(([token]) => token));
  for (const token of special) if (!ids.has(token)) throw model.fails("vocab", `It has no token ${token}`);
  const written = tokens.map(pieceOf);
  if (new Set(written).size !== written.length)
    throw model.fails("vocab", "Two tokens are the same but for their marks");
  return [
    ["tokenizer.ggml.model", { type: "str", value: "bert" }],
    ["tokenizer.ggml.pre", { type: "str", value: "default" }],
    ["tokenizer.ggml.token_type_count", { type: "u32", value: 2 }],
    ["tokenizer.ggml.tokens", { type: "arr", elementType: "str", values: written }],
    [
      "tokenizer.ggml.token_type",
      {
        type: "arr",
        elementType: "i32",
        values: tokens.map((token) => (special.has(token) ? CONTROL : NORMAL)),
      },
    ],
    ...SPECIAL.map(([token, key]): [string, WrittenValue] => [
      `tokenizer.ggml.${key}`,
      { type: "u32", value: ids.get(token)! },
    ]),
    ["tokenizer.ggml.normalizer.lowercase", { type: "bool", value: lowercase }],
    [
      "tokenizer.ggml.normalizer.strip_accents",
      { type: "bool", value: (normalizer.get("strip_accents") ?? lowercase) === true },
    ],
  ];
}

function pieceOf(token: string): string {
  if (token.startsWith("[") && token.endsWith("]")) return token;
  return token.startsWith("##") ? token.slice(2) : `\u2581${token}`;
}

/** [V] the texts by id. */
function tokensOf(model: JsonFile): string[] {
  const vocabulary = model.get("vocab");
  const entries =
    typeof vocabulary === "object" && vocabulary !== null ? Object.entries(vocabulary as Json) : [];
  if (entries.length === 0 || entries.length > MOST_TOKENS)
    throw model.fails("vocab", `A vocabulary of ${entries.length} tokens`);
  const tokens: string[] = new Array(entries.length);
  let named = 0;
  for (const [token, id] of entries) {
    if (typeof id !== "number" || !Number.isInteger(id) || id < 0 || id >= entries.length)
      throw model.fails("vocab", `${JSON.stringify(id)} is no number of one of ${entries.length} tokens`);
    if (tokens[id] === undefined) named++;
    tokens[id] = token;
  }
  if (named !== entries.length) throw model.fails("vocab", "Two tokens have the same number");
  return tokens;
}
