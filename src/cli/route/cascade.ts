/** `surprisal route cascade`: several models, cheapest first; the next is asked where it is worth its price. */
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import {
  type CarInstructions,
  type CascadeArtefact,
  type CascadeFitOptions,
  type CascadeModel,
  car,
  cascade,
  cascadeRoute,
  evaluateRouter,
  evaluateSplits,
  type RouteRecords,
  readRecords,
} from "../../route/index.ts";
import { formatNumber, formatProbability, visible } from "../../text/index.ts";
import { type Command, defineCommand } from "../command.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import {
  argument,
  type Declared,
  decimal,
  flag,
  oneOf,
  option,
  type Read,
  repeated,
  text,
  wholeNumber,
} from "../parameters.ts";
import { judgedSentence, routerSentences } from "../render/index.ts";
import { JSON_DOCUMENT } from "../shared-options.ts";
import { identityOf, loadedAs } from "./car-asking.ts";
import {
  ARTEFACT,
  ASKING_OPTIONS,
  OUT,
  PICTURE_OPTIONS,
  QUESTION_OPTIONS,
  RESUME,
  SEEDS,
  STRICT,
  TOKENS,
} from "./options.ts";
import { type AskedQuestion, answerIn, readQuestionSet } from "./questions.ts";
import { checkRecordsFile, recordInto } from "./recording.ts";
import { checkOut, halves, keepRouter, routerOf } from "./routers.ts";
import { runMany } from "./running.ts";
import { checkPictures, showEvaluation } from "./show.ts";
import { oneWording, WORDING } from "./wording.ts";

const MOST_TOKENS = 512;
/** Several models in one process share its cores: one question after the other, unless something else is said. */
const AT_ONCE = 4;

interface Step {
  name: string;
  model: string;
}

const stepFor: Read<Step> = (word, name) => {
  const [, own, model] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
  if (own === undefined || model === undefined)
    throw usage(`${name} takes NAME=MODEL, such as small=mini, not "${word}"`);
  return { name: own, model };
};

const STEP = repeated(stepFor, {
  hint: "NAME=MODEL",
  description:
    "A model under a name of its own, such as small=mini or server=http://host:port/v1#model; several times, cheapest first",
});

const priceFor: Read<CascadeFitOptions["steps"][number]> = (word, name) => {
  const [, own, written, read] = /^([^=]+)=([\d.eE+-]+)(?:,([\d.eE+-]+))?$/.exec(word) ?? [];
  const prices = [Number(written), Number(read ?? 0)];
  if (own === undefined || !prices.every((price) => Number.isFinite(price) && price >= 0))
    throw usage(`${name} takes NAME=PRICE or NAME=PRICE,PRICE-READ, such as server=8e-6,2e-6, not "${word}"`);
  return { name: own, price: { written: prices[0]!, ...(read !== undefined && { read: prices[1]! }) } };
};

interface FitValues {
  price: CascadeFitOptions["steps"][number][];
  signal: string | undefined;
  posterior: "logistic" | "isotonic";
  accuracy: number | "last-model" | undefined;
  tolerance: number | undefined;
  spend: number | undefined;
  heldOut: number;
  least: number;
}

const SHARE = decimal(0, 1);

