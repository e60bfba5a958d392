/** `surprisal route car`: a short answer is kept where the model was sure of it, and reasoned about where it was not. */
import {
  accuracyTokensCurve,
  car,
  carRoute,
  evaluateRouter,
  evaluateSplits,
  type RouteRecords,
} from "../../route/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { argument, flag, option, text, wholeNumber } from "../parameters.ts";
import { judgedSentence, routerSentences } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { CAR_ASKING, LONG_TOKENS, placesFor, recordCar, SHORT_TOKENS } from "./car-asking.ts";
import { CAR_FIT, carFitOptions, carSentences, fitCar } from "./car-fitting.ts";
import { fittedAndJudged, judgedRecords } from "./evaluating.ts";
import {
  ANSWER,
  ARTEFACT,
  ASKING_OPTIONS,
  MODEL,
  OUT,
  PICTURE_OPTIONS,
  QUESTION_OPTIONS,
  RECORDS,
  REPLAY,
  RESUME,
  SEEDS,
  STRICT,
  TOKENS,
} from "./options.ts";
import { answerIn, readQuestionSet } from "./questions.ts";
import { checkRecordsFile } from "./recording.ts";
import { checkOut, keepRouter, recordsOf, routerOf } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";

const QUESTIONS_PROSE = `Questions are JSON lines: {"question": "What is 2 + 3?", "answer": "5"}, with "id", "group" (what belongs together, such as paraphrases)
and "kind" if they have some. Built-in sets need no file: --problems lab, --problems mixed.`;

const record = defineCommand({
  details: `Every question is asked twice: for a direct answer and for one with reasoning, both greedy. The file can be gone on with after Ctrl-C,
a crash or kill -9: the same command with --resume. A file of another model, wording or set is refused.

${QUESTIONS_PROSE}

Examples:
  surprisal route car record --problems lab --count 1000 -m lab --counting answer -o lab.jsonl
  surprisal route car record questions.jsonl -m model.gguf --short "Only the number." -o records.jsonl
  surprisal route car record questions.jsonl -m model.gguf --short "Only the number." -o records.jsonl --resume`,
  parameters: {
    ...QUESTION_OPTIONS,
    model: MODEL,
    ...CAR_ASKING,
    out: OUT,
    resume: RESUME,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const file = checkRecordsFile(given.out, given.questions, given.resume);
    await recordCar(given, await readQuestionSet(given), file, given.resume);
  },
});

const fit = defineCommand({
  details: `The threshold is chosen on groups of questions that nothing else was fitted to, for one goal: --accuracy, --tokens-per-question, --risk or --probability.
With too few right or wrong short answers it is refused, with what is missing.

Examples:
  surprisal route car fit records.jsonl -o router.json
  surprisal route car fit records.jsonl --risk 0.05 -o router.json
  surprisal route car fit records.jsonl --mode faithful -o as-published.json`,
  // biome-ignore format: one option a line
  parameters: {
    records: argument("Records, as `surprisal route car record` wrote them"),
    out: option(text, { short: "o", hint: "FILE", description: "Write the router here" }),
    ...CAR_FIT,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of the split", standard: "0" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const options = carFitOptions(given);
    checkOut(given.out, given.records);
    const artefact = fitCar(await recordsOf(given.records, "car"), options);
    await keepRouter(artefact, carSentences(artefact), given);
  },
});

