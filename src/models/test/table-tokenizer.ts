/** A tokenizer by table: always the longest symbol that fits. */
import { checkWellFormed, invalidArgument } from "../../core/index.ts";
import { checkedIds } from "../checks.ts";
import type { RequestVocabulary } from "../encode-request.ts";
import type { TokenizedText, TokenizeOptions } from "../language-model.ts";

export interface TableTokenizerOptions {
  /** [V] what each token stands for, all different: text, or bytes. */
  symbols: readonly (string | Uint8Array)[];
  /** Id of the beginning-of-sequence token among the symbols; `null` = none. Default null. */
  bos?: number | null | undefined;
  /** Id of the end-of-sequence token among the symbols; `null` = none. Default null. */
  eos?: number | null | undefined;
  /** BOS is put in front of every text. Default: whether there is a BOS. */
  addsBos?: boolean | undefined;
}

export class TableTokenizer implements RequestVocabulary {
  readonly size: number;
  readonly bos: number | null;
  readonly eos: number | null;
  readonly addsBos: boolean;
  readonly #pieces: readonly Uint8Array[];
  /** Ids by the first byte of their piece, longest piece first. */
  readonly #byFirstByte = new Map<number, number[]>();

  /** @throws SurprisalError INVALID_ARGUMENT. */
  constructor({ symbols, bos = null, eos = null, addsBos = bos !== null }: TableTokenizerOptions) {
    this.#pieces = symbols.map((symbol) =>
      typeof symbol === "string" ? new TextEncoder().encode(symbol) : symbol,
    );
    this.size = symbols.length;
    for (const id of [bos, eos])
      if (id !== null && !this.#pieces[id]) throw invalidArgument(`Symbol ${id} does not exist`, "bos, eos");
    if (addsBos && bos === null) throw invalidArgument("A model without BOS cannot add it", "addsBos");
    this.bos = bos;
    this.eos = eos;
    this.addsBos = addsBos;
    for (const [id, piece] of this.#pieces.entries()) {
      if (piece.length === 0) throw invalidArgument(`Symbol ${id} is empty`, "symbols");
      const list = this.#byFirstByte.get(piece[0]!) ?? [];
      list.push(id);
      list.sort((a, b) => this.#pieces[b]!.length - this.#pieces[a]!.length || a - b);
      this.#byFirstByte.set(piece[0]!, list);
    }
  }

  async tokenize(text: string, options: TokenizeOptions = {}): Promise<TokenizedText> {
    checkWellFormed(text, "text");
    const bytes = new TextEncoder().encode(text);
    const ids: number[] = [];
    const offsets: number[] = [];
    if (options.addSpecial && this.addsBos) {
      ids.push(this.bos!);
      offsets.push(0);
    }
    for (let at = 0; at < bytes.length; ) {
      const id = this.#longestAt(bytes, at, options.parseSpecial ?? false);
      ids.push(id);
      offsets.push(at);
      at += this.#pieces[id]!.length;
    }
    offsets.push(bytes.length);
    return { ids: Int32Array.from(ids), byteOffsets: Uint32Array.from(offsets) };
  }

  piece(id: number): Uint8Array {
    return this.#pieces[id]!;
  }

  /** EOS, and nothing else. */
  endsGeneration(id: number): boolean {
    return id === this.eos;
  }

  detokenize(ids: ArrayLike<number>): Uint8Array {
    checkedIds(ids, this.size);
    return Uint8Array.from(Array.from(ids).flatMap((id) => [...this.piece(id)]));
  }

  #longestAt(bytes: Uint8Array, at: number, parseSpecial: boolean): number {
    const found = this.#byFirstByte.get(bytes[at]!)?.find((id) => {
      if (!parseSpecial && (id === this.bos || id === this.eos)) return false;
      return this.#pieces[id]!.every((byte, i) => bytes[at + i] === byte);
    });
    if (found !== undefined) return found;
    throw invalidArgument("No symbol of this model begins the rest of the text", `byte ${at}`);
  }
}
