/** How `surprisal route cascade` asks: several models, each under a name. */
import type { LanguageModel, ModelIdentity } from "../../models/index.ts";
import {
  type CarInstructions,
  type CascadeModel,
  car,
  cascade,
  type RecordsHeader,
  type RouteRecord,
} from "../../route/index.ts";
import { usage } from "../errors.ts";
import { openModel } from "../load-options.ts";
import { type Parameter, type Read, repeated } from "../parameters.ts";
import { identityOf, loadedAs } from "./car-asking.ts";
import { type AskedQuestion, answerIn, type QuestionSet } from "./questions.ts";
import { recordInto } from "./recording.ts";
import { oneWording, type WordingValues } from "./wording.ts";

export const MOST_TOKENS = 512;
/** Several models in one process share its cores: one question after the other, unless something else is said. */
export const AT_ONCE = 4;

/** A model under a name of its own. */
export interface Step {
  name: string;
  model: string;
}

const stepFor: Read<Step> = (word, name) => {
  const [, own, model] = /^([^=]+)=(.+)$/s.exec(word) ?? [];
  if (own === undefined || model === undefined)
    throw usage(`${name} takes NAME=MODEL, such as small=mini, not "${word}"`);
  return { name: own, model };
};

export const STEP: Parameter<Step[]> = repeated(stepFor, {
  hint: "NAME=MODEL",
  description:
    "A model under a name of its own, such as small=mini or server=http://host:port/v1#model; several times, cheapest first",
});

type Loading = Parameters<typeof openModel>[0];

/** Several models, each open. */
export class Models implements AsyncDisposable {
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

/** @throws SurprisalError USAGE */
export function checkSteps(steps: readonly Step[]): void {
  if (steps.length < 2)
    throw usage("A cascade has at least two models: --step NAME=MODEL, cheapest first, once for each");
  const twice = steps.find(({ name }, i) => steps.findIndex((each) => each.name === name) < i);
  if (twice) throw usage(`--step names ${twice.name} twice`);
}

/** What is given for recording. */
export interface CascadeRecording extends Loading, WordingValues {
  step: readonly Step[];
  maxTokens: number | undefined;
  atOnce: number | undefined;
}

/** Has every model answer a set of questions, into a file. */
export async function recordCascade(
  given: CascadeRecording,
  set: QuestionSet,
  file: string,
  resume: boolean,
): Promise<{ header: RecordsHeader; records: readonly RouteRecord[] }> {
  const { maxTokens = MOST_TOKENS } = given;
  const instructions = oneWording(set, given);
  await using models = await Models.open(given.step, given);
  const asked = models.asSteps(instructions, maxTokens);
  const answerOf = answerIn(set.reading);
  const identities = Object.fromEntries(
    models.models.map((model, i) => [given.step[i]!.name, identityOf(model)]),
  );
  return await recordInto({
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
    resume,
    atOnce: given.atOnce ?? AT_ONCE,
    quiet: given.quiet,
    record: ({ isRight, question, ...about }: AskedQuestion) =>
      cascade.record(asked, question, { ...about, isRight: (_, words) => isRight(words), answerOf }),
  });
}
