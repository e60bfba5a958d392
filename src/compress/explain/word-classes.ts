/** What kind of word each byte of a text belongs to, by rules that a person can check. */

/** Kinds of words, in the order in which they are shown. */
export const WORD_CLASSES = [
  "function words",
  "names",
  "other words",
  "numbers",
  "punctuation",
  "code and symbols",
  "white space",
  "Han",
  "kana",
  "Hangul",
  "Cyrillic",
  "Greek",
  "Arabic",
  "Hebrew",
  "Devanagari",
  "Thai",
  "other scripts",
  "no text",
] as const;
/** One of WORD_CLASSES. */
export type WordClass = (typeof WORD_CLASSES)[number];

/** Closed classes of English: articles, pronouns, prepositions, conjunctions, auxiliaries, particles. */
const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  `a an the this that these those such same
  i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself
  it its itself they them their theirs themselves one who whom whose which what whoever whatever whichever
  and or but nor so yet for because although though while whereas if unless until since than as whether lest
  of in on at by to from with without within into onto upon about above across after against along among around before
  behind below beneath beside besides between beyond despite down during except inside like near off out outside over
  past per through throughout toward towards under up via
  am is are was were be been being do does did done doing have has had having will would shall should can could may might
  must ought cannot not no never
  there here where when why how then thus hence again also too very just only even still ever now
  all any both each either every few many more most much neither none other others another some several own
  don't doesn't didn't won't wouldn't can't couldn't shouldn't isn't aren't wasn't weren't hasn't haven't hadn't
  i'm i've i'll i'd you're you've you'll you'd he's he'll he'd she's she'll she'd it's it'll we're we've we'll we'd
  they're they've they'll they'd that's there's what's who's let's`
    .split(/\s+/)
    .filter(Boolean),
);

/** Scripts with a class of their own; all letters that are neither these nor Latin are "other scripts". */
const SCRIPTS: readonly [WordClass, RegExp][] = [
  ["Han", /^\p{Script=Han}/u],
  ["kana", /^[\p{Script=Hiragana}\p{Script=Katakana}ー]/u],
  ["Hangul", /^\p{Script=Hangul}/u],
  ["Cyrillic", /^\p{Script=Cyrillic}/u],
  ["Greek", /^\p{Script=Greek}/u],
  ["Arabic", /^\p{Script=Arabic}/u],
  ["Hebrew", /^\p{Script=Hebrew}/u],
  ["Devanagari", /^\p{Script=Devanagari}/u],
  ["Thai", /^\p{Script=Thai}/u],
];

/** Letters, but for those that are written without spaces between words. */
const LETTER = String.raw`(?:(?![\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}])[\p{L}\p{M}])`;
const LETTER_OR_DIGIT = String.raw`(?:${LETTER}|\p{N})`;

/** Spans of a text, each of one kind: white space, a number, a word (a run of one script where there are no spaces), or one sign. */
const SPANS = new RegExp(
  [
    String.raw`(?<space>[\p{White_Space}\ufeff\u200b]+)`,
    String.raw`(?<number>\p{N}+(?:[.,:]\p{N}+)*${LETTER}*)`,
    String.raw`(?<word>\p{Script=Han}+|[\p{Script=Hiragana}\p{Script=Katakana}ー]+|${LETTER}${LETTER_OR_DIGIT}*(?:_+${LETTER_OR_DIGIT}+|['’]${LETTER}+)*)`,
    String.raw`(?<punctuation>\p{P})`,
    "[^]",
  ].join("|"),
  "gu",
);

/** Signs that Unicode calls punctuation and that mostly stand in code and markup. */
const CODE_SIGNS = /^[{}[\]\\/@#%&*_]$/;
/** A word as programs write them: with an underscore or a digit in it, or a capital behind a small letter. */
const IDENTIFIER = /_|\p{N}|\p{Ll}\p{Lu}/u;
/** Names that are written so. */
const NAME_PREFIX = /^(?:Mc|Mac|Fitz)(?=\p{Lu})/u;
const LATIN = /^\p{Script=Latin}/u;
const CAPITAL = /^\p{Lu}/u;
const ENDS_SENTENCE = /^[.!?…。！？]$/u;
/** What may stand between the end of a sentence and the next one. */
const IS_QUOTE = /^[\p{Ps}\p{Pe}\p{Pi}\p{Pf}"'*_]$/u;
const OPENS_SPEECH = /^[“‘"'«„「]$/u;
/** A full stop behind these, and behind a single letter, ends nothing. */
const ABBREVIATION =
  /^(?:Mr|Mrs|Ms|Dr|St|Prof|Rev|Gen|Col|Capt|Lt|Sgt|Hon|Messrs|Mme|Mlle|No|vol|p|pp|cf|\p{L})$/u;
const EMPTY_LINE = /\n[^\S\n]*\r?\n/;

/**
 * Kinds of all bytes of a text.
 *
 * - function words: English ones, of a list; a letter's case does not matter
 * - names: Latin words with a capital that begin no sentence and no speech. Titles, verse and German nouns have such capitals, too
 * - other words: all other Latin words, of any language
 * - numbers: digits, with what is joined to them (3.14, 17th)
 * - code and symbols: words with an underscore, a digit or a capital inside, and signs such as { } / @ = +
 * - words in other scripts go by their script; "no text" is what is no UTF-8, and control characters
 *
 * @returns [bytes] places in WORD_CLASSES
 */
export function wordClasses(text: Uint8Array): Uint8Array {
  const classes = new Uint8Array(text.length);
  let decoded: string;
  try {
    decoded = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return classes.fill(WORD_CLASSES.indexOf("no text"));
  }
  let at = 0;
  let beginsSentence = true;
  let last = "";
  for (const { 0: span, groups = {} } of decoded.matchAll(SPANS)) {
    const end = at + Buffer.byteLength(span);
    classes.fill(WORD_CLASSES.indexOf(classOf(span, groups, beginsSentence)), at, end);
    at = end;
    if (groups.space !== undefined) {
      beginsSentence ||= EMPTY_LINE.test(span);
      continue;
    }
    if (ENDS_SENTENCE.test(span)) beginsSentence = span !== "." || !ABBREVIATION.test(last);
    else if (OPENS_SPEECH.test(span) && /^[,:]$/.test(last)) beginsSentence = true;
    else if (!IS_QUOTE.test(span)) beginsSentence = false;
    last = span;
  }
  return classes;
}

function classOf(
  span: string,
  groups: Readonly<Record<string, string | undefined>>,
  beginsSentence: boolean,
): WordClass {
  if (groups.space !== undefined) return "white space";
  if (groups.number !== undefined) return "numbers";
  if (groups.punctuation !== undefined) return CODE_SIGNS.test(span) ? "code and symbols" : "punctuation";
  if (groups.word === undefined) return /^\p{S}/u.test(span) ? "code and symbols" : "no text";
  const script = SCRIPTS.find(([, letters]) => letters.test(span));
  if (script) return script[0];
  if (FUNCTION_WORDS.has(span.toLowerCase().replaceAll("’", "'"))) return "function words";
  if (IDENTIFIER.test(span.replace(NAME_PREFIX, ""))) return "code and symbols";
  if (!LATIN.test(span)) return "other scripts";
  return CAPITAL.test(span) && !beginsSentence ? "names" : "other words";
}

/** Of a token: the kind of its first byte that is no white space. */
export function classOfToken(classes: Uint8Array, from: number, end: number): WordClass {
  const space = WORD_CLASSES.indexOf("white space");
  for (let i = from; i < end; i++) if (classes[i] !== space) return WORD_CLASSES[classes[i]!]!;
  return "white space";
}
