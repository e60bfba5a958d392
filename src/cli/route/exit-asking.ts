/** How `surprisal route exit` asks: where thinking may be ended, with what, and by which rule. */
import {
  car,
  checkExit,
  EXIT_RULES,
  type ExitSettings,
  type RecordsHeader,
  type RouteRecord,
  recordThinking,
  type ThinkingPlaces,
  thinkingPlaces,
} from "../../route/index.ts";
import { formatPlural } from "../../text/index.ts";
import { withLineBreaks } from "../chat/index.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { type Declared, decimal, oneOf, option, repeated, wholeNumber } from "../parameters.ts";
import { identityOf, loadedAs } from "./car-asking.ts";
import { TOKENS } from "./options.ts";
import { type AskedQuestion, answerIn, type QuestionSet } from "./questions.ts";
import { recordInto } from "./recording.ts";
import { oneWording, WORDING, type WordingValues } from "./wording.ts";

export const THINK_TOKENS = 2048;
export const ANSWER_TOKENS = 256;
/** Each question has a sequence of its own for the probe, beside that which is written. */
const AT_ONCE = { process: 1, server: 4 } as const;

/** Where thinking may be ended, and how. */
export interface PlacesValues extends WordingValues {
  at: string[];
  close: string | undefined;
  call: string | undefined;
  callStop: string[];
  callSkip: number | undefined;
  callTokens: number | undefined;
  thinkTokens: number | undefined;
  answerTokens: number | undefined;
}

// biome-ignore format: one option a line
export const PLACES: Declared<PlacesValues> = {
  ...WORDING,
  at: repeated(withLineBreaks, { hint: "TEXT", description: "Thinking may be ended behind this text; \\n is a line break; may be given several times (default: a blank line; of --problems, its own)" }),
  close: option(withLineBreaks, { hint: "TEXT", mayBeEmpty: true, description: "What is written where it is ended: closes it, and calls for the answer (default: the closing tag of thinking on its own line, and an empty one; of --problems, its own)" }),
  call: option(withLineBreaks, { hint: "TEXT", mayBeEmpty: true, description: "What calls for a trial answer (default: as --close where that is given, else DEER's \\n**Final Answer**\\n\\nThe final answer is \\boxed)" }),
  callStop: repeated(withLineBreaks, { hint: "TEXT", description: "Ends a trial answer; may be given several times (default: a line break; behind DEER's text a closing brace)" }),
  callSkip: option(wholeNumber(0, 1000), { hint: "N", description: "Tokens at the beginning of a trial answer that do not count (default: 0; behind DEER's text 1, the brace)" }),
  callTokens: TOKENS("Most tokens of a trial answer", "20"),
  thinkTokens: TOKENS("Most tokens of the thinking, with the answer of a model that comes to one itself", String(THINK_TOKENS)),
  answerTokens: TOKENS("Most tokens of the answer where the thinking is ended", String(ANSWER_TOKENS)),
};

/** What the options come to, over those of a built-in set. */
export function placesGiven(given: PlacesValues, own: QuestionSet["thinking"]): ThinkingPlaces {
  const { close = own?.close } = given;
  const call = given.call ?? (given.close === undefined ? own?.call : close);
  const isDeers = call === undefined;
  const { callStop, callSkip, callTokens, at } = given;
  const trial = {
    ...(!isDeers && { stop: ["\n"], skipFirst: 0 }),
    ...(given.call === undefined && given.close === undefined && own?.trial),
    ...(callStop.length > 0 && { stop: callStop }),
    ...(callSkip !== undefined && { skipFirst: callSkip }),
    ...(callTokens !== undefined && { maxTokens: callTokens }),
  };
  const marks = at.length > 0 ? at : own?.at;
  return thinkingPlaces({
    ...(marks && { at: marks }),
    ...(close !== undefined && { close }),
    ...(!isDeers && { call }),
    trial,
  });
}

const COUNT = wholeNumber(0, 1_000_000);

/** A rule with its numbers. */
export interface RuleValues {
  rule: ExitSettings["rule"] | undefined;
  threshold: number | undefined;
  run: number | undefined;
  after: number | undefined;
  alpha: number | undefined;
  warmUp: number | undefined;
  mean: "arithmetic" | "geometric" | undefined;
  most: number | undefined;
}

