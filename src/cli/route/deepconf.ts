/** `surprisal route deepconf`: several samples and a vote; weak ones are ended early, and no more are begun once the votes agree. */
import { checkIdentity } from "../../calibrate/index.ts";
import {
  car,
  type DeepConfArtefact,
  type DeepConfOptions,
  deepConf,
  evaluateDeepConf,
  fitDeepConf,
  type RouteRecords,
} from "../../route/index.ts";
import { formatProbability } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { argument, flag, option, text, wholeNumber } from "../parameters.ts";
import { deepConfSentences, judgedSentence } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { identityOf, placesFor } from "./car-asking.ts";
import { recordDeepConf, requireAlternatives, SAMPLING, TRACE_TOKENS, TRACING } from "./deepconf-asking.ts";
import {
  DEEPCONF_FIT,
  type DeepConfFitValues,
  deepConfFitOptions,
  deepConfSettings,
} from "./deepconf-fitting.ts";
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
} from "./options.ts";
import { readQuestionSet, voteOf } from "./questions.ts";
import { checkRecordsFile } from "./recording.ts";
import { checkOut, keepRouter, recordsOf, routerOf } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";

const record = defineCommand({
  details: `Samples traces to their end, with the confidence of every token: which warm-up, window and bar are best can be tried afterwards. The same
command with --resume goes on with the file after Ctrl-C, a crash or kill -9.

Examples:
  surprisal route deepconf record --problems mixed --count 200 -m model.gguf -n 16 -o traces.jsonl
  surprisal route deepconf record questions.jsonl -m model.gguf -n 16 -o traces.jsonl --resume`,
  // biome-ignore format: one option a line
  parameters: {
    ...QUESTION_OPTIONS,
    model: MODEL,
    ...TRACING,
    out: OUT,
    resume: RESUME,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const file = checkRecordsFile(given.out, given.questions, given.resume);
    await recordDeepConf(given, await readQuestionSet(given), file, given.resume);
  },
});

const fit = defineCommand({
  details: `Tries settings on recorded traces, and keeps those with the fewest tokens that are right as often as the full vote, less --tolerance. What is
given for a setting is tried in the place of its defaults.

Examples:
  surprisal route deepconf fit traces.jsonl -o deepconf.json
  surprisal route deepconf fit traces.jsonl --warm-up 4 --window 4 --window 8 --keep 0.5 -o deepconf.json`,
  // biome-ignore format: one option a line
  parameters: {
    records: argument("Records, as `surprisal route deepconf record` wrote them"),
    out: option(text, { short: "o", hint: "FILE", description: "Write the settings here" }),
    ...DEEPCONF_FIT,
    json: JSON_DOCUMENT,
  },
  async run(given) {
    checkOut(given.out, given.records);
    const artefact = fitTo(await recordsOf(given.records, "deepconf"), given);
    await keepRouter(artefact, deepConfSettings(artefact), given);
  },
});

function fitTo(records: RouteRecords, given: DeepConfFitValues): DeepConfArtefact {
  const topK = records.header.asked?.topK;
  const options = deepConfFitOptions(given);
  return fitDeepConf(records, typeof topK === "number" ? { ...options, topK } : options);
}

