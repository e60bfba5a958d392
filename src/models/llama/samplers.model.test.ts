/** What a token is drawn from, beside llama.cpp's own samplers: those of the library in use, called one after the other. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import koffi from "koffi";
import { describe, expect, it } from "vitest";
import { Penalties, type PenaltyOptions } from "../penalties.ts";
import { type SamplingOptions, samplingDistribution } from "../sampling.ts";
import { loadLlamaLibrary } from "./library.ts";

type Choice = Required<Omit<SamplingOptions, "seed">> & Required<PenaltyOptions>;

const { folder } = loadLlamaLibrary();
const llama = koffi.load(
  join(folder, readdirSync(folder).find((name) => /^(lib)?llama\.(.*\.)?(so|dylib|dll)/.test(name))!),
);
const DataArray = koffi.struct("SamplerTokenDataArray", {
  data: "void *",
  size: "size_t",
  selected: "int64",
  sorted: "bool",
});
const init = {
  penalties: llama.func("llama_sampler_init_penalties", "void *", [
    "int32",
    "int32",
    "float",
    "float",
    "float",
  ]),
  topK: llama.func("llama_sampler_init_top_k", "void *", ["int32"]),
  topP: llama.func("llama_sampler_init_top_p", "void *", ["float", "size_t"]),
  minP: llama.func("llama_sampler_init_min_p", "void *", ["float", "size_t"]),
  temperature: llama.func("llama_sampler_init_temp", "void *", ["float"]),
  // Softmax over what is left; the token that it draws is not looked at.
  draw: llama.func("llama_sampler_init_dist", "void *", ["uint32"]),
};
const accept = llama.func("llama_sampler_accept", "void", ["void *", "int32"]);
const apply = llama.func("llama_sampler_apply", "void", ["void *", koffi.inout(koffi.pointer(DataArray))]);
const free = llama.func("llama_sampler_free", "void", ["void *"]);

/** Id -> probability, as common/sampling.cpp chains them by default. */
function byLlama(logits: Float32Array, history: readonly number[], choice: Choice): Map<number, number> {
  const size = logits.length;
  const { repeatLastN, repeatPenalty, frequencyPenalty, presencePenalty } = choice;
  const last = repeatLastN === -1 ? history.length : repeatLastN; // -1: the length of the context there
  const samplers: unknown[] = [
    init.penalties(size, last, repeatPenalty, frequencyPenalty, presencePenalty),
    init.topK(choice.topK),
    init.topP(choice.topP, 0),
    init.minP(choice.minP, 0),
    init.temperature(choice.temperature),
    init.draw(1),
  ];
  const memory = new ArrayBuffer(12 * size);
  const view = new DataView(memory);
  for (const [id, logit] of logits.entries()) {
    view.setInt32(12 * id, id, true);
    view.setFloat32(12 * id + 4, logit, true);
  }
  for (const id of history) accept(samplers[0], id);
  const left = { data: koffi.address(memory), size, selected: -1, sorted: false };
  for (const sampler of samplers) apply(sampler, left);
  for (const sampler of samplers) free(sampler);
  const places = Array.from({ length: Number(left.size) }, (_, i) => 12 * i); // sorted in place, and cut
  return new Map(places.map((at) => [view.getInt32(at, true), view.getFloat32(at + 8, true)]));
}

function byUs(logits: Float32Array, history: readonly number[], choice: Choice): Map<number, number> {
  const row = new Penalties(choice, history).apply(logits);
  const { ids, probabilities } = samplingDistribution(row, choice);
  return new Map([...ids].map((id, i) => [id, probabilities[i]!]));
}

/** Without ties, of which llama.cpp keeps any. */
const rows = fc
  .uniqueArray(fc.integer({ min: -12_000, max: 12_000 }), { minLength: 8, maxLength: 60 })
  .map((row) => Float32Array.from(row, (x) => (x + 0.37) / 1000));
const choices: fc.Arbitrary<Choice> = fc.record({
  temperature: fc.constantFrom(0.5, 0.8, 1, 1.5),
  topK: fc.constantFrom(0, 1, 5, 40),
  topP: fc.constantFrom(1, 0.95, 0.5),
  minP: fc.constantFrom(0, 0.05, 0.3, 1),
  repeatPenalty: fc.constantFrom(1, 1.1, 1.8, 0.7),
  repeatLastN: fc.constantFrom(0, 3, 64, -1),
  frequencyPenalty: fc.constantFrom(0, 0.2, 1.5),
  presencePenalty: fc.constantFrom(0, 0.4, -1),
});

describe("samplers", () => {
  it("leave the tokens and probabilities that llama.cpp's leave, in its order", () => {
    fc.assert(
      fc.property(rows, choices, fc.array(fc.nat(7), { maxLength: 20 }), (row, choice, history) => {
        const [expected, found] = [byLlama(row, history, choice), byUs(row, history, choice)];
        expect([...found.keys()].sort((a, b) => a - b)).toEqual([...expected.keys()].sort((a, b) => a - b));
        for (const [id, p] of expected) expect(found.get(id)).toBeCloseTo(p, 5);
      }),
      { numRuns: 500 },
    );
  });
});
