/**
 * WordPiece as HuggingFace's BERT tokenizers have it: texts are cleaned, lower-cased and stripped of accents as the file says, cut
 * at white space, punctuation and Chinese characters, and each word into the longest pieces from its beginning.
 *
 * llama.cpp has a tokenizer of the kind, and other ids than the model was trained with for combining and invisible characters
 * (emoji with U+FE0F, decomposed accents, Arabic and Hebrew points), Korean, and words of more than 100 characters:
 * docs/embedding.md has the list.
 * Source: huggingface/tokenizers, src/normalizers/bert.rs, src/pre_tokenizers/bert.rs, src/models/wordpiece/mod.rs.
 */
import { checkWellFormed } from "../../../core/index.ts";

/** In front of pieces that begin a word. */
const BEGIN = "\u2581";
/** A longer word is unknown as a whole, characters. */
const LONGEST_WORD = 100;

const INVISIBLE = /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu;
const CHINESE =
  /[\u4e00-\u9fff\u3400-\u4dbf\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\uf900-\ufaff\u{2f800}-\u{2fa1f}]/gu;
const ACCENTS = /\p{Mn}/gu;
/** ASCII counts as punctuation where Unicode has symbols: $ + < = > ^ ` | ~ */
const WORDS = /[\p{P}$+<=>^`|~]|[^\p{White_Space}\p{P}$+<=>^`|~]+/gu;

/** What a file says of its tokenizer. */
export interface WordPieceRules {
  lowercase: boolean;
  stripAccents: boolean;
  /** Token of a word that cannot be written with the pieces. */
  unknown: number;
}

export class WordPiece {
  readonly #rules: WordPieceRules;
  /** Pieces that begin a word, and those that go on with one. */
  readonly #first = new Map<string, number>();
  readonly #rest = new Map<string, number>();
  /** UTF-16 units of the longest piece. */
  #longest = 1;

  /** @param tokens by id, as a GGUF file has them. */
  constructor(tokens: readonly string[], rules: WordPieceRules) {
    this.#rules = rules;
    for (const [id, token] of tokens.entries()) {
      if (token.startsWith("[") && token.endsWith("]")) continue; // special
      const begins = token.startsWith(BEGIN);
      const piece = begins ? token.slice(BEGIN.length) : token;
      (begins ? this.#first : this.#rest).set(piece, id);
      this.#longest = Math.max(this.#longest, piece.length);
    }
  }

  /** Ids of a text, special tokens neither added nor read. @throws SurprisalError INVALID_ARGUMENT: half a surrogate pair */
  encode(text: string): number[] {
    checkWellFormed(text, "text");
    const ids: number[] = [];
    for (const [word] of this.#normalised(text).matchAll(WORDS)) this.#encodeWord(word, ids);
    return ids;
  }

  #normalised(text: string): string {
    const { lowercase, stripAccents } = this.#rules;
    const spaced = text.replace(INVISIBLE, "").replace(CHINESE, " $& ");
    const bare = stripAccents ? spaced.normalize("NFD").replace(ACCENTS, "") : spaced;
    if (!lowercase) return bare;
    // Characters one by one: a whole text's last sigma of a word would become another letter.
    return bare.includes("\u03a3")
      ? Array.from(bare, (character) => character.toLowerCase()).join("")
      : bare.toLowerCase();
  }

  #encodeWord(word: string, ids: number[]): void {
    const before = ids.length;
    if (word.length > LONGEST_WORD && Array.from(word).length > LONGEST_WORD) {
      ids.push(this.#rules.unknown);
      return;
    }
    for (let at = 0; at < word.length; ) {
      const pieces = at === 0 ? this.#first : this.#rest;
      let end = Math.min(word.length, at + this.#longest);
      let id: number | undefined;
      for (; end > at; end--) {
        id = pieces.get(word.slice(at, end));
        if (id !== undefined) break;
      }
      if (id === undefined) {
        ids.length = before;
        ids.push(this.#rules.unknown);
        return;
      }
      ids.push(id);
      at = end;
    }
  }
}
