/**
 * A text as sentences that lie one behind the other without a gap, each with its place; read piece by piece, with the same
 * sentences however it is cut into pieces.
 */

/** A stretch of a text: a sentence with the white space behind it. */
export interface Sentence {
  /** As it stands in the text, white space and all. */
  text: string;
  /** UTF-16 code units before it. */
  start: number;
  /** Within a fenced block of code, or the line that opens or closes it. */
  isCode: boolean;
}

/** Marks behind which a sentence may end, if white space follows. */
const MARKS = ".!?\u2026";
/** Those that end one without it. */
const FULL_WIDTH = "\u3002\uff01\uff1f\uff61";
const CLOSING = /["'\u2019\u201d\u300d\u300f\u300b\uff09)\]}*_]/;
const SPACE = /[ \t\u00a0\u3000]/;
const ANY_MARK = /[.!?\u2026\u3002\uff01\uff1f\uff61\n\r]/g;
/** What is looked at before and behind a mark, at most: the rest of the text does not decide. */
const BEFORE = 16;
const BEHIND = 8;

/** "Dr. Who", "Fig. 3", "et al. (2020)", "J. Smith", "Jan. 5": the point ends no sentence. */
const TITLE =
  /(?:^|[^\p{L}])(?:Dr|Mr|Mrs|Ms|Prof|St|Mt|Gen|Sen|Rep|Lt|Col|vs|cf|e\.g|i\.e|approx|ca|ed|eds|\p{Lu})$/u;
const BEFORE_NUMBER =
  /(?:^|[^\p{L}])(?:al|No|Nos|Vol|Fig|Figs|Eq|Sec|Ch|p|pp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)$/u;

const FENCE = /^\s{0,3}(?:```|~~~)/;

/** The sentences of a text that arrives. */
export class SentenceStream {
  /** Of the sentence that is not over: what has been looked at, in pieces, and what has not. */
  #done: string[] = [];
  #doneLength = 0;
  /** The last `BEFORE` characters that have been looked at. */
  #before = "";
  #tail = "";
  #start = 0;
  #inFence = false;
  #beginsLine = true;

  /** @returns the sentences that are over. */
  push(text: string): Sentence[] {
    this.#tail += text;
    return this.#read(false);
  }

  /** Ends the text. @returns what is left of it. */
  finish(): Sentence[] {
    const found = this.#read(true);
    if (this.#doneLength + this.#tail.length > 0) found.push(this.#cut(this.#tail.length));
    return found;
  }

  #read(isEnd: boolean): Sentence[] {
    const found: Sentence[] = [];
    let at = 0;
    for (;;) {
      ANY_MARK.lastIndex = at;
      const mark = ANY_MARK.exec(this.#tail);
      at = mark ? mark.index : this.#tail.length;
      if (!mark) break;
      const end = this.#endAt(at, isEnd);
      if (end === "unknown") break;
      if (end === null) at++;
      else {
        found.push(this.#cut(end));
        at = 0;
      }
    }
    this.#keep(at);
    return found;
  }

  /** Where a sentence ends whose mark is at `at`; `null`: none does; "unknown": what follows decides. */
  #endAt(at: number, isEnd: boolean): number | null | "unknown" {
    const tail = this.#tail;
    const mark = tail[at]!;
    if (mark === "\n" || mark === "\r") return this.#endOfLine(at, isEnd);
    const isFullWidth = FULL_WIDTH.includes(mark);
    if (!isFullWidth && !MARKS.includes(mark)) return null;
    let end = at + 1;
    while (end < tail.length && end - at <= 3 && CLOSING.test(tail[end]!)) end++;
    if (end === tail.length && !isEnd) return "unknown";
    if (isFullWidth) return FULL_WIDTH.includes(tail.charAt(end) || " ") ? null : end;
    if (!SPACE.test(tail.charAt(end) || "x")) return null;
    const behind = end;
    while (end < tail.length && end - behind < BEHIND && SPACE.test(tail[end]!)) end++;
    if (end === tail.length && !isEnd) return "unknown";
    const next = tail.charAt(end);
    if (/\p{Ll}/u.test(next)) return null;
    if (mark === "." && end > behind) {
      const word = (this.#before + tail.slice(0, at)).slice(-BEFORE);
      if (TITLE.test(word) || (/[\d([]/.test(next) && BEFORE_NUMBER.test(word))) return null;
    }
    return end;
  }

  /** A line that is broken within a sentence goes on with a small letter. Code and its fences are cut at every line. */
  #endOfLine(at: number, isEnd: boolean): number | null | "unknown" {
    const tail = this.#tail;
    if (at + 1 === tail.length && !isEnd) return "unknown";
    if (tail[at] === "\r" && tail[at + 1] === "\n") return null;
    if (this.#inFence || !/[a-z]/.test(tail.charAt(at + 1))) return at + 1;
    return this.#isFence(at + 1) ? at + 1 : null;
  }

  #isFence(end: number): boolean {
    if (!this.#beginsLine) return false;
    const [first = ""] = this.#done;
    return FENCE.test((first + this.#tail.slice(0, Math.min(end, 8))).slice(0, 8));
  }

  /** Takes the first `end` characters of the tail as the end of a sentence. */
  #cut(end: number): Sentence {
    const isFence = this.#isFence(end);
    const text = this.#done.join("") + this.#tail.slice(0, end);
    const sentence = { text, start: this.#start, isCode: this.#inFence || isFence };
    if (isFence) this.#inFence = !this.#inFence;
    this.#start += text.length;
    this.#beginsLine = /[\n\r]$/.test(text.slice(-1));
    this.#before = text.slice(-BEFORE);
    this.#tail = this.#tail.slice(end);
    this.#done = [];
    this.#doneLength = 0;
    return sentence;
  }

  /** Puts the first `count` characters among those that were looked at. */
  #keep(count: number): void {
    if (count === 0) return;
    let piece = this.#tail.slice(0, count);
    this.#before = (this.#before + piece.slice(-BEFORE)).slice(-BEFORE);
    this.#tail = this.#tail.slice(count);
    this.#doneLength += piece.length;
    // The first piece alone says whether a line is a fence.
    if (this.#done.length === 1 && this.#done[0]!.length < 8) piece = this.#done.pop()! + piece;
    this.#done.push(piece);
  }
}

/** The sentences of a whole text; joined they are the text. */
export function cutSentences(text: string): Sentence[] {
  const stream = new SentenceStream();
  return [...stream.push(text), ...stream.finish()];
}
