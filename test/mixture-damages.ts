/** Damage to the numbers and tensors of experts, which every architecture that has some must be refused with. */
import type { FixtureModel, FixtureValue } from "./gguf-fixture.ts";
import { type KeyChanges, mixtureModel, mixtureNumber } from "./mixture-fixture.ts";

const u32 = (value: number): FixtureValue => ({ type: "u32", value });

/** What llama.cpp 0.5.0 asserts of all architectures (llama-model.cpp, `load_hparams`), and what it takes for granted. */
export const EXPERT_COUNT_DAMAGES: readonly [name: string, changes: KeyChanges, key: string][] = [
  ["none", { expert_count: u32(0) }, "expert_used_count"],
  ["more than LLAMA_MAX_EXPERTS", { expert_count: u32(1025) }, "expert_count"],
  ["huge", { expert_count: u32(2 ** 32 - 1) }, "expert_count"],
  ["absent", { expert_count: null }, "expert_used_count"],
  ["none used", { expert_used_count: u32(0) }, "expert_used_count"],
  ["used absent", { expert_used_count: null }, "expert_used_count"],
  ["more used than there are", { expert_used_count: u32(5) }, "expert_used_count"],
  ["as many groups as experts", { expert_group_count: u32(4) }, "expert_group_count"],
  [
    "groups that do not divide",
    { expert_group_count: u32(3), expert_group_used_count: u32(1) },
    "expert_group_count",
  ],
  [
    "no group used",
    { expert_group_count: u32(2), expert_group_used_count: u32(0) },
    "expert_group_used_count",
  ],
  [
    "all groups used",
    { expert_group_count: u32(2), expert_group_used_count: u32(2) },
    "expert_group_used_count",
  ],
  [
    "groups smaller than the experts used",
    { expert_group_count: u32(2), expert_group_used_count: u32(1), expert_used_count: u32(3) },
    "expert_group_used_count",
  ],
  ["a gating function that there is not", { expert_gating_func: u32(5) }, "expert_gating_func"],
  [
    "a list in place of a number",
    { expert_count: { type: "arr", elementType: "u32", value: [4, 4] } },
    "expert_count",
  ],
];

/** Not where the graph asks each layer. */
export const usesOneNumberInAllLayers = (architecture: string): boolean =>
  !architecture.startsWith("nemotron_h");

/** One expert used in the last layer, two in the others. */
export function lastLayerUsesAnotherNumber(architecture: string): KeyChanges {
  const layers = mixtureNumber(architecture, "block_count", 2);
  const value = Array.from({ length: layers }, (_, i) => (i === layers - 1 ? 1 : 2));
  return { expert_used_count: { type: "arr", elementType: "u32", value } };
}

export const isExpertGate = (name: string): boolean => name.includes("ffn_gate_exps");

export function hasExpertGates(architecture: string): boolean {
  return mixtureModel(architecture).tensors.some(({ name }) => isExpertGate(name));
}

/** A model, and what is wrong with its experts. */
export interface DamagedMixture {
  name: string;
  make(): FixtureModel;
}

/** All damages of an architecture. */
export function damagedMixtures(architecture: string): DamagedMixture[] {
  const counts = EXPERT_COUNT_DAMAGES.map(([name, changes]): DamagedMixture => {
    return { name: `experts: ${name}`, make: () => mixtureModel(architecture, changes) };
  });
  if (usesOneNumberInAllLayers(architecture))
    counts.push({
      name: "experts: another number used in the last layer",
      make: () => mixtureModel(architecture, lastLayerUsesAnotherNumber(architecture)),
    });
  if (hasExpertGates(architecture))
    counts.push({
      name: "experts: without gates",
      make: () => mixtureModel(architecture, {}, isExpertGate),
    });
  return counts;
}
