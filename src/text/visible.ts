/**
 * Text from outside made safe to show.
 *
 * Scored text, model names and token pieces are hostile: control characters and escape sequences would command
 * the terminal, bidirectional overrides and zero-width characters would hide what is there, and bytes that are
 * not UTF-8 cannot be shown at all. Here each becomes a visible symbol: ESC is ␛, U+202E is ⟨U+202E⟩, a stray
 * byte is ⟨0xE2⟩. What a script needs to be written correctly stays: combining marks on their letter, the emoji
 * sequences Unicode recommends, joiners within the scripts that use them.
 *
 * Widths are counted here and not by the package string-width, which takes 2 columns for © and ❤ without their emoji sign
 * and 3 for नमस्ते, where terminals take 1 and 4, and is 200 times slower on western text.
 */

/** Longer clusters are taken apart: the longest real ones, flags and families, have at most ten code points. */
const LONGEST_CLUSTER = 16;

/** Prepended number signs of Arabic and its neighbours: format characters by class, yet visible ones. */
const VISIBLE_FORMAT = String.raw`\u0600-\u0605\u06DD\u070F\u0890\u0891\u08E2\u{110BD}\u{110CD}`;
const HIDDEN = new RegExp(
  String.raw`(?![${VISIBLE_FORMAT}])[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]`,
  "u",
);
/** Zero-width (non-)joiner directly after a letter of a script that is written with it. */
const JOINER = new RegExp(
  `[${[
    ...["Arabic", "Syriac", "Mongolian", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Oriya", "Tamil"],
    ...["Telugu", "Kannada", "Malayalam", "Sinhala", "Myanmar", "Khmer"],
  ]
    .map((script) => String.raw`\p{Script=${script}}`)
    .join("")}][\u200C\u200D]$`,
  "u",
);
const ONE_EMOJI = String.raw`^\p{RGI_Emoji}$`; // a property of strings: needs the flag v, which TypeScript ties to ES2024
/** What every emoji sequence begins with (UTS #51). */
const EMOJI_START = /^\p{Emoji}/u;
/** Letters and signs that never form one user-perceived character together: western text, and our own symbols. */
const APART = /^[\n -~\u00A0-\u02FF\u2010-\u2027\u2190-\u24FF\u27E8\u27E9]*$/;
const LEADING_MARK = /^[\p{Mn}\p{Me}]/u;
const ZERO_WIDTH = /[\p{Mn}\p{Me}\u1160-\u11FF\uD7B0-\uD7FF]|\u200C|\u200D/u;
/** East Asian Width W and F (UAX #11), gaps that hold no characters closed. */
const WIDE =
  /[\p{Emoji_Presentation}\u1100-\u115F\u2329\u232A\u2E80-\u303E\u3041-\u3247\u3250-\uA4C6\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6B\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{1B2FF}\u{1F200}-\u{1F265}\u{20000}-\u{3FFFD}]/u;

const STRAY_BYTE = 0xdc00; // a byte b that is not UTF-8 is the lone surrogate 0xDC00 + b, as in Python's PEP 383
const isStrayByte = (codePoint: number) => codePoint >= 0xdc80 && codePoint <= 0xdcff;

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const decodeStrictly = (bytes: Uint8Array): string | null => {
  try {
    return strict.decode(bytes);
  } catch {
    return null;
  }
};

/** UTF-8 bytes as a string that loses nothing: bytes that are not UTF-8 become lone surrogates (PEP 383). */
export function decodeLossless(bytes: Uint8Array): string {
  const whole = decodeStrictly(bytes);
  if (whole !== null) return whole;
  let text = "";
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at]!;
    const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const character = decodeStrictly(bytes.subarray(at, at + length));
    text += character ?? String.fromCharCode(STRAY_BYTE + lead);
    at += character === null ? 1 : length;
  }
  return text;
}

/** Bytes that `decodeLossless` read for this string. */
export function byteLength(text: string): number {
  let length = 0;
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    length +=
      isStrayByte(codePoint) || codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
  }
  return length;
}

// Both take longer to make than a short text to score, so they are made for texts that need them.
let emoji: RegExp | undefined;
let segmenter: Intl.Segmenter | undefined;
/** The place behind a line feed. */
const LINE_END = /(?<=\n)/;

