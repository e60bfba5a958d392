/** Seeded damage to models of several architectures and weight formats. */

import { FUSED_ATTENTION, SEPARATE_ATTENTION, TENSOR_LAYOUTS } from "../../src/models/gguf/architectures.ts";
import {
  encodeGguf,
  F32,
  type FixtureModel,
  type FixtureValue,
  hunyuanModel,
  layoutModel,
  Q8_0,
  randomNumbers,
  tinyModel,
} from "../gguf-fixture.ts";
import type { Mutation } from "../gguf-mutations.ts";
import { damagedMixtures } from "../mixture-damages.ts";
import { MIXTURE_ARCHITECTURES, mixtureModel } from "../mixture-fixture.ts";

export interface Damage extends Mutation {
  /** The log-probabilities it must give if it loads; left out where nobody can say. */
  numbers?: readonly number[] | undefined;
}

interface Base {
  name: string;
  make(): FixtureModel;
}

/** The tiny models, one of each architecture with a layout, its mixture of experts, hunyuan-moe, and every other mixture. */
function bases(): Base[] {
  const found: Base[] = [
    { name: "llama F32", make: () => tinyModel({ weights: F32 }) },
    { name: "llama Q8_0", make: () => tinyModel({ weights: Q8_0 }) },
    { name: "hunyuan-moe", make: () => hunyuanModel({}) },
  ];
  for (const [architecture, layout] of Object.entries(TENSOR_LAYOUTS)) {
    const attention = layout.attention === "fused" ? FUSED_ATTENTION : SEPARATE_ATTENTION;
    for (const feedForward of [layout.dense ?? {}, layout.experts]) {
      if (!feedForward) continue;
      const block = { ...layout.block, ...feedForward, ...attention };
      const name = `${architecture}${feedForward === layout.experts ? " with experts" : ""}`;
      found.push({ name, make: () => layoutModel(architecture, layout.epsilon, layout.model, block) });
    }
  }
  for (const architecture of MIXTURE_ARCHITECTURES)
    found.push({ name: `${architecture} (mixture)`, make: () => mixtureModel(architecture) });
  return found;
}

/** Keys of hyper-parameters that some architecture reads. */
const KEYS =
  `block_count context_length embedding_length feed_forward_length attention.head_count attention.head_count_kv
  attention.key_length attention.value_length rope.dimension_count expert_count expert_used_count expert_group_count
  expert_group_used_count expert_shared_count expert_feed_forward_length expert_shared_feed_forward_length expert_gating_func
  leading_dense_block_count interleave_moe_layer_step experts_per_group expert_latent_length moe_latent_size nextn_predict_layers attention.sliding_window
  attention.sliding_window_pattern embedding_length_out pooling_type vocab_size ssm.conv_kernel ssm.inner_size ssm.state_size
  ssm.time_step_rank ssm.group_count n_deepstack_layers attention.kv_lora_rank attention.q_lora_rank
  attention.shared_kv_layers embedding_length_per_layer_input attention.key_length_swa rope.scaling.original_context_length`.split(
    /\s+/,
  );
const NUMBERS = [
  0,
  1,
  2,
  3,
  4,
  5,
  7,
  8,
  16,
  31,
  32,
  63,
  64,
  65,
  127,
  128,
  256,
  1024,
  1025,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
];
const FLOATS = [
  0,
  -0,
  1e-40,
  -1,
  1e38,
  -1e38,
  1e15,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const FLOAT_KEYS =
  `attention.layer_norm_rms_epsilon attention.layer_norm_epsilon rope.freq_base rope.scaling.factor
  attn_logit_softcapping final_logit_softcapping logit_scale attention.scale residual_scale expert_weights_scale
  attention.clamp_kqv rope.scaling.attn_factor`.split(/\s+/);

/** Without end; the same from a seed. @param numbersOf what a sound model gives. */
export async function* randomDamages(
  seed: number,
  numbersOf: (bytes: Uint8Array) => Promise<readonly number[]>,
): AsyncGenerator<Damage, never> {
  const random = randomNumbers(seed);
  const below = (end: number) => Math.floor(random() * end);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const all = bases();
  const sound = new Map<Base, readonly number[]>();
  for (let at = 0; ; at++) {
    const kind = below(7);
    if (kind === 6) {
      // Numbers and tensors of experts, each of which llama.cpp asserts, divides by or takes for granted.
      const architecture = pick(MIXTURE_ARCHITECTURES);
      const { name, make } = pick(damagedMixtures(architecture));
      const { bytes } = encodeGguf(make());
      yield { name: `seed ${seed}, ${at}: ${architecture}: ${name}`, expectation: "broken", bytes };
      continue;
    }
    const base = pick(all);
    const label = `seed ${seed}, ${at}: ${base.name}`;
    const model = base.make();
    const architecture = String((model.metadata.get("general.architecture") as { value: string }).value);
    if (kind === 0) {
      // Keys that nothing reads, and the order of the tensors: not a number may change.
      if (!sound.has(base)) sound.set(base, await numbersOf(encodeGguf(model).bytes));
      model.metadata.set(`none.${below(1e9)}`, { type: "u64", value: below(1e9) });
      model.tensors.sort(() => random() - 0.5);
      const { bytes } = encodeGguf(model);
      yield {
        name: `${label}: tensors in another order`,
        expectation: "harmless",
        bytes,
        numbers: sound.get(base),
      };
    } else if (kind === 1) {
      const [key, value] = [pick(KEYS), pick(NUMBERS)];
      model.metadata.set(`${architecture}.${key}`, {
        type: pick(["u32", "u32", "u32", "i32", "bool"] as const),
        value,
      });
      yield { name: `${label}: ${key} ${value}`, expectation: "either", bytes: encodeGguf(model).bytes };
    } else if (kind === 2) {
      const [key, value] = [pick(FLOAT_KEYS), pick(FLOATS)];
      model.metadata.set(`${architecture}.${key}`, { type: "f32", value });
      yield { name: `${label}: ${key} ${value}`, expectation: "either", bytes: encodeGguf(model).bytes };
    } else if (kind === 3) {
      const [key, length] = [pick(KEYS), pick([0, 1, 2, 2, 2, 3, 512, 513])];
      const value: FixtureValue = {
        type: "arr",
        elementType: pick(["u32", "i32", "bool", "f32"] as const),
        value: Array.from({ length }, () => pick(NUMBERS)),
      };
      model.metadata.set(`${architecture}.${key}`, value);
      yield {
        name: `${label}: ${key} as a list of ${length}`,
        expectation: "either",
        bytes: encodeGguf(model).bytes,
      };
    } else {
      // Bytes: of the header mostly, of the weights else.
      const { bytes, dataStart } = encodeGguf(model);
      const places = Array.from({ length: 1 + below(4) }, () => below(kind === 4 ? dataStart : bytes.length));
      for (const place of places)
        bytes[place] = random() < 0.5 ? bytes[place]! ^ (1 << below(8)) : below(256);
      yield { name: `${label}: bytes ${places.join(", ")}`, expectation: "either", bytes };
    }
  }
}