const evaluation = defineCommand({
  details: `Judges a router on records, beside always short, always long, random routing at the same rate, and the oracle. With --artefact it is that
router: take other questions than it was fitted to. Without, one is fitted to half of the groups and judged on the others, and a
hundred times more on other halves. --replay needs no model; without it the questions are recorded first, into --records.

${QUESTIONS_PROSE}

Examples:
  surprisal route car eval --replay records.jsonl --svg curve.svg
  surprisal route car eval --replay other.jsonl -a router.json --html page.html
  surprisal route car eval --problems lab --count 3000 -m lab --counting answer --records lab.jsonl`,
  parameters: {
    ...QUESTION_OPTIONS,
    replay: REPLAY,
    records: RECORDS,
    artefact: ARTEFACT,
    ...CAR_FIT,
    ...PICTURE_OPTIONS,
    model: MODEL,
    ...CAR_ASKING,
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const { artefact: router, seed, resamples, level, mode } = given;
    checkPictures(given, [given.replay, given.records, router, given.questions]);
    const options = carFitOptions(given);
    const known = router === undefined ? null : await routerOf(router, "car");
    const all = await judgedRecords(given, {
      command: "car",
      least: known ? null : mode === "pilot" ? 1 : 2 * given.least,
      record: (set, name) => recordCar(given, set, name, true),
    });
    const fitTo = (some: RouteRecords) => fitCar(some, options);
    const { fitted: artefact, judged } = fittedAndJudged(all, seed, known, fitTo);
    const judging = { paths: ["short", "long"], resamples, level, seed };
    const found = evaluateRouter(judged, carRoute(artefact), judging);
    const splits = known
      ? null
      : evaluateSplits(all, (some) => carRoute(fitTo({ ...all, records: [...some] })), judging);
    const curve = accuracyTokensCurve(judged, { signal: artefact.signal });
    await showEvaluation(
      {
        title: "A CAR router",
        first: [...carSentences(artefact), `Judged on ${judgedSentence(found)}.`],
        ways: found.methods,
        sentences: routerSentences(found, splits),
        curve,
        router: "router",
        document: { schema: "surprisal.route-eval/1", evaluation: found, splits, artefact },
      },
      given,
    );
  },
});

const run = defineCommand({
  details: `Short first, and long where the short answer is not sure enough; a short answer that is kept is not written again. The wording is that
of the records that the router was fitted to. A question that is a file (.jsonl, or -) has a question a line: answers are JSON lines then.

Examples:
  surprisal route car run "What is 12 + 7?" -a router.json -m lab
  surprisal route car run questions.jsonl -a router.json -m lab -o answers.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    question: argument("A question; or a file of them: .jsonl with \"question\" a line, - for standard input"),
    artefact: ARTEFACT,
    model: MODEL,
    strict: STRICT,
    answer: ANSWER,
    shortTokens: TOKENS("Most tokens of the short answer", String(SHORT_TOKENS)),
    longTokens: TOKENS("Most tokens of the long one", String(LONG_TOKENS)),
    out: option(text, { short: "o", hint: "FILE", description: "Write the answers into this file, a JSON line each" }),
    resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const artefact = await routerOf(given.artefact, "car");
    const { shortTokens = SHORT_TOKENS, longTokens = LONG_TOKENS, strict } = given;
    if (artefact.counting?.formatting === "answer" && given.answer === undefined)
      throw usage(
        "The router counts the tokens of the answer alone: say what an answer is, --answer number, line ...",
      );
    const router = car.from(artefact);
    await runMany(given, artefact, () => openModel(given), {
      places: placesFor,
      options: { shortTokens, longTokens, answer: given.answer },
      async ask(model, question) {
        const { path, text, decision, tokens, ms, short, long, warnings } = await router.run(
          model,
          question,
          {
            strict,
            answerOf: given.answer === undefined ? undefined : answerIn(given.answer),
            short: { maxTokens: shortTokens },
            long: { maxTokens: longTokens },
          },
        );
        const details = {
          path,
          decision,
          tokens,
          ms,
          shortTokens: short.written,
          longTokens: long?.written ?? 0,
        };
        return { text, reason: `${path}: ${decision.reason}`, tokens, warnings, details };
      },
    });
  },
});

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    record: { summary: "Ask questions both ways, into a file of records", load: async () => record },
    fit: { summary: "Fit a router to records and write it as a file", load: async () => fit },
    eval: { summary: "What a router is worth, beside random routing and the oracle", load: async () => evaluation },
    run: { summary: "Answer by a router: short where that is sure enough", load: async () => run },
  },
};
export default command;