// biome-ignore format: one option a line
const FIT: Declared<FitValues> = {
  price: repeated(priceFor, { hint: "NAME=PRICE", description: "Price of a token that a model writes, and behind a comma of one that it reads, in any unit; once for each model" }),
  signal: option(text, { hint: "NAME", description: "What it goes by (default: nll)" }),
  posterior: option(oneOf(["logistic", "isotonic"]), { hint: "KIND", description: "How P(right) follows from the signal", standard: "logistic" }),
  accuracy: option((word, name) => (word === "last-model" ? word : SHARE(word, name)), { hint: "SHARE", description: "Goal: the lowest price with this accuracy; last-model: with that of the last model alone (this is the default)" }),
  tolerance: option(SHARE, { hint: "SHARE", description: "Of --accuracy: so much less is enough (default: 0; of the default goal 0.005)" }),
  spend: option(decimal(0, 1e12), { hint: "PRICE", description: "Goal: the best accuracy at no more than this per question, on average" }),
  heldOut: option(decimal(0.1, 0.9), { hint: "SHARE", description: "Of the groups that the point is chosen on", standard: "0.5" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest right and fewest wrong answers of each model but the last", standard: "30" }),
};

function fitOptions(
  { price, accuracy, tolerance, spend, least, ...given }: FitValues & { seed: number },
  { header }: RouteRecords,
): CascadeFitOptions {
  if (accuracy !== undefined && spend !== undefined) throw usage("--accuracy and --spend exclude each other");
  if (tolerance !== undefined && spend !== undefined) throw usage("--tolerance needs --accuracy");
  const named = new Map(price.map((each) => [each.name, each]));
  const strange = price.find(({ name }) => !header.paths.includes(name));
  if (strange)
    throw usage(`The records have no model "${strange.name}": they have ${header.paths.join(", ")}`);
  const steps = header.paths.map((name) => {
    const step = named.get(name);
    if (step === undefined) throw usage(`There is no price for ${name}: --price ${name}=PRICE`);
    return step;
  });
  const goal =
    spend !== undefined
      ? { kind: "price" as const, atMost: spend }
      : accuracy !== undefined || tolerance !== undefined
        ? { kind: "accuracy" as const, atLeast: accuracy ?? ("last-model" as const), tolerance }
        : undefined;
  const { signal, posterior, heldOut, seed } = given;
  return { steps, signal, posterior, heldOut, seed, goal, leastPerClass: least };
}

function sentences({ steps, point, fittedOn, signal }: CascadeArtefact): string[] {
  const number = (value: number) => formatNumber(value, 3);
  return [
    `On ${point.n} questions the point was chosen on: right ${formatProbability(point.accuracy)} at ${number(point.price)} per question; ${visible(steps.at(-1)!.name)} alone ${formatProbability(point.lastModel.accuracy)} at ${number(point.lastModel.price)}. Answers by ${Object.entries(
      point.shares,
    )
      .map(([name, share]) => `${visible(name)} ${formatProbability(share)}`)
      .join(", ")}.${point.reached ? "" : " The goal was not reached: this is the nearest."}`,
    `Fitted to ${fittedOn.n} questions${fittedOn.missing > 0 ? `; ${fittedOn.missing} more without all answers, labels or the signal` : ""}, by ${visible(signal)}; one more right answer counts as ${number(point.worth)}.`,
  ];
}

type Loading = Parameters<typeof openModel>[0];

/** Several models, each open. */
class Models implements AsyncDisposable {
  readonly models: LanguageModel[] = [];
  readonly steps: readonly Step[];

  constructor(steps: readonly Step[]) {
    this.steps = steps;
  }

  static async open(steps: readonly Step[], given: Loading): Promise<Models> {
    const models = new Models(steps);
    try {
      for (const { model } of steps) models.models.push(await openModel({ ...given, model }));
    } catch (error) {
      await models[Symbol.asyncDispose]();
      throw error;
    }
    return models;
  }

  /** Of all of them, as a file of answers knows them. */
  get identity(): Pick<ModelIdentity, "name" | "source" | "sha256"> {
    const named = this.models.map(
      ({ identity }, i) =>
        `${this.steps[i]!.name}=${identity.sha256 ?? `${identity.source} ${identity.name}`}`,
    );
    return { name: this.steps.map(({ name }) => name).join(", "), source: named.join(", "), sha256: null };
  }

  asSteps(instructions: CarInstructions | null, maxTokens: number): CascadeModel[] {
    return this.models.map((model, i) =>
      cascade.model(this.steps[i]!.name, model, {
        prompt: instructions
          ? (question) => car.prompt(model, question, "long", { instructions })
          : undefined,
        generate: { maxTokens },
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const model of this.models) await model[Symbol.asyncDispose]();
  }
}

function checkSteps(steps: readonly Step[]): void {
  if (steps.length < 2)
    throw usage("A cascade has at least two models: --step NAME=MODEL, cheapest first, once for each");
  const twice = steps.find(({ name }, i) => steps.findIndex((each) => each.name === name) < i);
  if (twice) throw usage(`--step names ${twice.name} twice`);
}

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
    const set = await readQuestionSet(given);
    const { maxTokens = MOST_TOKENS } = given;
    const instructions = oneWording(set, given);
    await using models = await Models.open(given.step, given);
    const asked = models.asSteps(instructions, maxTokens);
    const answerOf = answerIn(set.reading);
    const identities = Object.fromEntries(
      models.models.map((model, i) => [given.step[i]!.name, identityOf(model)]),
    );
    await recordInto({
      file,
      header: {
        paths: given.step.map(({ name }) => name),
        counting: { endToken: "left out", formatting: "all" },
        identity: identityOf(models.models[0]!),
        identities,
        instructions,
        asked: { answer: set.reading, maxTokens, ...loadedAs(given) },
      },
      questions: set.questions,
      resume: given.resume,
      atOnce: given.atOnce ?? AT_ONCE,
      quiet: given.quiet,
      record: ({ isRight, question, ...about }: AskedQuestion) =>
        cascade.record(asked, question, { ...about, isRight: (_, words) => isRight(words), answerOf }),
    });
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
    ...FIT,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of the split", standard: "0" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    checkOut(given.out, given.records);
    const records = await readRecords(given.records);
    const { artefact } = cascade.fit(records, fitOptions(given, records));
    await keepRouter(artefact, sentences(artefact), given);
  },
});

const evaluation = defineCommand({
  details: `Judges a cascade on records, without a model, beside each model alone, random routing at the same rates, and the oracle. With --artefact it is
that one: take other questions than it was fitted to. Without, one is fitted (--price ...) to half of the groups and judged on the
others, and a hundred times more on other halves.

Examples:
  surprisal route cascade eval --replay records.jsonl --price small=0 --price large=8e-6 --svg picture.svg
  surprisal route cascade eval --replay other.jsonl -a router.json`,
  // biome-ignore format: one option a line
  parameters: {
    replay: option(text, { hint: "FILE", description: "The records" }),
    artefact: ARTEFACT,
    ...FIT,
    ...PICTURE_OPTIONS,
    seed: option(wholeNumber(0, SEEDS), { hint: "N", description: "Of the splits and of the bootstrap", standard: "0" }),
    json: JSON_DOCUMENT,
  },
  async run(given) {
    const { replay, artefact: router, seed, resamples, level } = given;
    if (replay === undefined) throw usage("There are no records: --replay FILE");
    checkPictures(given, [replay, router]);
    const known = router === undefined ? null : await routerOf(router, "cascade");
    if (known && given.price.length > 0)
      throw usage("--price is of a cascade that is fitted: leave it or --artefact out");
    const all = await readRecords(replay);
    const [fitted, judged] = known ? [[], all.records] : halves(all.records, seed);
    const fitted2 = (some: RouteRecords) => cascade.fit(some, fitOptions(given, some)).artefact;
    const artefact = known ?? fitted2({ ...all, records: fitted });
    const judging = { paths: artefact.steps.map(({ name }) => name), resamples, level, seed };
    const found = evaluateRouter(judged, cascadeRoute(artefact), judging);
    const splits = known
      ? null
      : evaluateSplits(all, (some) => cascadeRoute(fitted2({ ...all, records: [...some] })), judging);
    await showEvaluation(
      {
        title: "A cascade",
        first: [...sentences(artefact), `Judged on ${judgedSentence(found)}.`],
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
