/** The sets of answers that methods are measured on: all, and those that length does not tell apart. */
import { SurprisalError } from "../../core/index.ts";
import type { BenchSection } from "../../report/index.ts";
import { formatPlural } from "../../text/index.ts";
import { type Benched, type BenchOptions, benchMethods } from "../../uncertainty/index.ts";
import { type Columns, matchedPlaces, subset } from "./columns.ts";

/**
 * @param matched most words by which the answers of a pair may differ; `undefined`: only all answers.
 * @returns sections, and what there is to say of them.
 * @throws SurprisalError EMPTY_INPUT where no answer has a label and numbers.
 */
export function sectionsOf(
  given: Columns,
  matched: number | undefined,
  options: BenchOptions,
): { sections: BenchSection[]; notes: string[] } {
  const { columns, notes: leftOut } = withCommonAnswers(given);
  const all = benchMethods(columns, options);
  const sections: BenchSection[] = [{ name: "all answers", benched: all }];
  const notes = [...leftOut, ...missingNotes(columns, all.n), ...whyNoMeasures(all)];
  if (matched === undefined) return { sections, notes };
  const places = matchedPlaces(columns, matched);
  const name = `pairs whose lengths differ by at most ${formatPlural(matched, "word")}`;
  if (places.length === 0) {
    notes.push(`There are no ${name}: lines need "group", and a right and a wrong answer in each.`);
    return { sections, notes };
  }
  try {
    sections.push({ name, benched: benchMethods(subset(columns, places), options) });
  } catch (error) {
    if (!SurprisalError.isInstance(error) || error.code !== "EMPTY_INPUT") throw error;
    notes.push(`None of the ${name} has numbers of all methods.`);
  }
  return { sections, notes };
}

/**
 * Where no answer has a number of every method, those with the fewest numbers are left out, one after the other, until the others
 * have half of the labelled answers in common: one method that hardly ever answers takes nothing from all the rest.
 */
function withCommonAnswers(columns: Columns): { columns: Columns; notes: string[] } {
  const labelled = columns.correct.flatMap((label, i) => (label === null ? [] : [i]));
  const numbers = Object.entries(columns.methods).map(([name, values]) => ({
    name,
    has: new Set(labelled.filter((i) => (values[i] ?? null) !== null)),
  }));
  const kept = numbers.filter(({ has }) => has.size > 0).toSorted((a, b) => b.has.size - a.has.size);
  const common = () => labelled.filter((i) => kept.every(({ has }) => has.has(i))).length;
  const leftOut: typeof kept = [];
  if (common() > 0) return { columns, notes: [] };
  while (kept.length > 1 && common() < labelled.length / 2) leftOut.unshift(kept.pop()!);
  if (leftOut.length === 0) return { columns, notes: [] };
  const names = new Set(leftOut.map(({ name }) => name));
  const methods = Object.fromEntries(Object.entries(columns.methods).filter(([name]) => !names.has(name)));
  const said = leftOut.map(({ name, has }) => `${name} (${has.size})`);
  return {
    columns: { ...columns, methods },
    notes: [
      `No answer has a number of every method. Left out, with the answers they have a number of, are ${said.join(", ")}: --methods NAME measures one of them by itself, with --replay at no price.`,
    ],
  };
}

/** Why there is no order to measure, or no calibration. */
function whyNoMeasures({ n, right, methods }: Benched): string[] {
  if (right === n || right === 0)
    return [
      `All ${formatPlural(n, "answer")} are ${right === 0 ? "wrong" : "right"}: there is nothing to tell apart.`,
    ];
  const reasons = new Set(methods.flatMap(({ eceReason }) => eceReason ?? []));
  return [...reasons].map((reason) => `No ECE: ${reason}`);
}

/** Methods that lack numbers make the set of answers smaller for all. */
function missingNotes({ methods, correct }: Columns, n: number): string[] {
  const labelled = correct.filter((label) => label !== null).length;
  if (n === labelled) return [];
  const lacking = Object.entries(methods).flatMap(([name, values]) => {
    const missing = values.filter((value, i) => value === null && correct[i] !== null).length;
    return missing > 0 && missing < labelled ? [`${name} (${missing})`] : [];
  });
  return [
    `${labelled - n} of ${formatPlural(labelled, "answer")} with a label are left out, since not every method has a number for them: ${lacking.slice(0, 6).join(", ")}${lacking.length > 6 ? " and others" : ""}.`,
  ];
}
