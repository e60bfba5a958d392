/** Routers as files: written whole, and read with every field checked. */
import { parseVersioned, type VersionedForm } from "../calibrate/index.ts";
import { shapes } from "../evaluate/runs/index.ts";
import { readInput, writeWhole } from "../files/index.ts";
import { decodeText, infinityAsText } from "../text/index.ts";
import { ROUTER_SCHEMA } from "./artefact.ts";
import type { CarArtefact } from "./car/index.ts";
import type { CascadeArtefact } from "./cascade/index.ts";
import type { DeepConfArtefact } from "./early-exit/index.ts";
import { atLeast1, byKind, exactly, finite, least, positive, share, within } from "./fields.ts";
import { identityShape } from "./levels.ts";
import { type PaqArtefact, paqFault, paqShape } from "./paq/index.ts";
import { carInstructionsShape, countingShape } from "./records.ts";

/** What may be kept as a router; `kind` tells them apart. */
export type RouterArtefact = CarArtefact | CascadeArtefact | DeepConfArtefact | PaqArtefact;

const MOST_BYTES = 64 * 2 ** 20;
const WAY_OUT = "Give a file that saveRouter or `surprisal route` wrote, unchanged.";

/** A router as JSON; what is infinite is the text "Infinity", as in all files of surprisal. */
export const routerText = (artefact: RouterArtefact): string => JSON.stringify(artefact, infinityAsText, 2);

/**
 * Writes a router as JSON, whole or not at all.
 * @throws SurprisalError ROUTER_INVALID for what could not be read again; FILE_UNWRITABLE, DISK_FULL. Then what was there stays.
 */
export async function saveRouter(file: string, artefact: RouterArtefact): Promise<void> {
  const json = routerText(artefact);
  parseRouter(json ?? "", file);
  await writeWhole(file, `${json}\n`);
}

/**
 * Reads a router and checks it.
 * @throws SurprisalError FILE_NOT_FOUND, FILE_UNREADABLE; as `parseRouter`.
 */
export async function loadRouter(file: string): Promise<RouterArtefact> {
  const bytes = await readInput(file, {
    most: MOST_BYTES,
    wayOutWhenLarge: WAY_OUT,
    wayOutWhenMissing: "Check the name.",
  });
  return parseRouter(bytes.length === 0 ? "" : decodeText(bytes, file).text, file);
}

/**
 * A router from JSON. Fields that this version does not know are left as they are; those of a goal are all known, so that none
 * is dropped in silence.
 * @param where it is from, for the error.
 * @throws SurprisalError ROUTER_INVALID for what is no router, one of a newer form, and parameters that cannot be.
 */
export function parseRouter(json: string, where: string): RouterArtefact {
  return parseVersioned(json, where, FORM) as RouterArtefact;
}

const thresholdFromText = (key: string, value: unknown): unknown =>
  key === "threshold" && (value === "Infinity" || value === "-Infinity") ? Number(value) : value;

const FORM: VersionedForm = {
  schema: ROUTER_SCHEMA,
  code: "ROUTER_INVALID",
  name: "router",
  wayOut: WAY_OUT,
  reviver: thresholdFromText,
  problemOf: (value) => routerShape(value, "") ?? faultOf(value as RouterArtefact),
};
const { count, either, flag, list, mapOf, nullable, number, oneOf, optional, record, text } = shapes;

const posterior = either(
  record({ kind: oneOf("logistic"), slope: least, intercept: finite }),
  record({ kind: oneOf("isotonic"), uncertainties: list(finite), probabilities: list(share) }),
);
const gaussian = record({ mean: finite, standardDeviation: positive });
const carPoint = record({
  threshold: nullable(number),
  n: count,
  kept: share,
  accuracy: share,
  tokens: least,
  alwaysLong: record({ accuracy: share, tokens: least }),
  reached: flag,
  risk: nullable(record({ errors: count, outOf: count, upperBound: share })),
});

