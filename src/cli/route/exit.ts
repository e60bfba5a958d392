/** `surprisal route exit`: thinking is ended once it adds nothing. */
import {
  answerBehind,
  asksModel,
  car,
  chooseExit,
  countedProbe,
  type ExitSettings,
  evaluateExit,
  exitCurve,
  exitOf,
  probeOf,
  type RouteRecords,
  type ThinkingPlaces,
  thinkThenAnswer,
} from "../../route/index.ts";
import { formatCount, formatNumber, formatPlural, formatProbability } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { argument, decimal, flag, option, text, wholeNumber } from "../parameters.ts";
import { exitSentences, judgedSentence } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { judgedRecords } from "./evaluating.ts";
import {
  ANSWER_TOKENS,
  exitPlaces,
  PLACES,
  placesGiven,
  RULE,
  recordExit,
  ruleGiven,
  THINK_TOKENS,
} from "./exit-asking.ts";
import {
  ANSWER,
  ASKING_OPTIONS,
  MODEL,
  OUT,
  PICTURE_OPTIONS,
  QUESTION_OPTIONS,
  RECORDS,
  REPLAY,
  RESUME,
} from "./options.ts";
import { answerIn, readQuestionSet } from "./questions.ts";
import { checkRecordsFile } from "./recording.ts";
import { halves } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";
import { oneWording } from "./wording.ts";

const PROSE = `Thinking may be ended behind the texts of --at alone, a blank line by default; --close is written there, and the answer behind it. Models that think
between its own marks need neither; for others say what calls for the answer, such as --close "\\nThe answer is". A model on a server
has to take a prefill.`;

const record = defineCommand({
  details: `Every question is thought about to the end, greedily; then it is asked for every place what the model would have said there: the entropy behind
the close, a trial answer, and the answer. That costs an answer for each place, once: any rule with any numbers can be replayed on it.
The same command with --resume goes on with the file after Ctrl-C, a crash or kill -9.

${PROSE}

Examples:
  surprisal route exit record --problems lab --count 200 -m lab -o thinking.jsonl
  surprisal route exit record questions.jsonl -m model.gguf --at "\\n" --close "\\nThe answer is" -o thinking.jsonl`,
  parameters: {
    ...QUESTION_OPTIONS,
    model: MODEL,
    ...PLACES,
    out: OUT,
    resume: RESUME,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const file = checkRecordsFile(given.out, given.questions, given.resume);
    await recordExit(given, await readQuestionSet(given), file, given.resume);
  },
});

