/** What is compared of texts: words, and of Chinese its characters; numbers; names. */
import { sentencesOf, words } from "../../uncertainty/index.ts";

const HAN = /\p{Script=Han}/u;
const LETTER = /[\p{L}\p{N}]/u;

/** The words of a text in lower case, in order, without a possessive "'s"; what is written in Han characters as one unit per character. */
export const unitsOf = (text: string): string[] =>
  words(text).flatMap((word) =>
    HAN.test(word)
      ? [...word].filter((character) => LETTER.test(character))
      : [word.replace(POSSESSIVE, "").replaceAll("\u2019", "'")],
  );

/** The numbers among words; "1,500" and "1500" are the same, and "2.50" and "2.5". */
export const numbersOf = (text: string): string[] =>
  words(text)
    .filter((word) => /\p{N}/u.test(word))
    .map((word) => {
      const plain = word.replace(/(?<=\d),(?=\d{3}(?!\d))/g, "").replace(/^\u2212/u, "-");
      return /^-?\d+\.\d+$/.test(plain) ? plain.replace(/0+$/, "").replace(/\.$/, "") : plain;
    });

const WORD = /[\p{L}\p{M}\p{N}]+(?:['\u2019][\p{L}\p{M}\p{N}]+)*/gu;
const CAPITAL = /^\p{Lu}/u;
/** Pronouns that English writes with a capital letter. */
const PRONOUN = /^I(?:['\u2019]\p{L}+)?$/u;
/** Words that begin English sentences, and no names. */
const FIRST = new Set(
  "a after all also although an and as at because before but by each even for from he her his how however i if in is it its many most my no not on one or our she since so some such that the their then there these they this those though to was we were what when where which while who with yes you your".split(
    " ",
  ),
);
/** Whether a unit of `unitsOf` is one of them. */
export const isOpening = (unit: string): boolean => FIRST.has(unit);
/**
 * Words of closed classes: articles, prepositions, conjunctions, pronouns, auxiliaries; of Chinese particles. They join what is said,
 * and say nothing that a document could have. Those that can be what is made up are not among them: "not", "before", "all", "must".
 */
const FUNCTION_WORDS = new Set(
  "a about also although among an and are as at be because been being but by can could did do does for from had has have having he her hers him his how i if in into is it its me mine my nor of on onto or other our ours own shall she since so some such than that the their theirs them then there these they this those though to too upon us was we were what when where whether which while who whom whose why will with within would you your yours 的 了 是 在 和 与 及 或 也 都 就 而 且 则 被 把 将 为 對 对 于 於 以 从 由 向 到 之 其 这 那 該 该 它 他 她 们 個 个 有 着 过 吗 呢 吧 啊".split(
    " ",
  ),
);
/** Whether a word is of a closed class; a capital letter within a sentence makes it a name ("Will"). */
export const isFunctionWord = (word: string, isFirst: boolean): boolean =>
  (isFirst || !CAPITAL.test(word) || PRONOUN.test(word)) &&
  unitsOf(word).every((unit) => FUNCTION_WORDS.has(unit));

const POSSESSIVE = /['\u2019]s$/iu;

/**
 * Names by their form, in lower case: words that begin with a capital letter, also the first of a sentence where the next one does or
 * the sentence has no more than three words, unless it is a word such as "The". Scripts without capitals have none.
 */
export const namesOf = (text: string): string[] =>
  sentencesOf(text).flatMap((sentence) => {
    const found = sentence.match(WORD) ?? [];
    return found
      .filter((word, i) => {
        if (!CAPITAL.test(word) || PRONOUN.test(word)) return false;
        if (i > 0) return true;
        return !FIRST.has(word.toLowerCase()) && (found.length <= 3 || CAPITAL.test(found[1]!));
      })
      .map((word) => word.normalize("NFKC").replace(POSSESSIVE, "").replaceAll("\u2019", "'").toLowerCase());
  });
