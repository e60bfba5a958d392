/** What could be done next to chains whose steps correspond: take one step out of all of them, or merge it. */
import { type ReasoningChain, withoutSteps } from "../chain.ts";
import {
  type DanglingReference,
  danglingReferences,
  describeReference,
  isNumber,
  numberName,
  numbersIn,
  type StepGraphOptions,
  stepGraph,
} from "../graph/index.ts";
import { type Merger, substituteStep } from "../merge/index.ts";

/** Chains of equally many steps, as they are now. A single chain is a set of one. */
export interface ChainSet {
  chains: readonly ReasoningChain[];
  /** [steps] numbers of the original steps that each is made of, its own first. */
  origins: readonly (readonly number[])[];
}

/** How a step goes. */
export type CutKind = "removed" | "substituted" | "rewritten";

/** A set of chains with one step less. */
export interface Proposal extends ChainSet {
  /** Place of the step in the set that this was made from. */
  step: number;
  kind: CutKind;
  /** Why the step may not simply go, but has to be merged by a model; left out of steps that may. */
  needed?: string;
}

/** A step that has to stay, and why. */
export interface Refusal {
  step: number;
  why: string;
}

/** What `proposals` goes by. */
export interface ProposalRules {
  /** "refuse": no step goes that a later one refers to, unless what it says can be put there. "allow": any step goes. */
  dangling: "refuse" | "allow";
  /** Whether results are put into the steps that need them. */
  substitute: boolean;
  graph: Pick<StepGraphOptions, "items">;
}

/** What `proposals` finds. */
export interface Proposed {
  /** One way to go for each step that may go. */
  proposed: Proposal[];
  /** Why the others stay. */
  refused: Refusal[];
  /** Those, taken out: what a model that merges is asked about. */
  mergeable: Proposal[];
}

/** One way for each step to go, or why it stays. */
export function proposals(set: ChainSet, rules: ProposalRules): Proposed {
  const proposed: Proposal[] = [];
  const mergeable: Proposal[] = [];
  const refused: Refusal[] = [];
  const graphs = set.chains.map((chain) =>
    stepGraph(textsOf(chain), { ...rules.graph, given: chain.prompt }),
  );
  for (const step of set.origins.keys()) {
    const dangling = graphs.map((graph) => danglingReferences(graph, (i) => i !== step));
    if (rules.dangling === "allow" || dangling.every((list) => list.length === 0)) {
      proposed.push({ ...without(set, step), step, kind: "removed" });
      continue;
    }
    const changes = set.chains.map((chain, c) =>
      dangling[c]!.length === 0
        ? new Map<number, string>()
        : substituteStep(textsOf(chain), step, graphs[c]!),
    );
    const substituted =
      rules.substitute && changes.every((change) => change !== null)
        ? without(changed(set, changes), step)
        : null;
    if (substituted && standsAlone(dangling, substituted, step, rules)) {
      proposed.push({ ...substituted, step, kind: "substituted" });
      continue;
    }
    const why = becauseOf(dangling, set.origins);
    refused.push({ step, why });
    mergeable.push({ ...without(set, step), step, kind: "removed", needed: why });
  }
  return { proposed, refused, mergeable };
}

/** The step written into its neighbour by `merge`, in every chain; or why not. */
export async function rewritten(
  set: ChainSet,
  step: number,
  merge: Merger,
  rules: ProposalRules,
  signal: AbortSignal | undefined,
): Promise<Proposal | Refusal> {
  if (set.origins.length < 2) return { step, why: "it has no neighbour to be merged with" };
  const into = step + 1 < set.origins.length ? step + 1 : step - 1;
  const changes: Map<number, string>[] = [];
  for (const chain of set.chains) {
    const text = await merge({ prompt: chain.prompt, steps: textsOf(chain), step, into, signal });
    if (text === null || text.trim() === "")
      return { step, why: "the model wrote no step that could stand for both" };
    if (saysAnswer(chain, step, into, text))
      return { step, why: "the merged step says the answer, which neither of the two said" };
    changes.push(new Map([[into, text]]));
  }
  const merged = without(changed(set, changes), step, into);
  const lost = set.chains.map((chain) =>
    danglingReferences(stepGraph(textsOf(chain), { ...rules.graph, given: chain.prompt }), (i) => i !== step),
  );
  if (rules.dangling === "refuse" && !standsAlone(lost, merged, step, rules))
    return { step, why: "the merged step no longer says what a later step uses" };
  return { ...merged, step, kind: "rewritten" };
}

