/** What each way of choosing a level does to every prompt, in columns. Internal to this folder. */
import { bitsOf, isEnough, labelAt, type PaqCase } from "../paq/index.ts";

/** Prompts that are judged, with where the router sends each. */
export interface JudgedPrompts {
  /** Fewest bits first. */
  levels: readonly string[];
  cases: readonly PaqCase[];
  tau: number;
  /** [n] number of the level that the router chose, and the router's own milliseconds; NaN = not known. */
  choices: Int32Array;
  routerMs: Float64Array;
}

/** [n] of each prompt; NaN = not known. */
export interface PromptColumns {
  /** Σ -ln p, nats. */
  nll: Float64Array;
  /** PPL of the level over that of the top one. */
  ratio: Float64Array;
  /** 1 = the level is enough; of a mixture the share. */
  adequate: Float64Array;
  ms: Float64Array;
  bits: Float64Array;
}

/** A way of choosing. */
export interface WayColumns {
  name: string;
  columns: PromptColumns;
  /** [levels] share of prompts. */
  shares: readonly number[];
}

const NAMES = ["nll", "ratio", "adequate", "ms", "bits"] as const;

/** Of prompts that go each its own way. */
function columnsOfChoices(
  { levels, cases, tau }: Pick<JudgedPrompts, "levels" | "cases" | "tau">,
  choices: ArrayLike<number>,
  ownMs?: Float64Array,
): PromptColumns {
  const n = cases.length;
  const [nll, ratio, adequate, ms, bits] = NAMES.map(() => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (const [i, each] of cases.entries()) {
    const level = choices[i]!;
    nll[i] = each.nll[level]!;
    ratio[i] = Math.exp((each.nll[level]! - each.nll.at(-1)!) / each.tokens);
    adequate[i] = Number(isEnough(each, level, tau));
    ms[i] = (each.record.paths[levels[level]!]!.ms ?? Number.NaN) + (ownMs?.[i] ?? 0);
    bits[i] = bitsOf(levels[level]!)!;
  }
  return { nll, ratio, adequate, ms, bits };
}

/** All ways: each level alone, random and length at the router's mix, the oracle, the router. */
export function allWays(set: JudgedPrompts): WayColumns[] {
  const { levels, cases, tau, choices, routerMs } = set;
  const n = cases.length;
  const counts = levels.map((_, level) => choices.filter((choice) => choice === level).length);
  const mix = counts.map((count) => count / n);
  const sharesOf = (own: ArrayLike<number>) =>
    levels.map((_, level) => Array.from(own).filter((choice) => choice === level).length / n);
  const fixed = levels.map((level, at) => ({
    name: `always ${level}`,
    columns: columnsOfChoices(set, new Int32Array(n).fill(at)),
    shares: levels.map((_, other) => Number(other === at)),
  }));
  const byLength = lengthRule(set, counts);
  const labels = Int32Array.from(cases, (each) => labelAt(each, tau));
  return [
    ...fixed,
    { name: "random", columns: mixed(fixed, mix), shares: mix },
    { name: "length", columns: columnsOfChoices(set, byLength), shares: mix },
    { name: "oracle", columns: columnsOfChoices(set, labels), shares: sharesOf(labels) },
    { name: "router", columns: columnsOfChoices(set, choices, routerMs), shares: mix },
  ];
}

/** What is expected of a prompt that goes each way with the given chances. */
function mixed(parts: readonly WayColumns[], shares: readonly number[]): PromptColumns {
  const n = parts[0]!.columns.nll.length;
  const column = (name: (typeof NAMES)[number]) =>
    Float64Array.from({ length: n }, (_, i) =>
      parts.reduce(
        (sum, { columns }, at) => (shares[at] === 0 ? sum : sum + shares[at]! * columns[name][i]!),
        0,
      ),
    );
  return {
    nll: column("nll"),
    ratio: column("ratio"),
    adequate: column("adequate"),
    ms: column("ms"),
    bits: column("bits"),
  };
}

/**
 * The router's mix by length alone: the shortest prompts get the fewest bits, or the longest, whichever has the lower surprisal on these very
 * prompts, which favours the rule.
 * @returns [n] numbers of levels.
 */
function lengthRule({ levels, cases }: JudgedPrompts, counts: readonly number[]): Int32Array {
  const top = levels.at(-1)!;
  const tokens = cases.map(({ record }) => record.paths[top]!.promptTokens);
  const lengths = tokens.every((count) => count !== undefined)
    ? tokens.map(Number)
    : cases.map(({ prompt }) => prompt.length);
  const order = [...lengths.keys()].sort((a, b) => lengths[a]! - lengths[b]! || a - b);
  const dealt = [order, order.toReversed()].map((sorted) => {
    const choices = new Int32Array(cases.length);
    let next = 0;
    for (const [level, count] of counts.entries())
      for (let k = 0; k < count; k++) choices[sorted[next++]!] = level;
    return choices;
  });
  const sumOf = (choices: Int32Array) => cases.reduce((sum, { nll }, i) => sum + nll[choices[i]!]!, 0);
  const [shortFirst, longFirst] = dealt as [Int32Array, Int32Array];
  return sumOf(longFirst) < sumOf(shortFirst) ? longFirst : shortFirst;
}