const evaluation = defineCommand({
  details: `Judges a rule on records, beside never ending the thinking, a fixed budget that costs as many tokens, and the oracle, which knows the earliest
place with a right answer. What is written to ask the model is among the tokens. With --threshold it is that one, judged on all
records; without, the threshold is chosen on half of the groups (the fewest tokens with the accuracy of never ending it, less
--tolerance) and judged on the others. --replay needs no model; without it the questions are recorded first, into --records.

${PROSE}

Examples:
  surprisal route exit eval --replay thinking.jsonl --rule deer --svg curve.svg
  surprisal route exit eval --replay thinking.jsonl --rule certain --threshold 0.95 --run 8 --after 10
  surprisal route exit eval --problems lab --count 200 -m lab --rule eat --warm-up 1 --records thinking.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    ...QUESTION_OPTIONS,
    replay: REPLAY,
    records: RECORDS,
    ...RULE,
    tolerance: option(decimal(0, 1), { hint: "SHARE", description: "Where the threshold is chosen: accuracy below never ending it that is taken", standard: "0.005" }),
    least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Where the threshold is chosen: fewest questions", standard: "30" }),
    ...PICTURE_OPTIONS,
    model: MODEL,
    ...PLACES,
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const { seed, resamples, level, threshold, tolerance, least } = given;
    checkPictures(given, [given.replay, given.records, given.questions]);
    const asked = ruleGiven(given, placesGiven({ ...given, at: [] }, null));
    const all = await judgedRecords(given, {
      command: "exit",
      least: threshold === undefined ? least : null,
      record: (set, name) => recordExit(given, set, name, true),
    });
    const places = placesOf(all, given.at);
    const { fitted, judged } = threshold === undefined ? halves(all, seed) : { fitted: null, judged: all };
    const chosen = fitted && (await chooseExit(fitted, asked, { places, tolerance, least }));
    const settings = chosen?.settings ?? asked;
    const found = await evaluateExit(judged, settings, { places, resamples, level, seed });
    const curve = await exitCurve(judged, settings, { places });
    const point = chosen?.point;
    await showEvaluation(
      {
        title: "An early exit",
        first: [
          `${ruleSentence(settings)}`,
          ...(point
            ? [
                `The threshold was chosen on ${formatPlural(fitted!.records.length, "question")}: right ${formatProbability(point.accuracy)} there, with ${formatNumber(point.tokens, 3)} tokens.${chosen.reached ? "" : " None has the accuracy of never ending it, so better leave it alone: this is the nearest."}`,
              ]
            : []),
          `Judged on ${judgedSentence(found)}.`,
        ],
        ways: found.methods,
        sentences: exitSentences(found),
        curve,
        kept: "of the thinkings ended",
        router: "rule",
        document: {
          schema: "surprisal.route-exit/1",
          evaluation: found,
          curve,
          chosen: chosen && { point: chosen.point, reached: chosen.reached, n: fitted!.records.length },
        },
      },
      given,
    );
  },
});

/** Those that it was recorded with, or fewer of them. @throws SurprisalError USAGE */
function placesOf({ header }: RouteRecords, at: readonly string[]): ThinkingPlaces {
  const known = header.thinking!;
  const strange = at.find((mark) => !known.at.includes(mark));
  if (strange !== undefined)
    throw usage(
      `The records were asked behind ${JSON.stringify(known.at)}, and not behind ${JSON.stringify(strange)} (--at)`,
    );
  return at.length === 0 ? known : { ...known, at };
}

function ruleSentence(settings: ExitSettings): string {
  if (settings.rule === "certain") {
    const { probability, run = 32, after = 400 } = settings;
    return `certain: ended after ${formatPlural(run, "token")} in a row with a first choice of at least ${probability}, the first ${formatCount(after)} left alone.`;
  }
  if (settings.rule === "eat") {
    const { delta, alpha = 0.2, warmUp = 4 / alpha } = settings;
    return `eat: ended once the variance of the entropy behind the close is below ${delta}; alpha ${alpha}, warm-up ${formatNumber(warmUp, 3)}.`;
  }
  const { threshold, mean = "arithmetic", most = 10 } = settings;
  return `deer: ended once a trial answer has a confidence above ${threshold}, the ${mean} mean; at most ${formatPlural(most, "trial")}.`;
}

const run = defineCommand({
  details: `Thinks, ends that where the rule says so, and says where and why. Ask as the records were asked that the numbers were chosen on. A question that
is a file (.jsonl, or -) has a question a line: answers are JSON lines then.

${PROSE}

Examples:
  surprisal route exit run "What is 12 + 7 * 31?" --rule deer --threshold 0.95 -m model.gguf
  surprisal route exit run questions.jsonl --rule certain --run 8 --after 20 --at "\\n" --close "\\nThe answer is" -m model.gguf -o answers.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    question: argument("A question; or a file of them: .jsonl with \"question\" a line, - for standard input"),
    ...RULE,
    model: MODEL,
    ...PLACES,
    answer: ANSWER,
    out: option(text, { short: "o", hint: "FILE", description: "Write the answers into this file, a JSON line each" }),
    resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const { answer, thinkTokens = THINK_TOKENS, answerTokens = ANSWER_TOKENS } = given;
    const places = placesGiven(given, null);
    const settings = ruleGiven(given, places);
    if (settings.rule === "eat" && given.threshold === undefined)
      throw usage("--rule eat needs --threshold, which `surprisal route exit eval` chooses");
    const instructions = oneWording({ wording: null }, given);
    await runMany(given, settings, () => openModel(given), {
      places: (atOnce, model) => exitPlaces(atOnce, model.execution.place),
      options: { answer, rule: settings, places, instructions, thinkTokens, answerTokens },
      async ask(model, question) {
        const prompt = car.prompt(model, question, "long", { instructions });
        const probe = asksModel(settings) ? countedProbe(await probeOf(model, prompt)) : null;
        const start = performance.now();
        const found = await thinkThenAnswer(model, prompt, {
          exit: exitOf(settings, places, probe),
          close: places.close,
          think: { maxTokens: thinkTokens, alternatives: Math.min(1, model.capabilities.alternatives) },
          answer: { maxTokens: answerTokens },
        });
        const { stoppedBy, thought } = found;
        const words = stoppedBy ? answerBehind(places.close, found.text) : found.text;
        const probeTokens = probe?.tokens ?? 0;
        return {
          text: words,
          reason: `${stoppedBy ? `ended after ${formatPlural(thought, "token")}: ${stoppedBy.because}` : "it came to its own end"}${probeTokens > 0 ? ` · ${formatCount(probeTokens)} written to ask it` : ""}`,
          tokens: found.tokens + probeTokens,
          warnings: [],
          details: {
            ...(answer && { answer: answerIn(answer)(words) }),
            stoppedBy: stoppedBy && {
              rule: stoppedBy.policy,
              token: stoppedBy.token,
              because: stoppedBy.because,
            },
            thought,
            probeTokens,
            tokens: found.tokens + probeTokens,
            ms: performance.now() - start,
            whole: found.whole,
          },
        };
      },
    });
  },
});

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    record: { summary: "Think to the end, and ask at every place, into a file of records", load: async () => record },
    eval: { summary: "What a rule is worth, beside never ending it, a fixed budget and the oracle", load: async () => evaluation },
    run: { summary: "Think, end that where a rule says so, and answer", load: async () => run },
  },
};
export default command;
