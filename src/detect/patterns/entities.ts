/** Names that the documents do not have: capitalised words in English; titles in marks, places, schools and authors in Chinese. */
import { type Context, folded } from "./context.ts";
import { type Found, quote, type SentenceRule } from "./rule.ts";

const WORD = /[\p{L}\p{M}][\p{L}\p{M}\p{N}]*(?:['\u2019-][\p{L}\p{M}\p{N}]+)*/gu;
/** Small words within names: "University of Oslo", "Ludwig van Beethoven". */
const INSIDE = new Set("of the de la le du des da di del van von der den el al bin y".split(" "));
/** Capitalised everywhere, and no names of what an answer may make up. */
const COMMON = new Set(
  "i i'm i'll i've i'd ok ai mr mrs ms dr prof st ad bc ce bce am pm usa us uk eu un january february march april may june july august september october november december monday tuesday wednesday thursday friday saturday sunday english french german spanish italian chinese japanese russian latin greek american british european african asian christian internet web earth sun moon god figure table section chapter note yes no however therefore moreover according in on at the a an it he she they we this that these those its his her their there and but or as for with from by of to note answer question context document documents source sources summary conclusion overview introduction question celsius fahrenheit kelvin".split(
    " ",
  ),
);
/** "Norwegian" of Norway: a word of a name in the documents. */
const DERIVED = /(?:ian|ean|ish|ese|an|ic|i|ist|ism)$/;

interface Word {
  text: string;
  start: number;
  end: number;
  isCapital: boolean;
  isFirst: boolean;
}

export const entitiesInContext: SentenceRule = ({ prose }, context) => {
  if (!context || context.documents === 0) return [];
  const found: Found[] = [];
  if (context.isEnglish && /\p{Lu}/u.test(prose)) found.push(...englishNames(prose, context));
  if (context.isChinese && /\p{Script=Han}/u.test(prose)) found.push(...chineseNames(prose, context));
  return found;
};

function englishNames(text: string, context: Context): Found[] {
  const words = wordsOf(text);
  if (isHeading(text, words) || !isEnglishText(words)) return [];
  const found: Found[] = [];
  for (let i = 0; i < words.length; i++) {
    if (!words[i]!.isCapital) continue;
    let last = i;
    for (let next = i + 1; next < words.length && next - i < 12; next++) {
      if (!/^(?:[ \u00a0]|\. )$/.test(text.slice(words[next - 1]!.end, words[next]!.start))) break;
      if (words[next]!.isFirst) break;
      if (words[next]!.isCapital) last = next;
      else if (!INSIDE.has(words[next]!.text)) break;
    }
    const run = words.slice(i, last + 1);
    i = last;
    const finding = judge(run, text, context);
    if (finding) found.push(finding);
  }
  return found;
}

function wordsOf(text: string): Word[] {
  let before = 0;
  return [...text.matchAll(WORD)].map((match, index): Word => {
    const [word] = match;
    const end = match.index + word.length;
    const between = text.slice(Math.max(before, match.index - 6), match.index);
    before = end;
    // Behind a colon, a quote, a mark of a list or of bold type a sentence may begin.
    const isFirst = index === 0 || /[:*_#"\u201c\u2018(\n|>\u2022.!?]\s*$/.test(between);
    return { text: word, start: match.index, end, isCapital: /^\p{Lu}/u.test(word), isFirst };
  });
}

function judge(run: readonly Word[], text: string, context: Context): Found | null {
  const strange = run.filter(({ text: word, isCapital }) => isCapital && !isKnown(word, context));
  // The first word of a sentence is written with a capital in any case.
  const own = strange.filter(({ isFirst }) => !isFirst);
  if (own.length === 0) return null;
  const initials = run
    .filter(({ isCapital }) => isCapital)
    .map(({ text: word }) => folded(word).charAt(0))
    .join("");
  // "The General Data Protection Regulation" of documents that have GDPR.
  if (run.length > 1 && initials.length > 1 && context.words.has(initials)) return null;
  if (run[0]!.isFirst && initials.length > 2 && context.words.has(initials.slice(1))) return null;
  const from =
    run[0]!.isFirst &&
    (COMMON.has(run[0]!.text.toLowerCase()) || !strange.includes(run[0]!)) &&
    run.length > 1
      ? run[1]!
      : run[0]!;
  const start = from.start;
  const end = run.at(-1)!.end;
  const strength = own.length > 1 ? 0.8 : 0.65;
  const because = `The documents do not name ${quote(text.slice(start, end))}.`;
  return {
    kind: "entity-not-in-context",
    start,
    end,
    strength,
    because,
    details: { unknown: own.map(({ text: word }) => word).join(" ") },
  };
}

function isKnown(word: string, context: Context): boolean {
  const plain = folded(word);
  if (plain.length < 3 || COMMON.has(plain) || COMMON.has(word.toLowerCase())) return true;
  if (context.words.has(plain)) return true;
  if (/^\p{Lu}{2,6}s?$/u.test(word))
    return context.initials.has(plain.replace(/s$/, "")) || context.initials.has(plain);
  if (plain.includes("-") || /['\u2019]/.test(plain))
    return plain.split(/[-'\u2019]/).every((part) => part.length < 3 || context.words.has(part));
  if (plain.endsWith("s") && context.words.has(plain.slice(0, -1))) return true;
  if (context.words.has(`${plain}s`)) return true;
  return DERIVED.test(plain) && context.stems.has(plain.slice(0, 4));
}

/** "## Key Findings of the Study": in headings words have capitals that are no names. */
function isHeading(text: string, words: readonly Word[]): boolean {
  if (/^\s{0,3}#/.test(text)) return true;
  if (/[.!?\u2026]["'\u201d)*]*\s*$/.test(text.slice(-8)) || words.length > 14) return false;
  const long = words.filter(({ text: word }) => word.length > 3);
  return long.length > 1 && long.filter(({ isCapital }) => isCapital).length / long.length > 0.7;
}

const SMALL = new Set(
  "the of and to in is was a an that for it with as on by at from are were be this he she they his her its or not has have had".split(
    " ",
  ),
);
const FOREIGN = new Set(
  "der und ist ein eine nicht mit wurde est une dans les pour los las una por".split(" "),
);
/** In German every noun has a capital; only what reads as English is judged. */
const isEnglishText = (words: readonly Word[]): boolean => {
  const count = words.filter(({ text }) => SMALL.has(text.toLowerCase())).length;
  return (
    count >= Math.max(1, 0.1 * words.length) && !words.some(({ text }) => FOREIGN.has(text.toLowerCase()))
  );
};

const TITLES = /《([^《》\n]{1,40})》|「([^「」\n]{1,30})」|『([^『』\n]{1,30})』/gu;
const KEPT = "一-鿿";
/** What ends the name of a place, a school or a company. */
const PLACES = new RegExp(
  `([${KEPT}]{2})(大学|学院|公司|集团|银行|医院|出版社|省|市|县|岛|河|湖|山)(?!场|民|区)`,
  "gu",
);
/** Characters that end no name before 大学 or 市: 在大学, 全市, 本公司. */
const NO_NAME =
  /[的是在于了和与及到从自去来向由对为被把将而且或其该此这那某各每全本所家座个名位多些同一二三两几上下中内外大小新老总分子旧城股都有没不也]$|[的是了这那该此某每全本]/u;
const SURNAMES =
  "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤鲁施";
const PERSON = new RegExp(
  `(?:作者是|作者为|作者：|由|创始人是|创始人为|创办人是|发明者是|导演是|导演为|主演是|总统是|主席是|校长是|院长是|市长是|首都是|丈夫是|妻子是|父亲是|母亲是|作曲家|科学家|诗人|作家|教授|画家)([${SURNAMES}][${KEPT}]{1,2})(?=[，。、；！？）\\s]|$|于|在|撰写|写作|写的|所写|所著|所续|续写|创作|创办|创立|创建|发明|提出|担任|执导|设计|翻译|主演|的)`,
  "gu",
);

function chineseNames(text: string, context: Context): Found[] {
  const found: Found[] = [];
  const add = (start: number, name: string, strength: number): void => {
    if (context.hasHan(name) || !/\p{Script=Han}/u.test(name)) return;
    found.push({
      kind: "entity-not-in-context",
      start,
      end: start + name.length,
      strength,
      because: `The documents do not name ${quote(name)}.`,
      details: { unknown: name },
    });
  };
  for (const match of text.matchAll(TITLES)) add(match.index, match[0], 0.8);
  for (const match of text.matchAll(PLACES)) {
    const [whole, name, kind] = match;
    // Only where the documents speak of such a thing at all: a river among rivers.
    if (NO_NAME.test(name!) || !(kind!.length === 1 ? context.names(kind!) : context.hasHan(kind!))) continue;
    add(match.index, whole, 0.6);
  }
  for (const match of text.matchAll(PERSON))
    add(match.index + match[0].lastIndexOf(match[1]!), match[1]!, 0.75);
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const apart: Found[] = [];
  for (const one of found) if (one.start >= (apart.at(-1)?.end ?? 0)) apart.push(one);
  return apart;
}
