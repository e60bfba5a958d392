/** A fitted router at work: which level a prompt goes to. */
import { type CalibrationIdentity, checkIdentity } from "../../calibrate/index.ts";
import { invalidArgument, SurprisalError } from "../../core/index.ts";
import { requireKind } from "../checks.ts";
import type { RouteRecord } from "../records.ts";
import type { PaqArtefact } from "./artefact.ts";
import type { PaqDecider, PaqDecision } from "./decision.ts";
import type { PaqFeatures, PaqVector } from "./features/index.ts";
import { decideVector } from "./fit.ts";
import { checkVector } from "./table.ts";

/** Which level a prompt goes to, and why. A level that is never chosen is not among the probabilities. */
export interface PaqRouterDecision extends PaqDecision {
  /**
   * "enough": P(adequate) of the level reaches the bar. "none": no smaller one does, so it is the top level. "never": no bar kept to the risk, so it always is.
   * "empty": there is no prompt to go by, which is never taken for an easy one.
   */
  because: "enough" | "none" | "never" | "empty";
  /** The same for people, with the numbers. */
  reason: string;
}

/** Options of `PaqRouter.decideAll`. */
export interface DecideAllOptions {
  onProgress?: ((progress: { done: number; total: number }) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Sends prompts to the levels of a ladder. */
export class PaqRouter implements PaqDecider {
  readonly artefact: PaqArtefact;
  readonly #features: PaqFeatures;
  readonly #names: readonly string[];

  /**
   * @param features of the same kind, and of the same model, as it was fitted with.
   * @throws SurprisalError INVALID_ARGUMENT for a router of another kind; CALIBRATION_MISMATCH for other features.
   */
  constructor(artefact: PaqArtefact, features: PaqFeatures) {
    requireKind(artefact, "paq");
    checkFeatures(artefact, features);
    this.artefact = artefact;
    this.#features = features;
    this.#names = artefact.levels.map(({ name }) => name);
  }

  /** Names of the levels, fewest bits first. */
  get levels(): readonly string[] {
    return this.#names;
  }

  /**
   * The smallest level that is probably enough for a prompt.
   * @param prompt as a person wrote it, before a chat template: as in the records it was fitted to.
   * @throws SurprisalError INVALID_ARGUMENT for what is no text; what the features throw.
   */
  async decide(
    prompt: string,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<PaqRouterDecision> {
    if (typeof prompt !== "string")
      throw invalidArgument(`A prompt is a text, and not ${typeof prompt}`, "prompt", "Give a text.");
    const start = performance.now();
    if (prompt.trim() === "") {
      const level = this.#names.at(-1)!;
      return {
        level,
        because: "empty",
        reason: `The prompt is empty: there is nothing to go by, so it is ${level}`,
        probabilities: { [level]: 1 },
        ms: performance.now() - start,
        leftOut: 0,
      };
    }
    const [found] = await this.#features.of([prompt], { signal });
    const decision = this.decideFrom(found!);
    return { ...decision, ms: performance.now() - start };
  }

  /**
   * Decides about every record that has a prompt, one after the other: what `evaluatePaq` judges, with true times.
   * @returns by the record's id.
   * @throws SurprisalError as `decide`.
   */
  async decideAll(
    records: readonly Pick<RouteRecord, "id" | "question">[],
    { onProgress, signal }: DecideAllOptions = {},
  ): Promise<Map<string, PaqRouterDecision>> {
    const decisions = new Map<string, PaqRouterDecision>();
    const asked = records.filter(({ question }) => question !== undefined);
    for (const { id, question } of asked) {
      decisions.set(id, await this.decide(question!, { signal }));
      onProgress?.({ done: decisions.size, total: asked.length });
    }
    return decisions;
  }

  /**
   * The same from a vector that is there already.
   * @throws SurprisalError INVALID_ARGUMENT for a vector of another length, or numbers that are not finite.
   */
  decideFrom({ vector, ms, leftOut }: PaqVector): PaqRouterDecision {
    const start = performance.now();
    const { artefact } = this;
    checkVector(vector, artefact.features.dimensions, artefact.features.name);
    const { at, probabilities } = decideVector(artefact, vector);
    const bar = artefact.point.probability;
    const level = this.#names[at]!;
    const known = probabilities[at];
    const because = bar === null ? "never" : at < probabilities.length ? "enough" : "none";
    return {
      level,
      because,
      reason: `${
        because === "enough"
          ? `P(${level} is enough) = ${shown(known!)}, at least ${shown(bar!)}`
          : because === "none"
            ? `No smaller level is enough with P >= ${shown(bar!)}, so it is ${level}`
            : `No bar kept to the risk when it was fitted, so it is always ${level}`
      }${leftOut > 0 ? `; the last ${leftOut} tokens of the prompt were not looked at` : ""}`,
      probabilities: Object.fromEntries(
        this.#names.flatMap((name, i) => {
          const own = i < probabilities.length ? probabilities[i]! : 1;
          return own === null ? [] : [[name, own]];
        }),
      ),
      ms: ms + performance.now() - start,
      leftOut,
    };
  }

  /**
   * Compares a ladder with the one that it was fitted to: its levels by name, and what each is. What either side does not know is not compared.
   * @param options.strict Default true: another model is an error. false: a warning; other levels are an error still.
   * @returns warnings.
   * @throws SurprisalError CALIBRATION_MISMATCH naming both.
   */
  check(
    levels: readonly { name: string; identity: Partial<CalibrationIdentity> | null }[],
    { strict = true }: { strict?: boolean | undefined } = {},
  ): string[] {
    const [own, other] = [this.#names.join(", "), levels.map(({ name }) => name).join(", ")];
    if (own !== other)
      throw mismatch(
        `The router sends prompts to ${own}, and the ladder has ${other || "no level"}`,
        "Take the ladder that it was fitted to, or fit it again.",
      );
    const warnings: string[] = [];
    for (const [i, { name, identity }] of this.artefact.levels.entries()) {
      const used = levels[i]!.identity;
      if (identity === null || used === null) continue;
      const found = checkIdentity({ identity }, used);
      for (const { what, fitted, used: now } of found) {
        const sentence = `${name}: the router was fitted to the ${what} ${fitted}, and is used beside ${now}`;
        if (strict) throw mismatch(sentence, "Take the ladder that it was fitted to, or fit it again.");
        warnings.push(`${sentence}: its probabilities may not hold.`);
      }
    }
    return warnings;
  }
}

function checkFeatures({ features: own }: PaqArtefact, features: PaqFeatures): void {
  const wayOut = "Give the features that it was fitted with, or fit it again.";
  if (own.name !== features?.name || own.dimensions !== features.dimensions)
    throw mismatch(
      `The router goes by ${own.name} (${own.dimensions} numbers), and is given ${features?.name} (${features?.dimensions})`,
      wayOut,
    );
  const [fitted, used] = [own.identity, features.identity];
  if (fitted === null || used === null) return;
  const byHash = fitted.sha256 !== null && used.sha256 !== null;
  if (byHash ? fitted.sha256 === used.sha256 : fitted.name === used.name) return;
  const shownAs = ({ name, sha256 }: { name: string; sha256: string | null }) =>
    sha256 === null ? name : `${name} (sha256 ${sha256.slice(0, 12)}…)`;
  throw mismatch(`The router was fitted with ${shownAs(fitted)}, and is given ${shownAs(used)}`, wayOut);
}

const mismatch = (what: string, wayOut: string): SurprisalError =>
  new SurprisalError({ code: "CALIBRATION_MISMATCH", what, where: "router", wayOut });

const shown = (value: number): string => String(Number(value.toPrecision(3)));
