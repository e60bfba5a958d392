/** What an answer should rest on, read once: its words, numbers, dates and the sentences they stand in. */
import type { ExaminedAnswer } from "../finding.ts";
import { cutSentences } from "../sentences.ts";
import type { WrittenDate } from "./calendar.ts";
import { pageOf, pathsTo } from "./page.ts";
import { prepared } from "./prepare.ts";
import { type Quantity, quantitiesIn } from "./quantities.ts";

/** A number of the context. */
export interface ContextQuantity extends Quantity {
  document: string;
  /** Index of its sentence. */
  sentence: number;
}

/** A date of the context. */
export interface ContextDate extends WrittenDate {
  document: string;
  text: string;
}

/** Numbers of a class whose sums are looked at. */
const MOST_PAIRED = 150;
/** Equal for numbers that differ by rounding alone. */
export const plain = (value: number): number => Number(value.toPrecision(10));

const WORD = /[\p{L}\p{M}\p{N}]+(?:['\u2019][\p{L}]+)?/gu;
const HAN_RUN = /\p{Script=Han}+/gu;
/** Of English: a text without them is in another language. */
const ENGLISH = new Set(
  "the of and to in is was a that for it with as on by at from are were be this".split(" "),
);

/** Letters without their marks and in lower case, the possessive taken off. */
export const folded = (word: string): string =>
  word
    .normalize("NFD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/['\u2019]s?$/u, "");

/** Words of four letters and more, and pairs of Han: what a sentence is about. */
export function topicsOf(text: string): Set<string> {
  const topics = new Set<string>();
  for (const [word] of text.matchAll(/\p{L}{4,}/gu))
    if (!/\p{Script=Han}/u.test(word)) topics.add(folded(word));
  for (const [run] of text.matchAll(HAN_RUN))
    for (let i = 0; i + 2 <= run.length; i++) topics.add(run.slice(i, i + 2));
  return topics;
}

/** Documents and question of an answer, ready to be asked. */
export class Context {
  readonly documents: number;
  readonly quantities: ContextQuantity[] = [];
  readonly byClass: Map<string, ContextQuantity[]> = new Map();
  readonly values: Set<number> = new Set();
  /** What the answer has worked out up to here; of its own, and not of the documents. */
  readonly workedOut: Set<number> = new Set();
  readonly dates: ContextDate[] = [];
  readonly words: Set<string> = new Set();
  readonly hanPairs: Set<string> = new Set();
  /** First letters of runs of capitalised words: "fda". */
  readonly initials: Set<string> = new Set();
  /** First four letters of all words. */
  readonly stems: Set<string> = new Set();
  /** [word] the sentences it stands in; of words that begin with a capital and of Han pairs before a year. */
  readonly #places: Map<string, Set<number>> = new Map();
  readonly #sentences: string[] = [];
  readonly #topics: Map<number, Set<string>> = new Map();
  readonly brackets: Set<string> = new Set();
  readonly addresses: Set<string> = new Set();
  /** [host] its pages that are named, without the host's own, and all above them. */
  readonly pages: Map<string, { named: Set<string>; above: Set<string> }> = new Map();
  readonly isEnglish: boolean;

  constructor({ documents = [], question }: ExaminedAnswer) {
    this.documents = documents.length;
    for (const { name, text } of documents) this.#read(name, text);
    if (question !== undefined) this.#read("the question", question);
    let english = 0;
    let latin = 0;
    for (const word of this.words) {
      if (ENGLISH.has(word)) english++;
      if (/^[a-z]+$/.test(word)) latin++;
    }
    this.isEnglish = latin > 0 && (english >= 3 || english / latin > 0.08);
  }

  #read(document: string, text: string): void {
    for (const sentence of cutSentences(text)) {
      const { prose, start } = prepared({ ...sentence, isCode: false });
      const index = this.#sentences.push(sentence.text) - 1;
      const { quantities, dates } = quantitiesIn(prose);
      for (const quantity of quantities) this.#addQuantity({ ...quantity, document, sentence: index });
      for (const date of dates) {
        const shown = sentence.text.slice(date.start, date.end);
        this.dates.push({ ...date, start: start + date.start, end: start + date.end, document, text: shown });
      }
      this.#readWords(sentence.text, index);
      for (const [bracket] of sentence.text.matchAll(/\[\d{1,3}\]/g)) this.brackets.add(bracket);
      for (const [, host, path] of sentence.text.matchAll(
        /(?:https?:\/\/|\bwww\.)(?:www\.)?([^\s/?#:<>"]{1,253})([^\s<>"]{0,2000})/gi,
      ))
        this.#addAddress(host!.toLowerCase(), pageOf(host! + path!));
    }
  }

  #addAddress(host: string, page: string): void {
    this.addresses.add(host);
    if (page === host) return;
    const known = this.pages.get(host) ?? { named: new Set(), above: new Set() };
    this.pages.set(host, known);
    known.named.add(page);
    for (const each of pathsTo(page)) known.above.add(each);
  }

  /** Whether a page is named, or one above or below it. */
  hasPage(host: string, page: string): boolean {
    const known = this.pages.get(host);
    return (
      known !== undefined && (known.above.has(page) || pathsTo(page).some((each) => known.named.has(each)))
    );
  }

  #addQuantity(quantity: ContextQuantity): void {
    this.quantities.push(quantity);
    this.values.add(quantity.value).add(quantity.written);
    if (quantity.class === null) return;
    const list = this.byClass.get(quantity.class);
    if (list) list.push(quantity);
    else this.byClass.set(quantity.class, [quantity]);
  }

  #readWords(text: string, sentence: number): void {
    let run = "";
    let end = -1;
    for (const match of text.matchAll(WORD)) {
      const [word] = match;
      const plain = folded(word);
      this.words.add(plain);
      if (plain.length >= 4) this.stems.add(plain.slice(0, 4));
      const isCapital = /^\p{Lu}/u.test(word);
      if (isCapital || /^\d{4}$/.test(word)) this.#place(plain, sentence);
      const goesOn = isCapital && match.index <= end + 1;
      // National Aeronautics and Space Administration
      if (run !== "" && !isCapital && match.index <= end + 1 && /^(?:and|of|for|the)$/.test(word)) {
        end = match.index + word.length;
        continue;
      }
      if (run.length > 1 && !goesOn) this.#addInitials(run);
      run = isCapital ? (goesOn ? run : "") + plain.charAt(0) : "";
      end = match.index + word.length;
    }
    if (run.length > 1) this.#addInitials(run);
    for (const [han] of text.matchAll(HAN_RUN)) {
      if (han.length === 1) this.hanPairs.add(han);
      for (let i = 0; i + 2 <= han.length; i++) {
        const pair = han.slice(i, i + 2);
        this.hanPairs.add(pair);
        this.#place(pair, sentence);
      }
    }
  }

  /** The first word of a run may be the article of a sentence's beginning. */
  #addInitials(run: string): void {
    this.initials.add(run);
    if (run.length > 2) this.initials.add(run.slice(1));
  }

  #place(word: string, sentence: number): void {
    const places = this.#places.get(word);
    if (places) places.add(sentence);
    else this.#places.set(word, new Set([sentence]));
  }

  /** Whether words stand together in one sentence, or in two that follow each other. */
  areTogether(words: readonly string[]): boolean {
    const [first, ...rest] = words
      .map((word) => this.#places.get(word))
      .sort((a, b) => (a?.size ?? 0) - (b?.size ?? 0));
    if (!first) return false;
    for (const place of first)
      if (rest.every((places) => places && [0, 1, -1].some((step) => places.has(place + step)))) return true;
    return false;
  }

  /** How many topics of a text the sentence of a number has. */
  overlap(topics: ReadonlySet<string>, sentence: number): number {
    let own = this.#topics.get(sentence);
    if (!own) {
      own = topicsOf(this.#sentences[sentence]!);
      this.#topics.set(sentence, own);
    }
    let count = 0;
    for (const topic of topics) if (own.has(topic)) count++;
    return count;
  }

  /** Sums and differences of two numbers of a class. */
  pairs(name: string): ReadonlySet<number> {
    const known = this.#pairs.get(name);
    if (known) return known;
    const values = [...new Set((this.byClass.get(name) ?? []).map(({ value }) => value))].slice(
      0,
      MOST_PAIRED,
    );
    const made = new Set<number>();
    for (const [i, a] of values.entries())
      for (const b of values.slice(i + 1)) made.add(plain(a + b)).add(plain(Math.abs(a - b)));
    this.#pairs.set(name, made);
    return made;
  }

  readonly #pairs: Map<string, ReadonlySet<number>> = new Map();

  /** Whether all pairs of a run of Han stand in the context. */
  hasHan(text: string): boolean {
    const han = text.replace(/[^\p{Script=Han}]/gu, "");
    if (han.length === 1) return [...this.hanPairs].some((pair) => pair.includes(han));
    for (let i = 0; i + 2 <= han.length; i++) if (!this.hanPairs.has(han.slice(i, i + 2))) return false;
    return true;
  }

  /** Whether some name of the context ends with a character, such as 市. */
  names(character: string): boolean {
    this.#lasts ??= new Set([...this.hanPairs].map((pair) => pair.charAt(1)));
    return this.#lasts.has(character);
  }

  #lasts: Set<string> | null = null;

  get isChinese(): boolean {
    return this.hanPairs.size > 0;
  }
}