export const isRefusal = (result: Proposal | Refusal): result is Refusal => "why" in result;

export const textsOf = ({ steps }: ReasoningChain): string[] => steps.map(({ text }) => text);

/** The set without a step. @param into the step that takes it in, of a merge. */
function without({ chains, origins }: ChainSet, step: number, into?: number): ChainSet {
  const taken = origins.map((own, i) => (i === into ? [...own, ...origins[step]!] : own));
  return {
    chains: chains.map((chain) => ({ ...chain, steps: withoutSteps(chain.steps, (i) => i === step) })),
    origins: taken.filter((_, i) => i !== step),
  };
}

/** @param changes by chain; `null` = none. */
function changed(
  { chains, origins }: ChainSet,
  changes: readonly (ReadonlyMap<number, string> | null)[],
): ChainSet {
  return {
    chains: chains.map((chain, c) => ({
      ...chain,
      steps: chain.steps.map((step, i) => ({ ...step, text: changes[c]?.get(i) ?? step.text })),
    })),
    origins,
  };
}

/** Whether a text holds the answer and the steps that it is made of do not: a step that gives it away makes all others look useless. */
function saysAnswer({ steps, answer }: ReasoningChain, step: number, into: number, text: string): boolean {
  const bare = answer.trim().replace(/[.。]$/, "");
  const says = (where: string) =>
    isNumber(bare) ? mentions(where, numberName(bare), "number") : mentions(where, bare, "answer");
  return says(text) && !says(steps[step]!.text) && !says(steps[into]!.text);
}

/**
 * Whether nothing that a step used before is gone after it: every use of the step that went finds what it names, or is no more.
 * @param lost what would refer to nothing without the step, by chain.
 */
function standsAlone(
  lost: readonly (readonly DanglingReference[])[],
  after: ChainSet,
  step: number,
  { graph: more }: ProposalRules,
): boolean {
  return after.chains.every((chain, c) => {
    const now = stepGraph(textsOf(chain), { ...more, given: chain.prompt });
    return lost[c]!.every(({ step: user, item }) => {
      const place = user > step ? user - 1 : user;
      const isSame = (other: { kind: string; name: string }) =>
        other.kind === item.kind && other.name === item.name;
      const found = now.nodes.findIndex(({ produces }) => produces.some(isSame));
      // Stated by a step at or before the one that uses it, or not used there any more.
      return (
        (found >= 0 && found <= place) || !mentions(after.chains[c]!.steps[place]!.text, item.name, item.kind)
      );
    });
  });
}

/** Whether a name still stands in a text, as a word or number by itself. */
function mentions(text: string, name: string, kind: string): boolean {
  if (kind === "expression") return false; // expressions are found by the graph alone
  if (kind === "number") return numbersIn(text).some((number) => number.name === name); // 1200 may stand there as 1,200
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`(?<![A-Za-z\\p{N}_.])${escaped}(?![A-Za-z\\p{N}_]|\\.\\d)`, "u").test(text);
}

/** In numbers of the original steps: those are what a person sees. */
function becauseOf(
  dangling: readonly (readonly DanglingReference[])[],
  origins: ChainSet["origins"],
): string {
  const chain = dangling.findIndex((list) => list.length > 0);
  const [reference] = dangling[chain]!;
  const first = describeReference({ ...reference!, step: origins[reference!.step]![0]! });
  return dangling.length === 1 ? `${first} of it` : `${first} of it (demonstration ${chain + 1})`;
}
