/**
 * Puts tokens beside the text that they are in: each waits until its text has come, and is then a record. Where text and
 * tokens differ, the text is right.
 */
import type { TokenPart, TokenRecord } from "../../core/index.ts";
import { isBroken, type Match, TextAlignment } from "./alignment.ts";
import type { AnswerNumbers } from "./answer-numbers.ts";
import type { Certainty } from "./certainty.ts";
import { PartPlaces } from "./parts.ts";
import { byteLength, firstFirm, isTrimmed, lettersOf, quoted, spells } from "./pieces.ts";
import { judge, provesCertainty } from "./record.ts";
import { type Held, isSteering, plain, silenced, withoutHidden } from "./steering.ts";
import type { Piece } from "./wire-token.ts";

/** A place in the text. */
interface Here {
  /** Offset, if it is certain. */
  place: number | null;
  /** The furthest offset that it may be. */
  reached: number;
  /** The text from there on, as far as it is searched for tokens that steer; "" where there are none. */
  ahead: string;
}

/** How far the text is searched for a token that it does not go on with, bytes. */
const SEARCHED = 256;

export class TokenTexts {
  readonly #numbers: AnswerNumbers;
  readonly #certainty: Certainty;
  readonly #alternatives: number;
  readonly #alignment = new TextAlignment();
  /** Tokens whose text has not come, or that may be no text. */
  #held: Held[] = [];
  /** So many of them, from the first on, are not certain by themselves. */
  #vague = 0;
  readonly #parts = new PartPlaces();
  /** The part of tokens that are not in the text, once they cannot be compared. */
  #beyond: TokenPart = "answer";
  /** Letters of the tokens of calls. */
  #callLetters = "";
  /** Letters of a call whose text came before its tokens, as far as they are to come; `null` = there is none. */
  #shownLetters: string | null = null;
  /** False once text and tokens cannot be compared. */
  #comparable = true;
  /** Text and tokens were found to differ. */
  #differs = false;

  /** @param alternatives per token that are kept. Default: all. */
  constructor(numbers: AnswerNumbers, certainty: Certainty, alternatives: number = Number.POSITIVE_INFINITY) {
    this.#numbers = numbers;
    this.#certainty = certainty;
    this.#alternatives = alternatives;
  }

  /** Takes tokens, and what of the text came with them. @returns the records that are complete with this. */
  add(held: readonly Held[], text: string, thinking: string): TokenRecord[] {
    for (const one of held) this.#held.push(one); // there may be more than a call takes arguments
    this.#append(thinking, "reasoning");
    this.#append(text, "answer");
    return this.#emit([thinking, text], held.length === 0 && thinking + text !== "");
  }

  /** Tokens that wait for a text where a call begins: it may be theirs, which shows itself. None where nothing is compared. */
  unseen(): TokenRecord[] {
    if (!this.#comparable) return [];
    this.#vague = 0;
    return this.#held.splice(0).map((one) => this.#record(silenced(one), "tool-call"));
  }

  /** What the tokens say is not what the text says: {@link AnswerAssembler.stopComparing}. */
  stopComparing(part: TokenPart): void {
    this.#comparable = false;
    if (this.#beyond === "answer") this.#beyond = part;
  }

  /** Leaves out the end-of-text token, where the last token is one. @returns whether it was. */
  dropEnd(): boolean {
    const dropsEnd = this.#endsWithSpecial();
    if (dropsEnd) this.#held.pop();
    return dropsEnd;
  }

  /** The text of a call is a record of its own: tokens that come after it and say the same have none. */
  showCall(calls: string): void {
    this.#shownLetters = (this.#shownLetters ?? "") + lettersOf(calls);
  }

  /** Whether a token of a call says what its text has said. */
  #isShown(letters: string): boolean {
    if (this.#shownLetters === null) return false;
    const isNext = this.#shownLetters.startsWith(letters);
    this.#shownLetters = isNext ? this.#shownLetters.slice(letters.length) : null;
    return isNext;
  }

  /** Whether the tokens of calls say what a call says. */
  isSpelled(calls: string): boolean {
    return this.#callLetters !== "" && this.#callLetters.includes(lettersOf(calls));
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

  /** Records of all that waits, where nothing more comes. */
  rest(): TokenRecord[] {
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
      this.#numbers.doubt(`The answer's text does not have the last tokens: ${quoted(pieces)}.`);
    if (isBroken(this.#alignment.rest))
      this.#numbers.doubt("The answer ends within a character, whose tokens have no numbers.");
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
    if (part === "tool-call") {
      const letters = lettersOf(piece.text);
      this.#callLetters += letters;
      if (this.#isShown(letters)) piece = silenced({ token, piece }).piece;
    }
    const logprob = this.#numbers.take(token);
    const { record, warning } = judge(token, piece, logprob, this.#alternatives);
    if (warning !== null) this.#numbers.warn(warning);
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
    this.#numbers.doubt(
      "The tokens are not those of the answer's text: some were lost, repeated or changed on the way.",
    );
  }
}

const withPart = (record: TokenRecord, part: TokenPart): TokenRecord =>
  part === "answer" ? record : { ...record, part };
