/** `surprisal route cascade`: several models, cheapest first; the next is asked where it is worth its price. */
import {
  type CascadeModel,
  cascade,
  cascadeRoute,
  evaluateRouter,
  evaluateSplits,
  type RouteRecords,
} from "../../route/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { argument, decimal, flag, option, text, wholeNumber } from "../parameters.ts";
import { judgedSentence, routerSentences } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { AT_ONCE, checkSteps, MOST_TOKENS, Models, recordCascade, STEP } from "./cascade-asking.ts";
import { CASCADE_FIT, cascadeFitOptions, cascadeSentences } from "./cascade-fitting.ts";
import { fittedAndJudged, judgedRecords, type Source } from "./evaluating.ts";
import {
  ARTEFACT,
  ASKING_OPTIONS,
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
import { readQuestionSet } from "./questions.ts";
import { checkRecordsFile } from "./recording.ts";
import { checkOut, keepRouter, recordsOf, routerOf } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";
import { WORDING } from "./wording.ts";

const record = defineCommand({
  details: `Every model answers every question, so that any cascade can be fitted to the records and judged by them. The same command with --resume goes on
with the file after Ctrl-C, a crash or kill -9.

Examples:
  surprisal route cascade record questions.jsonl --step small=mini --step large=smollm2 -o records.jsonl
  surprisal route cascade record --problems mixed --step local=model.gguf --step server=http://localhost:8080/v1 -o records.jsonl`,
  parameters: {
    ...QUESTION_OPTIONS,
    step: STEP,
    ...WORDING,
    maxTokens: TOKENS("Most tokens of an answer", String(MOST_TOKENS)),
    out: OUT,
    resume: RESUME,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    checkSteps(given.step);
    const file = checkRecordsFile(given.out, given.questions, given.resume);
    await recordCascade(given, await readQuestionSet(given), file, given.resume);
  },
});

const fit = defineCommand({
  details: `For each model: how likely it is right, from the signal of its answer, and how likely a later one would do better. What a right answer is worth
is chosen for the goal, on groups of questions that nothing else was fitted to.

Examples:
  surprisal route cascade fit records.jsonl --price small=0 --price large=8e-6,2e-6 -o router.json
  surprisal route cascade fit records.jsonl --price small=1 --price large=20 --spend 100 -o router.json`,
  // biome-ignore format: one option a line
  parameters: {
    records: argument("Records, as `surprisal route cascade record` wrote them"),
    out: option(text, { short: "o", hint: "FILE", description: "Write the router here" }),
    ...CASCADE_FIT,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of the split", standard: "0" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    checkOut(given.out, given.records);
    const records = await recordsOf(given.records, "cascade");
    const { artefact } = cascade.fit(records, cascadeFitOptions(given, records));
    await keepRouter(artefact, cascadeSentences(artefact), given);
  },
});

const evaluation = defineCommand({
  details: `Judges a cascade on records, beside each model alone, random routing at the same rates, and the oracle. With --artefact it is that one: take
other questions than it was fitted to. Without, one is fitted (--price ...) to half of the groups and judged on the others, and a
hundred times more on other halves. --replay needs no model; without it the questions are recorded first, into --records.

Examples:
  surprisal route cascade eval --replay records.jsonl --price small=0 --price large=8e-6 --svg picture.svg
  surprisal route cascade eval --replay other.jsonl -a router.json
  surprisal route cascade eval questions.jsonl --step small=mini --step large=smollm2 --price small=1 --price large=9 --records records.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    ...QUESTION_OPTIONS,
    replay: REPLAY,
    records: RECORDS,
    artefact: ARTEFACT,
    ...CASCADE_FIT,
    ...PICTURE_OPTIONS,
    step: STEP,
    ...WORDING,
    maxTokens: TOKENS("Most tokens of an answer", String(MOST_TOKENS)),
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const { artefact: router, seed, resamples, level } = given;
    checkPictures(given, [given.replay, given.records, router, given.questions]);
    const known = router === undefined ? null : await routerOf(router, "cascade");
    if (known && given.price.length > 0)
      throw usage("--price is of a cascade that is fitted: leave it or --artefact out");
    const record: Source["record"] = (set, name) => {
      checkSteps(given.step);
      return recordCascade(given, set, name, true);
    };
    const all = await judgedRecords(given, {
      command: "cascade",
      least: known ? null : 2 * given.least,
      record,
    });
    const fitTo = (some: RouteRecords) => cascade.fit(some, cascadeFitOptions(given, some)).artefact;
    const { fitted: artefact, judged } = fittedAndJudged(all, seed, known, fitTo);
    const judging = { paths: artefact.steps.map(({ name }) => name), resamples, level, seed };
    const found = evaluateRouter(judged, cascadeRoute(artefact), judging);
    const splits = known
      ? null
      : evaluateSplits(all, (some) => cascadeRoute(fitTo({ ...all, records: [...some] })), judging);
    await showEvaluation(
      {
        title: "A cascade",
        first: [...cascadeSentences(artefact), `Judged on ${judgedSentence(found)}.`],
        ways: found.methods,
        sentences: routerSentences(found, splits),
        curve: [],
        router: "router",
        document: { schema: "surprisal.route-eval/1", evaluation: found, splits, artefact },
      },
      given,
    );
  },
});

const run = defineCommand({
  details: `Models are named as in the records. One that fails is passed over, with its reason; --budget bounds what a question may cost, in the unit of
the prices. A question that is a file (.jsonl, or -) has a question a line: answers are JSON lines then.

Examples:
  surprisal route cascade run "What is 12 + 7?" -a router.json --step small=mini --step large=smollm2
  surprisal route cascade run questions.jsonl -a router.json --step small=mini --step large=smollm2 --budget 0.01 -o answers.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    question: argument("A question; or a file of them: .jsonl with \"question\" a line, - for standard input"),
    artefact: ARTEFACT,
    step: STEP,
    budget: option(decimal(0, 1e12), { hint: "PRICE", description: "Most that a question may cost" }),
    strict: STRICT,
    maxTokens: TOKENS("Most tokens of an answer", String(MOST_TOKENS)),
    out: option(text, { short: "o", hint: "FILE", description: "Write the answers into this file, a JSON line each" }),
    resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const artefact = await routerOf(given.artefact, "cascade");
    const { budget, strict, maxTokens = MOST_TOKENS } = given;
    const lacking = artefact.steps.filter(({ name }) => !given.step.some((step) => step.name === name));
    if (lacking.length > 0)
      throw usage(
        `The cascade has ${lacking.map(({ name }) => name).join(", ")} too: --step ${lacking[0]!.name}=MODEL`,
      );
    const router = cascade.from(artefact);
    let steps: readonly CascadeModel[] | null = null;
    await runMany(given, artefact, () => Models.open(given.step, given), {
      places: (atOnce) => atOnce ?? AT_ONCE,
      options: { budget, maxTokens },
      async ask(models, question) {
        steps ??= models.asSteps(artefact.instructions ?? null, maxTokens);
        const answer = await router.run(steps, question, { budget, strict });
        const { text: words, model, reason, price, tokens, ms, attempts, warnings } = answer;
        return {
          text: words,
          reason: `${model}: ${reason}`,
          tokens,
          warnings,
          details: { model, reason, price, tokens, ms, attempts },
        };
      },
    });
  },
});

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    record: { summary: "Ask all models, into a file of records", load: async () => record },
    fit: { summary: "Fit a cascade to records and write it as a file", load: async () => fit },
    eval: { summary: "What a cascade is worth, beside each model alone and the oracle", load: async () => evaluation },
    run: { summary: "Answer by a cascade: the next model where it is worth its price", load: async () => run },
  },
};
export default command;