// biome-ignore format: one option a line
export const RULE: Declared<RuleValues> = {
  rule: option(oneOf(EXIT_RULES), { hint: "RULE", description: "certain: a run of tokens whose first choice was near-certain; eat: the entropy behind the close has settled; deer: a trial answer is sure" }),
  threshold: option(decimal(0, 1e6), { hint: "X", description: "Of certain: least probability of the first choices; of eat: the variance of the entropy (nats²) below which it has settled; of deer: confidence of a trial answer" }),
  run: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Of certain: tokens of the run (default: 32)" }),
  after: option(COUNT, { hint: "N", description: "Of certain: tokens that are left alone at the beginning (default: 400)" }),
  alpha: option(decimal(0.0001, 1), { hint: "X", description: "Of eat: weight of the newest entropy (default: 0.2)" }),
  warmUp: option(COUNT, { hint: "N", description: "Of eat: entropies before the first at which it may end (default: 4 / alpha)" }),
  mean: option(oneOf(["arithmetic", "geometric"]), { hint: "MEAN", description: "Of deer: mean of the probabilities of a trial answer's tokens (default: arithmetic)" }),
  most: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Of deer: most trial answers (default: 10)" }),
};

const STANDARD = { certain: 0.95, eat: 0.01, deer: 0.95 } as const;
const KNOBS = { certain: ["run", "after"], eat: ["alpha", "warmUp"], deer: ["mean", "most"] } as const;

/**
 * The rule that is asked for; without a threshold that of the papers, which for eat stands for one that is still to be chosen.
 * @throws SurprisalError USAGE, INVALID_ARGUMENT
 */
export function ruleGiven(given: RuleValues, places: ThinkingPlaces): ExitSettings {
  const { rule } = given;
  if (rule === undefined) throw usage(`Say by which rule: --rule ${EXIT_RULES.join(", ")}`);
  const stray = EXIT_RULES.flatMap((other) => (other === rule ? [] : KNOBS[other])).find(
    (name) => given[name] !== undefined,
  );
  if (stray) throw usage(`The rule ${rule} has no use for --${stray === "warmUp" ? "warm-up" : stray}`);
  const { threshold = STANDARD[rule], run, after, alpha, warmUp, mean, most } = given;
  const settings: ExitSettings =
    rule === "certain"
      ? { rule, probability: threshold, run, after }
      : rule === "eat"
        ? { rule, delta: threshold, alpha, warmUp }
        : { rule, threshold, mean, most };
  checkExit(settings, places);
  return settings;
}

type Loading = Parameters<typeof openModel>[0];

/** What is given for recording. */
export interface ExitRecording extends PlacesValues, Loading {
  atOnce: number | undefined;
}

/** Records the thinking about a set of questions into a file. */
export async function recordExit(
  given: ExitRecording,
  set: QuestionSet,
  file: string,
  resume: boolean,
): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }> {
  const { thinkTokens = THINK_TOKENS, answerTokens = ANSWER_TOKENS } = given;
  const places = placesGiven(given, set.thinking);
  const instructions = oneWording(set, given);
  await using model = await openModel(given);
  const answerOf = answerIn(set.reading);
  const recorded = await recordInto({
    file,
    header: {
      paths: ["whole"],
      counting: null,
      identity: identityOf(model),
      instructions,
      thinking: places,
      asked: { answer: set.reading, thinkTokens, answerTokens, ...loadedAs(given) },
    },
    questions: set.questions,
    resume,
    atOnce: given.atOnce ?? AT_ONCE[model.execution.place],
    quiet: given.quiet,
    record: async ({ isRight, question, ...about }: AskedQuestion) => {
      const prompt = car.prompt(model, question, "long", { instructions });
      const { whole, thinking } = await recordThinking(model, prompt, {
        answerOf,
        isRight: (_, words) => isRight(words),
        places,
        think: { maxTokens: thinkTokens },
        answer: { maxTokens: answerTokens },
      });
      return { ...about, question, paths: { whole }, thinking };
    },
  });
  const without = recorded.records.filter(({ thinking }) => thinking?.places.length === 0).length;
  if (without > 0 && !given.quiet)
    process.stderr.write(
      `note: ${without} of ${formatPlural(recorded.records.length, "thinking")} ${without === 1 ? "has" : "have"} no place to be ended: none of ${JSON.stringify(places.at)} stands in them (--at)\n`,
    );
  return recorded;
}

/** Answers at once where nothing is said. */
export const exitPlaces = (atOnce: number | undefined, place: keyof typeof AT_ONCE): number =>
  atOnce ?? AT_ONCE[place];
