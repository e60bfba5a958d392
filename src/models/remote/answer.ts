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
import { isBroken, type Match, TextAlignment } from "./alignment.ts";
import { type AnswerDoubts, AnswerNumbers } from "./answer-numbers.ts";
import { Calls } from "./calls.ts";
import { Certainty } from "./certainty.ts";
import { WholeCharacters } from "./characters.ts";
import { PartPlaces } from "./parts.ts";
import { byteLength, firstFirm, isOfTextAlone, isTrimmed, lettersOf, quoted, spells } from "./pieces.ts";
import { judge, provesCertainty } from "./record.ts";
import { type Held, isSteering, plain, Steering, silenced, withoutHidden } from "./steering.ts";
import { type Piece, pieceOf, type WireToken } from "./wire-token.ts";

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

/** A place in the text. */
interface Here {
  /** Offset, if it is certain. */
  place: number | null;
  /** The furthest offset that it may be. */
  reached: number;
  /** The text from there on, as far as it is searched for tokens that steer; "" where there are none. */
  ahead: string;
}

const CALLS_MISSING =
  "Tokens of a tool call have no record: the call is longer than all that has one, and the server gave no count.";

/** How far the text is searched for a token that it does not go on with, bytes. */
const SEARCHED = 256;

const UNOPENED =
  "The answer has </think> and no <think>: its template opened the thinking, and what stands before is taken for the answer. Start the server with its reasoning parser.";

/** After these a model has written its end-of-text token. */
const ENDS_BY_ITSELF: readonly FinishReason[] = ["stop", "tool-calls", "other"];

