/**
 * Puts a generated answer together: from a server's pieces to token records, and to what can be said at their end.
 *
 * The records' texts are the server's text, also where its tokens say something else: then numbers are in doubt, not the
 * text. Tokens that are no part of it, such as `<think>`, are records with the text "". Each record says which part of the
 * answer it belongs to.
 */
import type { SurprisalError, TokenPart, TokenRecord } from "../../core/index.ts";
import type { FinishReason, GenerationEnd } from "../language-model.ts";
import { MarkedReasoning } from "../reasoning-marks.ts";
import { type AnswerDoubts, AnswerNumbers } from "./answer-numbers.ts";
import { Calls } from "./calls.ts";
import { Certainty } from "./certainty.ts";
import { WholeCharacters } from "./characters.ts";
import { isOfTextAlone } from "./pieces.ts";
import { Steering } from "./steering.ts";
import { TokenTexts } from "./token-texts.ts";
import { pieceOf, type WireToken } from "./wire-token.ts";

export interface AnswerOptions {
  /** What the model was given, where that is a text: it may end with `<think>`. */
  prompt?: string | undefined;
  /** Alternatives per token that were asked for. Default: as many as the server gives. */
  alternatives?: number | undefined;
  /** Most tokens that were asked for, to check an answer that ended for its length and has no count. */
  maxTokens?: number | undefined;
  /**
   * Whether this server counts an end-of-text token that it gives no record for. Left out: unknown, so that one token
   * more than records is none missing.
   */
  countsEndOfText?: boolean | undefined;
}

/** What a server says when it has finished. */
export interface AnswerEnd {
  finishReason: FinishReason;
  /** Tokens written, as the server counts them, with or without the end-of-text token; `null` when it does not say. */
  tokens: number | null;
}

/** A piece of the answer: text, and the tokens that came with it. */
export interface AnswerPiece {
  text: string;
  tokens: readonly WireToken[];
  /** What the model thought before `text`, where the server shows it apart. */
  thinking?: string | undefined;
  /** What the model wrote to call a tool, as the server shows it: the name and the arguments, rewritten. */
  calls?: string | undefined;
}

const CALLS_MISSING =
  "Tokens of a tool call have no record: the call is longer than all that has one, and the server gave no count.";

const UNOPENED =
  "The answer has </think> and no <think>: its template opened the thinking, and what stands before is taken for the answer. Start the server with its reasoning parser.";

/** After these a model has written its end-of-text token. */
const ENDS_BY_ITSELF: readonly FinishReason[] = ["stop", "tool-calls", "other"];

export class AnswerAssembler {
  readonly #marks: MarkedReasoning;
  readonly #steering = new Steering();
  readonly #numbers: AnswerNumbers;
  readonly #certainty: Certainty;
  readonly #texts: TokenTexts;
  readonly #calls = new Calls();
  readonly #characters = {
    thinking: new WholeCharacters(),
    answer: new WholeCharacters(),
    calls: new WholeCharacters(),
  };
  /** What the server says went wrong, after what it had written. */
  failure: SurprisalError | null = null;
  /** The server said why the answer ended; only counts may follow. */
  #ended = false;

  constructor(options: AnswerOptions = {}) {
    this.#numbers = new AnswerNumbers(options);
    this.#certainty = new Certainty(this.#numbers);
    this.#texts = new TokenTexts(this.#numbers, this.#certainty, options.alternatives);
    this.#marks = new MarkedReasoning(options.prompt);
  }

  /** @returns the records that are complete: their text has come, and they are not the end-of-text token. */
  add(piece: AnswerPiece): TokenRecord[] {
    const { tokens } = piece;
    const said = `${piece.text}${piece.thinking ?? ""}${piece.calls ?? ""}`;
    if (this.#ended && (tokens.length > 0 || said !== ""))
      this.doubt("The answer goes on after its end: its events are not in order.");
    const text = this.#characters.answer.next(piece.text);
    const thinking = this.#characters.thinking.next(piece.thinking ?? "");
    const calls = this.#characters.calls.next(piece.calls ?? "");
    const before = calls === "" ? [] : this.#texts.unseen();
    if (calls !== "") this.stopComparing("tool-call");
    this.#calls.follow(text + thinking, calls, tokens);
    const held = tokens.map((token) => ({ token, piece: this.#steering.follow(pieceOf(token)) }));
    const records =
      thinking !== "" && text !== "" && held.length > 0 && isOfTextAlone(held, thinking, text)
        ? [...this.#texts.add([], "", thinking), ...this.#texts.add(held, text, "")]
        : this.#texts.add(held, text, thinking);
    // Where a call's tokens have come in chunks of their own, its text says nothing new.
    if (calls !== "" && held.length === 0 && !this.#texts.isSpelled(calls)) {
      records.push({ text: calls, logprob: null, part: "tool-call" });
      this.#texts.showCall(calls);
    }
    return this.#marks.follow(this.#certainty.follow([...before, ...records]));
  }

  /** Records of tokens so far. */
  get tokens(): number {
    return this.#numbers.records;
  }

  /** What has arrived and was not given on, of an answer that breaks off. */
  rest(): TokenRecord[] {
    const records = [...this.#lastCharacters(), ...this.#certainty.follow(this.#texts.rest())];
    return [...this.#marks.follow([...records, ...this.#certainty.rest()]), ...this.#marks.flush()];
  }

  /** Halves of characters whose other half did not come. */
  #lastCharacters(): TokenRecord[] {
    const { thinking, answer } = this.#characters;
    return this.#certainty.follow(this.#texts.add([], answer.rest(), thinking.rest()));
  }

  /** To be called when the server has said why the answer ended. */
  markEnd(): void {
    this.#ended = true;
  }

  /**
   * What the tokens say is not what the text says, and rightly so: tool calls, for example, are rewritten.
   * @param part of the tokens that are not in the text.
   */
  stopComparing(part: TokenPart = "answer"): void {
    this.#texts.stopComparing(part);
  }

  /** Something a person should know about the numbers. */
  warn(warning: string): void {
    this.#numbers.warn(warning);
  }

  /** Numbers are missing, or may be. */
  doubt(warning: string): void {
    this.#numbers.doubt(warning);
  }

  /** What is known before the end. */
  get doubts(): AnswerDoubts {
    return this.#numbers.doubts;
  }

  finish({ finishReason, tokens: count }: AnswerEnd): {
    records: TokenRecord[];
    end: Omit<GenerationEnd, "provenance">;
  } {
    const endsByItself = ENDS_BY_ITSELF.includes(finishReason);
    const last = this.#lastCharacters();
    const dropsEnd = endsByItself && this.#texts.dropEnd();
    const rest = [...last, ...this.#certainty.follow(this.#texts.rest()), ...this.#certainty.rest()];
    const records = [...this.#marks.follow(rest), ...this.#marks.flush()];
    if (this.#marks.endsUnopened) this.warn(UNOPENED);
    const tokens = this.#numbers.check(count, endsByItself, dropsEnd);
    this.#numbers.checkConstant();
    if (count === null && this.#calls.areMissing) this.doubt(CALLS_MISSING);
    if (finishReason === "length" && count === null) this.#numbers.checkLength();
    return { records, end: { finishReason, tokens, scored: this.#numbers.scored, ...this.doubts } };
  }
}