function isEmoji(cluster: string): boolean {
  if (!EMOJI_START.test(cluster)) return false;
  emoji ??= new RegExp(ONE_EMOJI, "v");
  return emoji.test(cluster);
}

/** The user-perceived characters of a text (UAX #29); overlong ones, as in "zalgo" text, one code point each. */
export function* clusters(text: string): Generator<string> {
  if (APART.test(text)) return yield* text;
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  // Nothing goes on after a line feed (UAX #29, GB4): most lines of most texts need no segmenter, which is slow.
  for (const line of text.split(LINE_END)) {
    if (APART.test(line)) {
      yield* line;
      continue;
    }
    for (const { segment } of segmenter.segment(line)) {
      if (segment.length > LONGEST_CLUSTER && [...segment].length > LONGEST_CLUSTER) yield* segment;
      else yield segment;
    }
  }
}

function nameOf(codePoint: number): string {
  if (codePoint < 0x20) return String.fromCodePoint(0x2400 + codePoint); // ␀ ... ␟
  if (codePoint === 0x7f) return "␡";
  if (isStrayByte(codePoint)) return `⟨0x${(codePoint - STRAY_BYTE).toString(16).toUpperCase()}⟩`;
  return `⟨U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

/** One user-perceived character, as it can be shown: never a control, hidden or reordering character. */
export function visibleCluster(cluster: string): string {
  if (cluster.length === 1 && cluster >= " " && cluster <= "~") return cluster;
  if (isEmoji(cluster)) return cluster;
  let shown = LEADING_MARK.test(cluster) ? "◌" : "";
  let read = "";
  for (const character of cluster) {
    read += character;
    shown += HIDDEN.test(character) && !JOINER.test(read) ? nameOf(character.codePointAt(0)!) : character;
  }
  return shown;
}

/** True for what ends a line. */
export const isLineBreak = (cluster: string): boolean => cluster === "\n" || cluster === "\r\n";

/** A text on one line: line breaks ↵, tabs ⇥, and everything `visibleCluster` does. */
export function visible(text: string): string {
  let shown = "";
  for (const cluster of clusters(text))
    shown += isLineBreak(cluster) ? "↵" : cluster === "\t" ? "⇥" : visibleCluster(cluster);
  return shown;
}

const RIGHT_TO_LEFT = /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

/** A name inside a sentence, visible: one that is written from right to left does not reorder what stands around it. */
export const inSentence = (name: string): string =>
  RIGHT_TO_LEFT.test(name) ? `\u2068${visible(name)}\u2069` : visible(name);

/** A token by itself: as `visible`, and its spaces as ␣, because the space is a part of it. "" is ∅. */
export function visibleToken(bytes: Uint8Array): string {
  const shown = visible(decodeLossless(bytes)).replaceAll(" ", "␣");
  return shown.replace(/(?! )\p{Zs}/gu, (space) => nameOf(space.codePointAt(0)!)) || "∅";
}

/** Columns that a shown cluster takes in a terminal. */
export function clusterWidth(shown: string): number {
  if (shown.length === 1 && shown <= "~") return 1;
  if (isEmoji(shown)) return 2;
  let width = 0;
  for (const character of shown) width += ZERO_WIDTH.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** Columns that a shown text takes in a terminal. */
export function displayWidth(shown: string): number {
  let width = 0;
  for (const cluster of clusters(shown)) width += clusterWidth(cluster);
  return width;
}

/** The start of a shown text, or its end, that fits into `columns`; an ellipsis says that something is missing. */
export function shorten(shown: string, columns: number, keep: "start" | "end" = "start"): string {
  if (displayWidth(shown) <= columns) return shown;
  if (columns < 1) return "";
  const parts = [...clusters(shown)];
  if (keep === "end") parts.reverse();
  const kept: string[] = [];
  let width = 1; // the ellipsis
  for (const part of parts) {
    width += clusterWidth(part);
    if (width > columns) break;
    kept.push(part);
  }
  return keep === "end" ? `…${kept.reverse().join("")}` : `${kept.join("")}…`;
}