const evaluation = defineCommand({
  details: `Judges DeepConf online on recorded traces, beside one trace and the full vote. With --artefact by its settings: take other questions than they
were chosen on. Without, they are chosen on half of the groups and judged on the others. --replay needs no model; without it the
traces are recorded first, into --records.

Examples:
  surprisal route deepconf eval --replay traces.jsonl --warm-up 4 --svg picture.svg
  surprisal route deepconf eval --replay other.jsonl -a deepconf.json
  surprisal route deepconf eval --problems mixed --count 200 -m model.gguf --records traces.jsonl`,
  // biome-ignore format: one option a line
  parameters: {
    ...QUESTION_OPTIONS,
    replay: REPLAY,
    records: RECORDS,
    artefact: ARTEFACT,
    ...DEEPCONF_FIT,
    ...PICTURE_OPTIONS,
    model: MODEL,
    ...TRACING,
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const { artefact: router, seed, resamples, level } = given;
    checkPictures(given, [given.replay, given.records, router, given.questions]);
    deepConfFitOptions(given);
    const known = router === undefined ? null : await routerOf(router, "deepconf");
    const all = await judgedRecords(given, {
      command: "deepconf",
      least: known ? null : given.least,
      record: (set, name) => recordDeepConf(given, set, name, true),
    });
    const { fitted: artefact, judged } = fittedAndJudged(all, seed, known, (half) => fitTo(half, given));
    const settings: DeepConfOptions = artefact.settings;
    const found = evaluateDeepConf(judged, { ...settings, resamples, level, seed });
    await showEvaluation(
      {
        title: "DeepConf",
        first: [...deepConfSettings(artefact), `Judged on ${judgedSentence(found)}.`],
        ways: found.methods,
        sentences: deepConfSentences(found),
        curve: [],
        router: "online",
        document: { schema: "surprisal.route-deepconf/1", evaluation: found, artefact },
      },
      given,
    );
  },
});

const run = defineCommand({
  details: `Answers by a confidence-weighted vote, with the settings of the artefact. A question that is a file (.jsonl, or -) has a question a line: answers
are JSON lines then.

Examples:
  surprisal route deepconf run "What is 12 + 7 * 31?" -a deepconf.json -m model.gguf --answer number`,
  // biome-ignore format: one option a line
  parameters: {
    question: argument("A question; or a file of them: .jsonl with \"question\" a line, - for standard input"),
    artefact: ARTEFACT,
    model: MODEL,
    strict: STRICT,
    answer: ANSWER,
    ...SAMPLING,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Trace i is drawn with this plus i", standard: "0" }),
    out: option(text, { short: "o", hint: "FILE", description: "Write the answers into this file, a JSON line each" }),
    resume: flag({ description: "Go on with the file of --out: what it has is kept, errors are tried again" }),
    json: JSON_DOCUMENT,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const artefact = await routerOf(given.artefact, "deepconf");
    const { answer, strict, traceTokens = TRACE_TOKENS, temperature, topP, seed } = given;
    if (answer === undefined)
      throw usage("Say what is voted on: --answer number, letter, yes-no, text or line");
    const sampling = { maxTokens: traceTokens, temperature, topP, seed };
    await runMany(given, artefact, () => openModel(given), {
      places: (atOnce, model) => (atOnce === undefined ? 1 : placesFor(atOnce, model)),
      options: { answer, ...sampling },
      async ask(model, question) {
        requireAlternatives(model.capabilities.alternatives, model.identity.name);
        const notes: string[] = [];
        checkIdentity(artefact, identityOf(model), { strict, onWarning: (note) => notes.push(note) });
        const instructions = artefact.instructions ?? undefined;
        const found = await deepConf(model, car.prompt(model, question, "long", { instructions }), {
          ...artefact.settings,
          answerOf: voteOf(answer),
          sampling,
        });
        const { vote, tokens, stopped, ended, warnings, traces } = found;
        const share = vote.share === null ? "nobody voted" : `${formatProbability(vote.share)} of the weight`;
        return {
          text: found.answer ?? "",
          reason: `${share}, ${traces.length} traces, ${stopped} ended early, then the ${ended}`,
          tokens,
          warnings: [...notes, ...warnings],
          details: { vote, tokens, stopped, ended, traces: traces.length },
        };
      },
    });
  },
});

// biome-ignore format: one command a line
const command: Command = {
  commands: {
    record: { summary: "Sample traces of questions, into a file of records", load: async () => record },
    fit: { summary: "Choose warm-up, window, bar and consensus on records", load: async () => fit },
    eval: { summary: "What DeepConf is worth, beside one trace and the full vote", load: async () => evaluation },
    run: { summary: "Answer by a vote of samples that are ended early", load: async () => run },
  },
};
export default command;
