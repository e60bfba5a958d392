/** `surprisal route deepconf`: several samples and a vote; weak ones are ended early, and no more are begun once the votes agree. */
import { checkIdentity } from "../../calibrate/index.ts";
import {
  car,
  type DeepConfArtefact,
  type DeepConfFitOptions,
  type DeepConfOptions,
  deepConf,
  evaluateDeepConf,
  fitDeepConf,
  readRecords,
  recordTraces,
} from "../../route/index.ts";
import { formatNumber, formatProbability } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import {
  argument,
  type Declared,
  decimal,
  flag,
  option,
  repeated,
  text,
  wholeNumber,
} from "../parameters.ts";
import { deepConfSentences, judgedSentence } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { identityOf, loadedAs, placesFor } from "./car-asking.ts";
import {
  ANSWER,
  ARTEFACT,
  ASKING_OPTIONS,
  MODEL,
  OUT,
  PICTURE_OPTIONS,
  QUESTION_OPTIONS,
  RESUME,
  SEEDS,
  STRICT,
  TOKENS,
} from "./options.ts";
import { type AskedQuestion, readQuestionSet, voteOf } from "./questions.ts";
import { checkRecordsFile, recordInto } from "./recording.ts";
import { checkOut, halves, keepRouter, routerOf } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";
import { oneWording, WORDING } from "./wording.ts";

const TRACE_TOKENS = 1024;
const SHARE = decimal(0.0001, 1);
const COUNT = wholeNumber(1, 100_000);

interface SamplingValues {
  traceTokens: number | undefined;
  temperature: number;
  topP: number;
}

// biome-ignore format: one option a line
const SAMPLING: Declared<SamplingValues> = {
  traceTokens: TOKENS("Most tokens of a trace", String(TRACE_TOKENS)),
  temperature: option(decimal(0, 100), { hint: "T", description: "Of the sampling", standard: "0.6" }),
  topP: option(decimal(0.0001, 1), { hint: "P", description: "Of the sampling", standard: "0.95" }),
};

interface SettingValues {
  warmUp: number[];
  window: number[];
  keep: number[];
  consensus: number[];
  noConsensus: boolean;
  budget: number | undefined;
}

// biome-ignore format: one option a line
const SETTINGS: Declared<SettingValues> = {
  warmUp: repeated(COUNT, { hint: "N", description: "Traces that are written to their end and set the bar (default: 4, 8 and 16 are tried)" }),
  window: repeated(COUNT, { hint: "TOKENS", description: "Of a group: a fraction of a trace's length (default: 4, 8, 16 ... are tried)" }),
  keep: repeated(SHARE, { hint: "SHARE", description: "Of the warm-up's traces that reach the bar (default: 0.1, 0.5 and 0.9 are tried)" }),
  consensus: repeated(SHARE, { hint: "SHARE", description: "No more traces are begun once this share of the weight is on one answer (default: 0.8 and 0.95 are tried)" }),
  noConsensus: flag({ description: "Go on to the budget, as DeepConf's code does" }),
  budget: option(COUNT, { hint: "N", description: "Most traces (default: as many as were recorded)" }),
};

interface FitValues extends SettingValues {
  tolerance: number;
  least: number;
}

