/** From records of several models' answers to a cascade. */
import type { CalibrationIdentity } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { signalOf } from "../answer-signals.ts";
import { routerFacts } from "../artefact.ts";
import { heldOutOf, recordsOf, requireCount, requireMembers, requireShare } from "../checks.ts";
import { fitPosterior, type MonotonePosterior } from "../posterior.ts";
import { groupOf, type RecordedAnswer, type RouteRecord, type RouteRecords } from "../records.ts";
import type { CascadeArtefact, CascadeGoal, CascadePoint, CascadeStepFit, TokenPrice } from "./artefact.ts";
import { decideCascade, mostWorth, type WeighedModel } from "./decide.ts";

/** Options of `cascade.fit`. */
export interface CascadeFitOptions {
  /** Models by their names in the records, cheapest first, with what their tokens cost. */
  steps: readonly { name: string; price: TokenPrice }[];
  /** Default "nll". */
  signal?: string | undefined;
  /** Default "logistic". */
  posterior?: MonotonePosterior["kind"] | undefined;
  /** Default: the lowest price with the accuracy of the last model alone, less 0.005. */
  goal?: CascadeGoal | undefined;
  /** Share of the groups that the point is chosen on, 0.1 ... 0.9. Default 0.5. */
  heldOut?: number | undefined;
  /** Fewest right and fewest wrong answers of every model but the last. Default 30. */
  leastPerClass?: number | undefined;
  seed?: number | undefined;
  identity?: Partial<CalibrationIdentity> | undefined;
}

/** A question that all models have answered. */
interface Case {
  id: string;
  group: string;
  kind: string | null;
  answers: readonly RecordedAnswer[];
  signals: readonly (number | null)[];
}

/**
 * Fits a cascade: for every model the chance that it is right, given the signal of its answer, and for every later one the
 * chances that it is right where the earlier was wrong, and where it was right. The one parameter, what a right answer is
 * worth, is chosen on other groups of questions by simulating the cascade on them.
 * @throws SurprisalError CALIBRATION_TOO_SMALL naming what is missing; INVALID_ARGUMENT.
 */
export function fitCascade(
  given: RouteRecords | readonly RouteRecord[],
  options: CascadeFitOptions,
): CascadeArtefact {
  const { steps, signal = "nll", posterior = "logistic", heldOut = 0.5, leastPerClass = 30, seed } = options;
  const { goal = { kind: "accuracy", atLeast: "last-model", tolerance: 0.005 } } = options;
  checkSteps(steps);
  checkGoal(goal);
  requireCount(leastPerClass, "leastPerClass", 1);
  const { records, header } = recordsOf(given);
  const originals = records.filter(({ rewordingOf }) => rewordingOf === undefined);
  const cases = casesOf(originals, steps, signal);
  requireEnough(cases, steps, leastPerClass);
  const isHeld = heldOutOf(
    cases.map(({ group }) => group),
    heldOut,
    seed,
  );
  const fitted = cases.filter((_, i) => !isHeld[i]);
  const fits = steps.map(({ name }, i) => ({
    ...stepFit(fitted, steps, i, posterior),
    identity: header?.identities?.[name] ?? null,
  }));
  const first = cases.map(({ id, group, kind, answers, signals }) => ({
    id,
    group,
    kind,
    uncertainty: signals[0]!,
    right: answers[0]!.correct === true,
  }));
  const facts = routerFacts(first, originals.length - cases.length, header?.identity, options.identity);
  const point: CascadePoint = {
    worth: 0,
    n: 0,
    accuracy: 0,
    price: 0,
    shares: {},
    lastModel: { accuracy: 0, price: 0 },
    reached: false,
  };
  const draft: CascadeArtefact = {
    ...facts,
    kind: "cascade",
    steps: fits,
    signal,
    counting: header?.counting ?? null,
    instructions: header?.instructions ?? null,
    goal,
    point,
  };
  return {
    ...draft,
    point: choosePoint(
      draft,
      cases.filter((_, i) => isHeld[i]),
      goal,
    ),
  };
}

/** What a model's answer has cost. */
export const priceOf = (answer: Pick<RecordedAnswer, "tokens" | "promptTokens">, price: TokenPrice): number =>
  price.written * answer.tokens + (price.read ?? 0) * (answer.promptTokens ?? 0);

