/**
 * WikiText as people write: `wikitext_detokenizer` of the lm-evaluation-harness (44b6ce01,
 * lm_eval/tasks/wikitext/preprocess_wikitext.py), step by step in its order. Its step
 * `re.sub(r"/' [0-9]/", r"/'[0-9]/", ...)` is here as it is there, where it only does something to texts with
 * slashes around it, and then puts in the characters "[0-9]".
 */

/** What Python's `\s` stands for in a str; JavaScript's lacks four of them and has U+FEFF. */
const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]*";

const inside = (open: string, other: string, close: string): RegExp =>
  new RegExp(`${open}${SPACE}(${other}*?)${SPACE}${close}`, "g");

const STEPS: readonly [string | RegExp, string][] = [
  // contractions
  ["s '", "s'"],
  [/\/' [0-9]\//g, "/'[0-9]/"],
  // number separators
  [" @-@ ", "-"],
  [" @,@ ", ","],
  [" @.@ ", "."],
  // punctuation
  [" : ", ": "],
  [" ; ", "; "],
  [" . ", ". "],
  [" ! ", "! "],
  [" ? ", "? "],
  [" , ", ", "],
  // double brackets
  [inside("\\(", "[^)]", "\\)"), "($1)"],
  [inside("\\[", "[^\\]]", "\\]"), "[$1]"],
  [inside("\\{", "[^}]", "\\}"), "{$1}"],
  [inside('"', '[^"]', '"'), '"$1"'],
  [inside("'", "[^']", "'"), "'$1'"],
  // miscellaneous
  ["= = = =", "===="],
  ["= = =", "==="],
  ["= =", "=="],
  [" ° ", "°"],
  [" \n", "\n"],
  ["\n ", "\n"],
  [" N ", " 1 "],
  [" 's", "'s"],
];

export function detokenizeWikitext(text: string): string {
  return STEPS.reduce((result, [pattern, replacement]) => result.replaceAll(pattern, replacement), text);
}