// biome-ignore format: one option a line
const FIT: Declared<FitValues> = {
  ...SETTINGS,
  tolerance: option(decimal(0, 1), { hint: "SHARE", description: "Accuracy below the full vote's that is taken", standard: "0.005" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest questions", standard: "30" }),
};

const orNone = <Value>(list: readonly Value[]): readonly Value[] | undefined =>
  list.length > 0 ? list : undefined;

function fitOptions({
  warmUp,
  window,
  keep,
  consensus,
  noConsensus,
  budget,
  tolerance,
  least,
}: FitValues): DeepConfFitOptions {
  if (noConsensus && consensus.length > 0) throw usage("--consensus and --no-consensus exclude each other");
  return {
    warmUps: orNone(warmUp),
    windows: orNone(window),
    keeps: orNone(keep),
    consensuses: noConsensus ? [null] : orNone(consensus),
    budget,
    tolerance,
    least,
  };
}

function sentences({ settings, point, fittedOn }: DeepConfArtefact): string[] {
  const { warmUp, window, keep, budget, consensus, topK } = settings;
  const number = (value: number) => formatNumber(value, 4);
  return [
    `Warm-up ${warmUp}, window ${window}, keep ${keep}, ${consensus === null ? "no consensus stop" : `consensus ${consensus}`}, at most ${budget} traces; confidences over ${topK} alternatives.`,
    `On ${fittedOn.n} questions these were chosen on: right ${formatProbability(point.accuracy)} with ${number(point.tokens)} tokens; the full vote ${formatProbability(point.fullVote.accuracy)} with ${number(point.fullVote.tokens)}.${point.reached ? "" : " The full vote's accuracy was not reached: this is the nearest."}`,
  ];
}

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
    traces: option(COUNT, { short: "n", hint: "N", description: "Traces of each question; trace i is drawn with the seed plus i", standard: "16" }),
    ...WORDING,
    ...SAMPLING,
    topK: option(wholeNumber(1, 1000), { hint: "K", description: "Alternatives that a token's confidence is over, as many as the source gives", standard: "20" }),
    out: OUT,
    resume: RESUME,
    ...ASKING_OPTIONS,
  },
  async run(given) {
    const file = checkRecordsFile(given.out, given.questions, given.resume);
    const set = await readQuestionSet(given);
    const { traceTokens = TRACE_TOKENS, temperature, topP, topK, traces, seed } = given;
    const instructions = oneWording(set, given);
    await using model = await openModel(given);
    requireAlternatives(model.capabilities.alternatives, model.identity.name);
    await recordInto({
      file,
      header: {
        paths: [],
        counting: null,
        identity: identityOf(model),
        instructions,
        asked: {
          answer: set.reading,
          traces,
          traceTokens,
          temperature,
          topP,
          topK,
          seed,
          ...loadedAs(given),
        },
      },
      questions: set.questions,
      resume: given.resume,
      // The traces of a question are written side by side already.
      atOnce: given.atOnce ?? 1,
      quiet: given.quiet,
      record: async ({ isRight, question, ...about }: AskedQuestion) => ({
        ...about,
        question,
        paths: {},
        traces: await recordTraces(model, car.prompt(model, question, "long", { instructions }), {
          n: traces,
          answerOf: voteOf(set.reading),
          isRight: (_, words) => isRight(words),
          topK,
          sampling: { maxTokens: traceTokens, temperature, topP, seed },
        }),
      }),
    });
  },
});

function requireAlternatives(alternatives: number, name: string): void {
  if (alternatives < 1)
    throw usage(
      "The model gives no alternatives, which confidences are made from; `surprisal probe` says what a server gives",
      name,
    );
}

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
    ...FIT,
    json: JSON_DOCUMENT,
  },
  async run(given) {
    checkOut(given.out, given.records);
    const records = await readRecords(given.records);
    const artefact = fitDeepConf(records, { ...fitOptions(given), topK: topKOf(records.header.asked) });
    await keepRouter(artefact, sentences(artefact), given);
  },
});

const topKOf = (asked: Readonly<Record<string, unknown>> | undefined): number | undefined =>
  typeof asked?.topK === "number" ? asked.topK : undefined;

const evaluation = defineCommand({
  details: `Judges DeepConf online on recorded traces, without a model, beside one trace and the full vote. With --artefact by its settings: take other
questions than they were chosen on. Without, they are chosen on half of the groups and judged on the others.

Examples:
  surprisal route deepconf eval --replay traces.jsonl --warm-up 4 --svg picture.svg
  surprisal route deepconf eval --replay other.jsonl -a deepconf.json`,
  // biome-ignore format: one option a line
  parameters: {
    replay: option(text, { hint: "FILE", description: "The records" }),
    artefact: ARTEFACT,
    ...FIT,
    ...PICTURE_OPTIONS,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of the split and of the bootstrap", standard: "0" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const { replay, artefact: router, seed, resamples, level } = given;
    if (replay === undefined) throw usage("There are no records: --replay FILE");
    checkPictures(given, [replay, router]);
    const options = fitOptions(given);
    const known = router === undefined ? null : await routerOf(router, "deepconf");
    const all = await readRecords(replay);
    const [fitted, judged] = known ? [[], all.records] : halves(all.records, seed);
    const artefact =
      known ?? fitDeepConf({ ...all, records: fitted }, { ...options, topK: topKOf(all.header.asked) });
    const settings: DeepConfOptions = artefact.settings;
    const found = evaluateDeepConf(judged, { ...settings, resamples, level, seed });
    await showEvaluation(
      {
        title: "DeepConf",
        first: [...sentences(artefact), `Judged on ${judgedSentence(found)}.`],
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