function casesOf(records: readonly RouteRecord[], steps: CascadeFitOptions["steps"], signal: string): Case[] {
  return records.flatMap((record) => {
    const answers = steps.flatMap(({ name }) => record.paths[name] ?? []);
    if (answers.length < steps.length || answers.some(({ correct }) => correct === null)) return [];
    const signals = answers.map((answer) => signalOf(answer.signals ?? {}, signal));
    return { id: record.id, group: groupOf(record), kind: record.kind ?? null, answers, signals };
  });
}

function stepFit(
  cases: readonly Case[],
  steps: CascadeFitOptions["steps"],
  i: number,
  kind: MonotonePosterior["kind"],
): CascadeStepFit {
  const { name, price } = steps[i]!;
  const known = cases.filter(({ signals }) => signals[i] !== null);
  const isRight = ({ answers }: Case, step: number) => answers[step]!.correct === true;
  const posteriorOf = (some: readonly Case[], step: number) =>
    fitPosterior(
      some.map(({ signals }) => signals[i]!),
      some.map((each) => isRight(each, step)),
      kind,
    );
  const prompts = cases.flatMap(({ answers }) => answers[i]!.promptTokens ?? []);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    name,
    price,
    tokens: mean(cases.map(({ answers }) => answers[i]!.tokens)),
    promptTokens: prompts.length > 0 ? mean(prompts) : null,
    accuracy: mean(cases.map((each) => Number(isRight(each, i)))),
    right: posteriorOf(known, i),
    later: steps.slice(i + 1).map((later, k) => ({
      name: later.name,
      whenWrong: posteriorOf(
        known.filter((each) => !isRight(each, i)),
        i + 1 + k,
      ),
      whenRight: posteriorOf(
        known.filter((each) => isRight(each, i)),
        i + 1 + k,
      ),
    })),
  };
}

/** Of each model's answer to a question: the later ones, weighed; `null`: the signal is missing. */
type Weighed = readonly (readonly WeighedModel[] | null)[];

const weighedOf = (draft: CascadeArtefact, { signals }: Case): Weighed =>
  draft.steps.map(({ name }, i) => {
    const { later, probability } = decideCascade(draft, { model: name, signals: signals[i]! });
    return probability === null ? null : later;
  });

/** What a cascade of this worth does to a recorded question. */
function simulate(steps: readonly CascadeStepFit[], { answers }: Case, weighed: Weighed, worth: number) {
  let [at, price] = [0, priceOf(answers[0]!, steps[0]!.price)];
  for (;;) {
    const later = weighed[at]!;
    const next = later === null ? steps[at + 1]?.name : mostWorth(later, worth)?.name;
    if (next === undefined) return { answer: at, price };
    at = steps.findIndex(({ name }) => name === next);
    price += priceOf(answers[at]!, steps[at]!.price);
  }
}

function choosePoint(draft: CascadeArtefact, cases: readonly Case[], goal: CascadeGoal): CascadePoint {
  const { steps } = draft;
  const last = steps.length - 1;
  const n = cases.length;
  const mean = (value: (each: Case) => number) => cases.reduce((sum, each) => sum + value(each), 0) / n;
  const lastModel = {
    accuracy: mean(({ answers }) => Number(answers[last]!.correct)),
    price: mean(({ answers }) => priceOf(answers[last]!, steps[last]!.price)),
  };
  const weighed = cases.map((each) => weighedOf(draft, each));
  const points = worths(steps).map((worth): CascadePoint => {
    const counts = steps.map(() => 0);
    let [right, price] = [0, 0];
    for (const [i, each] of cases.entries()) {
      const found = simulate(steps, each, weighed[i]!, worth);
      counts[found.answer]!++;
      right += Number(each.answers[found.answer]!.correct);
      price += found.price;
    }
    const shares = Object.fromEntries(steps.map(({ name }, i) => [name, counts[i]! / n]));
    return { worth, n, accuracy: right / n, price: price / n, shares, lastModel, reached: true };
  });
  const wanted =
    goal.kind === "accuracy"
      ? (goal.atLeast === "last-model" ? lastModel.accuracy : goal.atLeast) - (goal.tolerance ?? 0)
      : 0;
  const reaching = points.filter((point) =>
    goal.kind === "accuracy" ? point.accuracy >= wanted - 1e-12 : point.price <= goal.atMost + 1e-12,
  );
  const wantsCheap = goal.kind === "accuracy" ? reaching.length > 0 : reaching.length === 0;
  const best = (reaching.length > 0 ? reaching : points).reduce((found, point) =>
    (wantsCheap ? point.price < found.price : point.accuracy > found.accuracy) ? point : found,
  );
  return { ...best, reached: reaching.length > 0 };
}