/** By kind of goal. */
const CAR_GOALS: Readonly<Record<string, shapes.Shape>> = {
  accuracy: exactly({
    kind: oneOf("accuracy"),
    atLeast: either(share, oneOf("always-long")),
    tolerance: optional(share),
  }),
  tokens: exactly({ kind: oneOf("tokens"), atMost: positive }),
  risk: exactly({
    kind: oneOf("risk"),
    risk: share,
    delta: optional(share),
    of: optional(oneOf("kept wrong", "lost")),
  }),
  posterior: exactly({ kind: oneOf("posterior"), atLeast: share }),
};
const CASCADE_GOALS: Readonly<Record<string, shapes.Shape>> = {
  accuracy: exactly({
    kind: oneOf("accuracy"),
    atLeast: either(share, oneOf("last-model")),
    tolerance: optional(share),
  }),
  price: exactly({ kind: oneOf("price"), atMost: least }),
};
const RULES: Readonly<Record<string, shapes.Shape>> = {
  monotone: record({ posterior, goal: byKind(CAR_GOALS), point: carPoint }),
  faithful: record({ gaussians: record({ right: gaussian, wrong: gaussian, priorRight: share }) }),
  pilot: record({ percentile: share, threshold: finite }),
};

const price = record({ written: least, read: optional(least) });
const step = record({
  name: text,
  price,
  tokens: least,
  promptTokens: nullable(least),
  accuracy: share,
  identity: optional(nullable(identityShape)),
  right: posterior,
  later: list(record({ name: text, whenWrong: posterior, whenRight: posterior })),
});

const KINDS: Readonly<Record<RouterArtefact["kind"], shapes.Shape>> = {
  car: record({
    rule: byKind(RULES),
    signal: text,
    counting: nullable(countingShape),
    instructions: nullable(carInstructionsShape),
  }),
  cascade: record({
    steps: list(step),
    signal: text,
    counting: nullable(countingShape),
    instructions: optional(nullable(carInstructionsShape)),
    goal: byKind(CASCADE_GOALS),
    point: record({
      worth: least,
      n: count,
      accuracy: share,
      price: least,
      shares: mapOf(share),
      lastModel: record({ accuracy: share, price: least }),
      reached: flag,
    }),
  }),
  deepconf: record({
    settings: exactly({
      warmUp: atLeast1,
      budget: atLeast1,
      keep: within(Number.MIN_VALUE, 1),
      window: atLeast1,
      topK: atLeast1,
      consensus: nullable(within(Number.MIN_VALUE, 1)),
    }),
    point: record({
      n: count,
      accuracy: share,
      tokens: least,
      fullVote: record({ accuracy: share, tokens: least }),
      reached: flag,
    }),
    instructions: nullable(carInstructionsShape),
  }),
  paq: paqShape,
};

const routerShape: shapes.Shape = (value, at) =>
  record({
    kind: oneOf(...Object.keys(KINDS)),
    fittedOn: record({
      n: count,
      right: nullable(count),
      wrong: nullable(count),
      missing: count,
      groups: nullable(count),
      kinds: nullable(mapOf(count)),
      sha256: text,
    }),
    identity: identityShape,
    reference: list(finite),
    madeBy: optional(text),
  })(value, at) ?? KINDS[(value as RouterArtefact).kind](value, at);

/** What shapes do not tell. */
function faultOf(artefact: RouterArtefact): string | null {
  if (artefact.kind === "deepconf") {
    const { warmUp, budget } = artefact.settings;
    return budget < warmUp ? "settings.budget is below settings.warmUp" : null;
  }
  if (artefact.kind === "paq") return paqFault(artefact);
  const posteriors =
    artefact.kind === "cascade"
      ? artefact.steps.flatMap(({ right, later }) => [
          right,
          ...later.flatMap((each) => [each.whenWrong, each.whenRight]),
        ])
      : artefact.rule.kind === "monotone"
        ? [artefact.rule.posterior]
        : [];
  for (const each of posteriors) {
    if (each.kind !== "isotonic") continue;
    const { uncertainties: u, probabilities: p } = each;
    if (u.length === 0 || u.length !== p.length)
      return "a posterior's uncertainties and probabilities are not of one length of at least 1";
    if (!u.every((value, i) => i === 0 || value > u[i - 1]!))
      return "a posterior's uncertainties do not rise";
    if (!p.every((value, i) => i === 0 || value <= p[i - 1]!)) return "a posterior's probabilities rise";
  }
  if (artefact.kind === "car") return null;
  const names = artefact.steps.map(({ name }) => name);
  if (names.length < 2 || new Set(names).size < names.length)
    return "steps are not two models at least, of different names";
  for (const [i, { later }] of artefact.steps.entries())
    if (later.map(({ name }) => name).join("\n") !== names.slice(i + 1).join("\n"))
      return `steps[${i}].later are not the models behind it`;
  return null;
}