export class AnswerAssembler {
  readonly #options: AnswerOptions;
  readonly #alignment = new TextAlignment();
  /** Tokens whose text has not come, or that may be no text. */
  #held: Held[] = [];
  /** So many of them, from the first on, are not certain by themselves. */
  #vague = 0;
  readonly #parts = new PartPlaces();
  readonly #marks: MarkedReasoning;
  /** The part of tokens that are not in the text, once they cannot be compared. */
  #beyond: TokenPart = "answer";
  /** Letters of the tokens of calls. */
  #callLetters = "";
  /** False once text and tokens cannot be compared. */
  #comparable = true;
  /** Text and tokens were found to differ. */
  #differs = false;
  readonly #steering = new Steering();
  readonly #numbers: AnswerNumbers;
  readonly #certainty: Certainty;
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
    this.#options = options;
    this.#numbers = new AnswerNumbers(options);
    this.#certainty = new Certainty(this.#numbers);
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
    const before = calls !== "" && this.#comparable ? this.#unseen() : [];
    if (calls !== "") this.stopComparing("tool-call");
    this.#calls.follow(text + thinking, calls, tokens);
    const held = tokens.map((token) => ({ token, piece: this.#steering.follow(pieceOf(token)) }));
    const records =
      thinking !== "" && text !== "" && held.length > 0 && isOfTextAlone(held, thinking, text)
        ? [...this.#add([], "", thinking), ...this.#add(held, text, "")]
        : this.#add(held, text, thinking);
    // Where a call's tokens have come in chunks of their own, its text says nothing new.
    if (calls !== "" && held.length === 0 && !this.#isSpelled(calls))
      records.push({ text: calls, logprob: null, part: "tool-call" });
    return this.#marks.follow(this.#certainty.follow([...before, ...records]));
  }

  /** Tokens that wait for a text where a call begins: it may be theirs, which shows itself. */
  #unseen(): TokenRecord[] {
    this.#vague = 0;
    return this.#held.splice(0).map((one) => this.#record(silenced(one), "tool-call"));
  }

  #add(held: readonly Held[], text: string, thinking: string): TokenRecord[] {
    for (const one of held) this.#held.push(one); // there may be more than a call takes arguments
    this.#append(thinking, "reasoning");
    this.#append(text, "answer");
    return this.#emit([thinking, text], held.length === 0 && thinking + text !== "");
  }

  /** Records of tokens so far. */
  get tokens(): number {
    return this.#numbers.records;
  }

  /** What has arrived and was not given on, of an answer that breaks off. */
  rest(): TokenRecord[] {
    const records = [...this.#lastCharacters(), ...this.#certainty.follow(this.#emitRest())];
    return [...this.#marks.follow([...records, ...this.#certainty.rest()]), ...this.#marks.flush()];
  }

  /** Halves of characters whose other half did not come. */
  #lastCharacters(): TokenRecord[] {
    const { thinking, answer } = this.#characters;
    return this.#certainty.follow(this.#add([], answer.rest(), thinking.rest()));
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
    this.#comparable = false;
    if (this.#beyond === "answer") this.#beyond = part;
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
    const dropsEnd = endsByItself && this.#endsWithSpecial();
    if (dropsEnd) this.#held.pop();
    const rest = [...last, ...this.#certainty.follow(this.#emitRest()), ...this.#certainty.rest()];
    const records = [...this.#marks.follow(rest), ...this.#marks.flush()];
    if (this.#marks.endsUnopened) this.warn(UNOPENED);
    const tokens = this.#numbers.check(count, endsByItself, dropsEnd);
    this.#numbers.checkConstant();
    if (count === null && this.#calls.areMissing) this.doubt(CALLS_MISSING);
    if (finishReason === "length" && count === null) this.#numbers.checkLength();
    return { records, end: { finishReason, tokens, scored: this.#numbers.scored, ...this.doubts } };
  }

  #append(text: string, part: TokenPart): void {
    if (text === "") return;
    this.#alignment.append(text, this.#parts.begin(part, this.#alignment.end));
  }

  /** The last token is the end-of-text token: one that steers, and that the text does without. */
  #endsWithSpecial(): boolean {
    if (!this.#held.at(-1)?.piece.special) return false;
    const others = this.#held.slice(0, -1).map(({ piece }) => piece);
    return !this.#comparable || this.#differs || this.#alignment.leadsToEnd(others);
  }

  /**
   * @param texts that came, a part each.
   * @param alone they came without tokens.
   */
  #emit(texts: readonly string[], alone: boolean): TokenRecord[] {
    const records: TokenRecord[] = [];
    let next = 0; // of the held ones
    while (this.#comparable && next < this.#held.length) {
      // Tokens that may be no text, or any text, are only certain when the next one is.
      const firm = firstFirm(this.#held, Math.max(next, this.#vague));
      this.#vague = firm === null ? this.#held.length - next : 0;
      if (firm === null) break;
      const group = this.#held.slice(next, firm + 1);
      const before = this.#placeBefore(group);
      const match = this.#match(group, before);
      if (match === "waiting") {
        this.#held.splice(0, next);
        return records;
      }
      next = firm + 1;
      const found =
        match === "matched"
          ? this.#recordsOf(group, before, group.at(-1)!.piece)
          : this.#recover(group, this.#held[next]?.piece);
      for (const record of found) records.push(record);
    }
    this.#held.splice(0, next);
    if (!this.#comparable) {
      const last = this.#held.at(-1);
      const kept = last?.piece.special ? this.#held.splice(-1) : []; // it may be the end-of-text token
      // Not compared are the tokens of a call; the answer's own text is among them all, or it is there without them.
      const lost = !alone && texts.some((text) => !spells(this.#held, text));
      const shown = lost ? this.#held.map(silenced) : this.#held;
      for (const held of shown) records.push(this.#loose(held));
      this.#held = kept;
      if (lost || alone) for (const record of this.#restRecords()) records.push(record);
      this.#alignment.skipRest(); // what came with tokens is what they say
      return records;
    }
    if (this.#held.length > 0) {
      if (!alone) return records;
      const tentative = this.#held.splice(0);
      this.#vague = 0;
      const before = this.#placeBefore(tentative);
      const inText = this.#match(tentative, before) === "matched";
      const found = inText
        ? this.#recordsOf(tentative, before, null)
        : tentative.map(silenced).map((one) => this.#record(one, this.#partFrom(before)));
      for (const record of found) records.push(record);
    }
    const { rest } = this.#alignment;
    if (rest === "" || isBroken(rest)) return records; // tokens may still come that are the halves of a character
    for (const record of this.#restRecords()) records.push(record);
    this.#parts.forgetBefore(this.#alignment.end);
    return records;
  }

  /** The text that no token reaches, as records of their own, a part each. */
  #restRecords(): TokenRecord[] {
    const { reached, end } = this.#alignment;
    const records = this.#parts
      .cut(reached, end)
      .map(({ start, end, part }) => this.#textRecord(this.#alignment.between(start, end), part));
    this.#alignment.skipRest();
    return records;
  }

  /** A token that is not compared with the text: its part is that of the text which has it. */
  #loose(held: Held): TokenRecord {
    const start = this.#alignment.reached;
    const inText =
      this.#alignment.rest.trim() !== "" &&
      (held.piece.special || this.#alignment.match([held.piece]) === "matched");
    return this.#record(held, inText ? this.#parts.of(start, this.#alignment.reached) : this.#beyond);
  }

  #emitRest(): TokenRecord[] {
    const held = this.#held.splice(0);
    const pieces = held.map(({ piece }) => piece);
    if (!this.#comparable) return held.map((one) => this.#loose(one));
    const before = this.#placeBefore(held);
    const inText = this.#match(held, before) === "matched";
    const trimmed = !inText && isTrimmed(pieces);
    const { rest: unread } = this.#alignment;
    const isShown = trimmed && (unread === "" || isBroken(unread));
    const records = inText
      ? this.#recordsOf(held, before, null)
      : held.map((one) =>
          this.#record(isShown && !one.piece.special ? one : silenced(one), this.#partFrom(before)),
        );
    if (!inText && !trimmed)
      this.doubt(`The answer's text does not have the last tokens: ${quoted(pieces)}.`);
    if (isBroken(this.#alignment.rest))
      this.doubt("The answer ends within a character, whose tokens have no numbers.");
    else records.push(...this.#restRecords());
    return records;
  }

  /** Goes on by some tokens. Those that steer are in the text if it goes on with them, where that fits the others. */
  #match(group: readonly Held[], { ahead }: Here): Match {
    if (group.some(isSteering)) {
      const decided = withoutHidden(group, ahead).map(({ piece }) => ({
        ...piece,
        special: piece.special && piece.lossy,
      }));
      if (this.#alignment.match(decided) === "matched") return "matched";
    }
    return this.#alignment.match(group.map(({ piece }) => piece));
  }

  /**
   * Tokens that the text does not go on with. It goes on without them if it has the next token; else what it has before
   * them came without tokens (a server that waits whether "<" begins a tag loses the token); else they are not in it.
   */
  #recover(group: readonly Held[], next: Piece | undefined): TokenRecord[] {
    this.#differ();
    const ahead = this.#ahead();
    const { piece } = group.at(-1)!;
    const goesOn = next !== undefined && next.text !== "" && ahead.startsWith(next.text);
    const gap = ahead.slice(0, Math.max(0, ahead.indexOf(piece.text)));
    const isThere = !goesOn && gap !== "" && !piece.bytes;
    const { reached } = this.#alignment;
    const part = this.#parts.of(reached, reached);
    const found = isThere && this.#alignment.match([plain(gap), piece]) === "matched";
    const records = group.map((one, i) =>
      this.#record(found && i === group.length - 1 ? one : silenced(one), part),
    );
    if (found) records.splice(-1, 0, this.#textRecord(gap, part));
    return records;
  }

  /** @param firm the last of the group, if it has certain bytes. */
  #recordsOf(group: readonly Held[], before: Here, firm: Piece | null): TokenRecord[] {
    const run = firm ? group.slice(0, -1) : group;
    const text = run.length > 0 ? this.#textOf(before.place, firm) : null;
    const shown = withoutHidden(run, text ?? this.#passed(before));
    const last = shown.findLastIndex(({ piece }) => piece.lossy);
    const isTrue = text !== null && shown.every(({ piece }) => piece.lossy || piece.text === "");
    if (isTrue && firm === null && last >= 0 && this.#alignment.rest !== "") {
      this.#alignment.skipRest(); // the last token has it, though it is more than its own
      this.#numbers.takeTextAlone();
    }
    const { reached } = this.#alignment;
    const runEnd = firm ? Math.max(before.reached, reached - byteLength(firm)) : reached;
    const runPart = this.#parts.of(before.reached, runEnd);
    const firmPart = this.#parts.before(reached) ?? runPart;
    this.#parts.forgetBefore(before.reached);
    return group.map((held, i) => {
      const one = shown[i] ?? held;
      if (!isTrue || !one.piece.lossy) return this.#record(one, i < run.length ? runPart : firmPart);
      return this.#record({ ...one, piece: { ...one.piece, text: i === last ? text : "" } }, runPart);
    });
  }

  /** Whether the tokens of calls say what a call says. */
  #isSpelled(calls: string): boolean {
    return this.#callLetters !== "" && this.#callLetters.includes(lettersOf(calls));
  }

  /** The part of tokens that are not in the text there. */
  #partFrom({ reached }: Here): TokenPart {
    return this.#parts.of(reached, reached);
  }

  /** The place before some tokens. */
  #placeBefore(held: readonly Held[]): Here {
    const { place, reached } = this.#alignment;
    return { place, reached, ahead: held.some(isSteering) ? this.#ahead() : "" };
  }

  #ahead(): string {
    const { place, end } = this.#alignment;
    if (place === null) return this.#alignment.rest.slice(0, SEARCHED);
    return this.#alignment.between(place, Math.min(place + SEARCHED, end));
  }

  /** The text from there to the place reached, or all that follows where they are not certain. */
  #passed({ place: start, ahead }: Here): string {
    const { place } = this.#alignment;
    return start === null || place === null ? ahead : this.#alignment.between(start, place);
  }

  /** The true text of a run of lossy tokens, when it is certain where it begins and ends; else `null`. */
  #textOf(start: number | null, firm: Piece | null): string | null {
    const reached = firm ? this.#alignment.place : this.#alignment.end;
    if (start === null || reached === null) return null;
    const end = reached - (firm ? new TextEncoder().encode(firm.text).length : 0);
    if (end < start || (firm && this.#alignment.between(end, reached) !== firm.text)) return null;
    return this.#alignment.between(start, end);
  }

  #record({ token, piece }: Held, part: TokenPart): TokenRecord {
    if (part === "tool-call") this.#callLetters += lettersOf(piece.text);
    const logprob = this.#numbers.take(token);
    const k = this.#options.alternatives ?? Number.POSITIVE_INFINITY;
    const { record, warning } = judge(token, piece, logprob, k);
    if (warning !== null) this.warn(warning);
    if (logprob !== null && record.logprob === null) this.#numbers.takeBack();
    else if (logprob !== null && warning === null && provesCertainty(token)) this.#certainty.believe();
    return withPart(record, part);
  }

  #textRecord(text: string, part: TokenPart): TokenRecord {
    this.#numbers.takeTextAlone();
    return withPart({ text, logprob: null }, part);
  }

  #differ(): void {
    this.#differs = true;
    this.doubt(
      "The tokens are not those of the answer's text: some were lost, repeated or changed on the way.",
    );
  }
}

const withPart = (record: TokenRecord, part: TokenPart): TokenRecord =>
  part === "answer" ? record : { ...record, part };