/** What a right answer may be worth: from less than any price to ten thousand times the largest, and 0. */
function worths(steps: readonly CascadeStepFit[]): number[] {
  const prices = steps.map(
    ({ price, tokens, promptTokens }) => price.written * tokens + (price.read ?? 0) * (promptTokens ?? 0),
  );
  const paid = prices.filter((price) => price > 0);
  if (paid.length === 0) return [1];
  const [low, high] = [Math.min(...paid) / 2, Math.max(...paid) * 1e4];
  const count = 80;
  return [0, ...Array.from({ length: count }, (_, i) => low * (high / low) ** (i / (count - 1)))];
}

function checkSteps(steps: CascadeFitOptions["steps"]): void {
  const list: readonly unknown[] = Array.isArray(steps) ? steps : [];
  if (list.length < 2 || new Set(steps.map(({ name }) => name)).size < steps.length)
    throw invalidArgument(
      "A cascade has at least two models of different names",
      "steps",
      "Name them, cheapest first.",
    );
  for (const [i, { price }] of steps.entries()) {
    const unknown = Object.keys(price ?? {}).find((which) => which !== "written" && which !== "read");
    if (unknown !== undefined || price?.written === undefined)
      throw invalidArgument(
        unknown === undefined ? "There is no price of a token written" : `A price has no "${unknown}"`,
        `steps[${i}].price`,
        "Give { written, read }, per token; read may be left out.",
      );
    for (const which of ["written", "read"] as const) {
      const value = price[which];
      if (value !== undefined && !(typeof value === "number" && value >= 0 && Number.isFinite(value)))
        throw invalidArgument(
          `${value} is no price`,
          `steps[${i}].price.${which}`,
          "Give a number from 0 on.",
        );
    }
  }
}

/** What a goal of each kind has. */
const GOAL_MEMBERS: Readonly<Record<CascadeGoal["kind"], readonly string[]>> = {
  accuracy: ["atLeast", "tolerance"],
  price: ["atMost"],
};

/** @throws SurprisalError INVALID_ARGUMENT */
function checkGoal(goal: CascadeGoal): void {
  requireMembers(goal, GOAL_MEMBERS);
  if (goal.kind === "price") {
    if (typeof goal.atMost === "number" && goal.atMost >= 0) return;
    throw invalidArgument(`${goal.atMost} is no price`, "goal.atMost", "Give a number from 0 on.");
  }
  requireShare(goal.tolerance ?? 0, "goal.tolerance");
  if (goal.atLeast !== "last-model") requireShare(goal.atLeast, "goal.atLeast", 0, 1, "accuracy");
}

/** @throws SurprisalError CALIBRATION_TOO_SMALL */
function requireEnough(cases: readonly Case[], steps: CascadeFitOptions["steps"], least: number): void {
  if (cases.length === 0)
    throw new SurprisalError({
      code: "CALIBRATION_TOO_SMALL",
      what: `No question has an answer of every model that is known to be right or wrong: ${steps.map(({ name }) => name).join(", ")}`,
      where: "records",
      wayOut:
        "Record questions with known answers (rewordings do not count), or name the models of these records.",
    });
  const lacking = steps.slice(0, -1).flatMap(({ name }, i) => {
    const known = cases.filter(({ signals }) => signals[i] !== null);
    const right = known.filter(({ answers }) => answers[i]!.correct).length;
    return [
      { text: `${right} of ${known.length} answers of ${name} are right`, count: right },
      {
        text: `${known.length - right} of ${known.length} answers of ${name} are wrong`,
        count: known.length - right,
      },
    ].flatMap(({ text, count }) =>
      count < least ? `${text}: ${least - count} more are needed to have ${least}` : [],
    );
  });
  if (lacking.length === 0) return;
  throw new SurprisalError({
    code: "CALIBRATION_TOO_SMALL",
    what: lacking.join("; "),
    where: "records",
    wayOut:
      "Record more questions, leave out a model that is always or never right, or ask for fewer (leastPerClass, --least).",
  });
}
