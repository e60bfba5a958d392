/** Which later step uses which result. */
import { invalidArgument } from "../../core/index.ts";
import { type Item, itemsOf, keyOf, type StepItems } from "./items.ts";
import { isRounded } from "./numbers.ts";

/** A step that uses a result of an earlier one. */
export interface StepReference {
  /** The step that uses it, from 0. */
  step: number;
  /** The earlier steps that state it, nearest first; it takes one of them. At least one. */
  from: number[];
  /** What is used. */
  item: Item;
}

/** A step of a graph. */
export interface StepNode {
  /** What it states that was not given: results, names, labels, rules. */
  produces: Item[];
  uses: StepReference[];
}

/** The steps of a chain with what they use of each other. */
export interface StepGraph {
  nodes: StepNode[];
  /** Every use, in order of the steps. */
  references: StepReference[];
}

/** A use whose sources were all removed. */
export type DanglingReference = StepReference;

/** Options of `stepGraph`. */
export interface StepGraphOptions {
  /** The question: what stands in it is known to every step. Default "". */
  given?: string | undefined;
  /**
   * How steps are read beyond what this room sees: items that a step states and uses. Added to those that are found.
   * Default: none.
   */
  items?:
    | ((step: string, index: number) => { produces?: readonly Item[]; uses?: readonly Item[] })
    | undefined;
}

/**
 * A step **states** an item where it is a result in it (right of "=", "gives 16", a name that is given a value, a label or rule that
 * it sets up), or where it stands in the chain for the first time, not only as a number to reckon with; it **uses** an item that stands in it and was stated before.
 * What stands in the question is given, unless it is a name that a step gives a value. Read by patterns, in English and Chinese: numbers that
 * are alike by chance make a use too many, which keeps a step that could go; a result that is only paraphrased makes one too few.
 */
export function stepGraph(steps: readonly string[], options: StepGraphOptions = {}): StepGraph {
  const { given = "", items: more } = options;
  if (!Array.isArray(steps) || steps.some((step) => typeof step !== "string"))
    throw invalidArgument("The steps are no list of texts", "steps", "Give an array of strings.");
  const known = itemsOf(given).mentions;
  const names = new Set<string>();
  const read = steps.map((step, i): StepItems => {
    const found = itemsOf(step, names);
    for (const item of more?.(step, i).produces ?? []) {
      add(item, found.mentions, found.results);
      found.statements.add(keyOf(item));
    }
    for (const item of more?.(step, i).uses ?? []) add(item, found.mentions);
    for (const { kind, name } of found.results.values()) if (kind === "variable") names.add(name);
    return found;
  });
  /** Steps that state an item so far, latest last. */
  const stated = new Map<string, number[]>();
  const nodes = read.map(({ results, mentions, statements }, step): StepNode => {
    const node: StepNode = { produces: [], uses: [] };
    for (const [key, item] of mentions) {
      const isGiven = known.has(key);
      const sources = stated.get(key) ?? (isGiven ? undefined : roundedOf(item, stated));
      const isOwn = results.has(key) && (item.kind === "variable" || item.kind === "label");
      if (sources && !isOwn) node.uses.push({ step, from: [...sources].reverse(), item });
      const states = isGiven
        ? results.has(key) && item.kind === "variable"
        : results.has(key) || (!sources && statements.has(key));
      if (states) node.produces.push(item);
    }
    for (const item of node.produces) stated.set(keyOf(item), [...(stated.get(keyOf(item)) ?? []), step]);
    return node;
  });
  // A result that is computed anew (36 again as the right side of its own sum) is no use of the first.
  for (const [step, node] of nodes.entries())
    node.uses = node.uses.filter(({ item }) => !isComputedAnew(keyOf(item), item, read[step]!));
  return { nodes, references: nodes.flatMap(({ uses }) => uses) };
}

/** Steps that state a number of which this one is a rounding. */
function roundedOf({ kind, name }: Item, stated: ReadonlyMap<string, number[]>): number[] | undefined {
  if (kind !== "number" || !/\.\d{2}/.test(name)) return undefined;
  for (const [key, steps] of stated)
    if (key.startsWith("number ") && isRounded(name, key.slice("number ".length))) return steps;
  return undefined;
}

const add = (item: Item, ...maps: Map<string, Item>[]) => {
  for (const map of maps) map.set(keyOf(item), item);
};

/** A number that stands only as the result of equations in a step does not lean on an earlier one. */
function isComputedAnew(key: string, item: Item, { results, equations, outside }: StepItems): boolean {
  if (item.kind !== "number" || !results.has(key) || equations.length === 0 || outside.has(item.name))
    return false;
  const stands = (side: string) => itemsOf(side).mentions.has(key);
  const isRight = equations.some(({ sides }) => sides.slice(1).some(stands));
  return isRight && !equations.some(({ sides }) => stands(sides[0]!));
}

/**
 * What would refer to nothing if only some steps were kept: uses by kept steps whose sources are all gone.
 * @param isKept by index.
 */
export function danglingReferences(graph: StepGraph, isKept: (step: number) => boolean): DanglingReference[] {
  return graph.references.filter(({ step, from }) => isKept(step) && !from.some(isKept));
}

/** "step 3 uses 36", for people. */
export function describeReference({ step, item }: StepReference): string {
  return `step ${step + 1} uses ${item.kind === "number" || item.kind === "variable" ? "" : `the ${item.kind} `}${item.name}`;
}
