/** Fitting a cascade by what a person said. */
import type { CascadeArtefact, CascadeFitOptions, RouteRecords } from "../../route/index.ts";
import { formatNumber, formatProbability, visible } from "../../text/index.ts";
import { usage } from "../errors.ts";
import {
  type Declared,
  decimal,
  oneOf,
  option,
  type Read,
  repeated,
  text,
  wholeNumber,
} from "../parameters.ts";

const priceFor: Read<CascadeFitOptions["steps"][number]> = (word, name) => {
  const [, own, written, read] = /^(.+)=([\d.eE+-]+)(?:,([\d.eE+-]+))?$/s.exec(word) ?? [];
  const prices = [Number(written), Number(read ?? 0)];
  if (own === undefined || !prices.every((price) => Number.isFinite(price) && price >= 0))
    throw usage(`${name} takes NAME=PRICE or NAME=PRICE,PRICE-READ, such as server=8e-6,2e-6, not "${word}"`);
  return { name: own, price: { written: prices[0]!, ...(read !== undefined && { read: prices[1]! }) } };
};

/** How a cascade is fitted. */
export interface CascadeFitValues {
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
export const CASCADE_FIT: Declared<CascadeFitValues> = {
  price: repeated(priceFor, { hint: "NAME=PRICE", description: "Price of a token that a model writes, and behind a comma of one that it reads, in any unit; once for each model" }),
  signal: option(text, { hint: "NAME", description: "What it goes by (default: nll)" }),
  posterior: option(oneOf(["logistic", "isotonic"]), { hint: "KIND", description: "How P(right) follows from the signal", standard: "logistic" }),
  accuracy: option((word, name) => (word === "last-model" ? word : SHARE(word, name)), { hint: "SHARE", description: "Goal: the lowest price with this accuracy; last-model: with that of the last model alone (this is the default)" }),
  tolerance: option(SHARE, { hint: "SHARE", description: "Of --accuracy: so much less is enough (default: 0; of the default goal 0.005)" }),
  spend: option(decimal(0, 1e12), { hint: "PRICE", description: "Goal: the best accuracy at no more than this per question, on average" }),
  heldOut: option(decimal(0.1, 0.9), { hint: "SHARE", description: "Of the groups that the point is chosen on", standard: "0.5" }),
  least: option(wholeNumber(1, 1_000_000), { hint: "N", description: "Fewest right and fewest wrong answers of each model but the last", standard: "30" }),
};

/** @throws SurprisalError USAGE */
export function cascadeFitOptions(
  { price, accuracy, tolerance, spend, least, ...given }: CascadeFitValues & { seed: number },
  { header }: RouteRecords,
): CascadeFitOptions {
  if (accuracy !== undefined && spend !== undefined) throw usage("--accuracy and --spend exclude each other");
  if (tolerance !== undefined && spend !== undefined) throw usage("--tolerance needs --accuracy");
  const named = new Map(price.map((each) => [each.name, each]));
  const twice = price.find((each) => named.get(each.name) !== each);
  if (twice) throw usage(`--price ${twice.name} is given twice`);
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

/** A cascade in words. */
export function cascadeSentences({ steps, point, fittedOn, signal }: CascadeArtefact): string[] {
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
