/** What an answer says of itself: that it is not sure, or that it will not answer. Quoted words are somebody else's. */
import type { PatternKind } from "./kinds.ts";
import { type Found, quote, type SentenceRule } from "./rule.ts";

const HEDGING =
  /\bI(?:'m|\u2019m| am) (?:not (?:entirely |completely |absolutely |quite |really |too |100% )?(?:sure|certain)|unsure|uncertain)\b|\bI (?:think|believe|guess|suppose|assume|suspect)\b(?!(?: so|,? therefore,? I am)\b)|\bif I (?:remember|recall) (?:correctly|right|rightly)\b|\b(?:to the best of my knowledge|as far as I know|from what I (?:know|remember|recall)|off the top of my head)\b|\bI (?:could|may|might) be (?:wrong|mistaken)\b|\b(?:don't|do not|don\u2019t) quote me\b|\bIt is (?:unclear|not clear) (?:to me )?(?:whether|if|who|when|which)\b|\bI(?:'d| would|\u2019d) (?:guess|say it's probably)\b|我(?:也)?(?:不太|不是很|不大|并不|不)(?:确定|肯定|清楚|有把握)|(?:如果|要是)我(?:没|没有)(?:记错|弄错)|据我(?:所知|了解)|我(?:猜|估计|想大概|觉得可能|觉得应该)|(?:好像|大概|也许|可能)(?:是|在)?[^。，！？\n]{0,12}吧|我(?:可能|也许)(?:记错|弄错|搞错)/giu;

const HELP =
  "(?:help(?! but\\b)|assist|provide|answer|comply|fulfil+|discuss|create|generate|write|continue|do that|share|offer|engage|support|access|browse|tell you|give you|respond|determine|verify|confirm|find)";
const REFUSAL = new RegExp(
  [
    String.raw`\b(?:I(?:'m|\u2019m| am) )?(?:sorry|afraid),? (?:but |that )?I (?:can(?:not|'t|\u2019t)|am (?:not able|unable)|won(?:'t|\u2019t)|do not|don(?:'t|\u2019t))(?: ${HELP}\b)?`,
    String.raw`\bI (?:can(?:not|'t|\u2019t| not)|could not|couldn(?:'t|\u2019t)|won(?:'t|\u2019t)|will not) ${HELP}\b`,
    String.raw`\bI(?:'m|\u2019m| am) (?:not able|unable|not allowed|not permitted) to ${HELP}\b`,
    String.raw`\bI (?:must|have to|will have to) (?:decline|refuse)\b`,
    String.raw`\bas an? (?:AI|artificial intelligence|(?:large )?language model)(?: language)?(?: model| assistant)?\b,? ?I\b`,
    String.raw`\bI (?:do not|don(?:'t|\u2019t)) (?:have (?:access to|(?:any |enough |sufficient |specific )?information)|know)\b(?! (?:how|what|why|that|you|him|her|them|anyone|if)\b)`,
    String.raw`\b(?:the )?(?:context|document|documents|text|passage|sources?) (?:provided )?(?:does|do|did) not (?:contain|mention|provide|say|state|include|specify)\b`,
    String.raw`\b(?:cannot|can't|can\u2019t|could not) be (?:answered|determined|found|inferred) (?:from|based on|in)\b`,
    "我(?:暂时|目前|现在|很抱歉)?(?:无法|不能|没办法|没法|不可以)(?:为您?你?|给您?你?|对此|直接|继续)?(?:回答|提供|帮助|协助|满足|讨论|给出|判断|完成|执行|生成|处理|访问|确认|透露|继续)",
    "作为(?:一个|一名|一款)?(?:AI|人工智能|大?语言模型|大型语言模型|助手)[^。，\\n]{0,10}[，,]?我",
    "(?:文中|文档中?|资料中?|上下文中?|材料中?)(?:并?没有|并?未)(?:提到|提及|提供|说明|包含|给出)",
    "(?:对不起|抱歉|很抱歉)[，,]\\s?(?:我)?(?:无法|不能|没办法)",
    "我不知道(?!如何|怎么|他|她|你|为什么)",
  ].join("|"),
  "giu",
);

/** Every phrase of the list has one of these: most sentences have none, and are not searched. */
const HEDGING_SIGNS = ["I ", "I'", "I\u2019", " my ", " me ", "clear", "I know", "我", "吧"];
const REFUSAL_SIGNS = [
  "not",
  "n't",
  "n\u2019t",
  "AI",
  "model",
  "decline",
  "refuse",
  "unable",
  "ntelligence",
  "无法",
  "不",
  "没",
  "未",
  "作为",
];

const findAll =
  (
    pattern: RegExp,
    signs: readonly string[],
    kind: PatternKind,
    strength: number,
    say: (text: string) => string,
  ): SentenceRule =>
  ({ own }) =>
    signs.some((sign) => own.includes(sign))
      ? [...own.matchAll(pattern)].map(
          (match): Found => ({
            kind,
            start: match.index,
            end: match.index + match[0].length,
            strength,
            because: say(quote(match[0])),
          }),
        )
      : [];

/** The writer says to be unsure. "may" and "might" of the matter itself are no hedging. */
export const hedging: SentenceRule = findAll(
  HEDGING,
  HEDGING_SIGNS,
  "hedging",
  0.6,
  (text) => `${text} says that the writer is not sure.`,
);
/** The writer does not answer. */
export const refusal: SentenceRule = findAll(
  REFUSAL,
  REFUSAL_SIGNS,
  "refusal",
  0.9,
  (text) => `${text} declines to answer.`,
);
