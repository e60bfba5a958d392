/** Which signals are looked for, and the list of all with what each needs and costs. */
import { SurprisalError } from "../../core/index.ts";
import { SIGNALS, type Signal } from "../../detect/index.ts";
import { SIGNAL_NAMES } from "../../report/index.ts";
import { formatPlural, nearestNames } from "../../text/index.ts";
import type { ListedSignal } from "../render/index.ts";
import type { DetectRow } from "./given.ts";

/** What decides which signals there can be. */
interface Means {
  isModel: boolean;
  documents: number;
  samples: number;
  isSeries: boolean;
}

/**
 * Signals by name, with commas or several times; "all". Nothing named: those that have something to look at.
 * @throws SurprisalError INVALID_ARGUMENT for a name that there is not
 */
export function chosenSignals(given: readonly string[], rows: readonly DetectRow[], means: Means): Signal[] {
  const names = given
    .flatMap((each) => each.split(",").map((name) => name.trim()))
    .filter((name) => name !== "");
  for (const name of names) if (name !== "all" && !isSignal(name)) throw unknown(name);
  if (names.length > 0) return SIGNALS.filter((signal) => names.includes("all") || names.includes(signal));
  if (given.length > 0) throw unknown("");
  const items = rows.flatMap(({ item }) => (item instanceof SurprisalError ? [] : [item]));
  const has: Readonly<Record<Signal, boolean>> = {
    anomaly: means.isModel || items.some(({ records }) => records !== null),
    retrieval: means.isModel && (means.documents > 0 || items.some(({ documents }) => documents.length > 0)),
    consistency: means.samples > 0 || items.some(({ samples }) => samples.length > 0),
    patterns: true,
    series: means.isSeries,
  };
  return SIGNALS.filter((signal) => has[signal]);
}

const isSignal = (name: string): name is Signal => (SIGNALS as readonly string[]).includes(name);

function unknown(name: string): SurprisalError {
  const [near] = nearestNames(name, SIGNALS);
  return new SurprisalError({
    code: "INVALID_ARGUMENT",
    what: name === "" ? "No signal is named" : `There is no signal "${name}"`,
    where: "--signals",
    wayOut: `${near ? `Did you mean ${near}? ` : ""}There are ${SIGNALS.join(", ")}, and all.`,
  });
}

/** @param samples further answers, of the signal that needs some. */
export function listedSignals(samples: number): ListedSignal[] {
  const needs: Readonly<Record<Signal, readonly string[]>> = {
    anomaly: ["numbers of tokens"],
    retrieval: ["a model", "documents"],
    consistency: ["samples"],
    patterns: ["the text"],
    series: ["numbers of tokens", "a fitted detector"],
  };
  const price: Readonly<Record<Signal, string>> = {
    anomaly: "1 pass over the answer, shared; nothing where it has numbers",
    retrieval: "2 passes, with documents and without; --by-document 1 more each",
    consistency: `${formatPlural(samples, "sample")} to write`,
    patterns: "nothing",
    series: "as anomaly",
  };
  return SIGNALS.map((signal) => ({
    signal,
    what: SIGNAL_NAMES[signal],
    needs: needs[signal],
    price: price[signal],
  }));
}
