/** By hand, after src/llama-sampler.cpp (llama_sampler_penalties_apply); llama/samplers.model.test.ts has llama.cpp itself beside it. */
import { describe, expect, it } from "vitest";
import { Penalties } from "./penalties.ts";

const logits = Float32Array.of(2, -2, 0, 4);
const applied = (
  options: ConstructorParameters<typeof Penalties>[0],
  prompt: number[],
  more: number[] = [],
) => {
  const penalties = new Penalties(options, prompt);
  for (const id of more) penalties.accept(id);
  return [...penalties.apply(logits)];
};

describe("penalties", () => {
  it("divide what is positive and multiply what is not", () => {
    expect(applied({ repeatPenalty: 2 }, [0, 1, 2])).toEqual([1, -4, 0, 4]);
    expect(applied({ repeatPenalty: 0.5 }, [0, 1])).toEqual([4, -1, 0, 4]);
  });

  it("take off by count and by presence, after the division", () => {
    expect(applied({ frequencyPenalty: 0.5 }, [0, 0, 3], [0])).toEqual([0.5, -2, 0, 3.5]);
    expect(applied({ presencePenalty: 1 }, [0, 0, 3], [0])).toEqual([1, -2, 0, 3]);
    expect(applied({ repeatPenalty: 2, frequencyPenalty: 0.25, presencePenalty: -1 }, [0, 0])).toEqual([
      2 / 2 - (2 * 0.25 - 1),
      -2,
      0,
      4,
    ]);
  });

  it("look at the last tokens of prompt and answer together, 64 unless told otherwise", () => {
    expect(applied({ presencePenalty: 1, repeatLastN: 2 }, [0, 1], [2])).toEqual([2, -3, -1, 4]);
    expect(applied({ frequencyPenalty: 1, repeatLastN: 3 }, [0, 0, 0, 1], [1, 1, 1])).toEqual([2, -5, 0, 4]);
    const long = [0, ...Array.from({ length: 63 }, () => 1)];
    expect(applied({ presencePenalty: 1 }, long)[0]).toBe(1);
    expect(applied({ presencePenalty: 1 }, long, [1])[0]).toBe(2);
    expect(applied({ presencePenalty: 1, repeatLastN: -1 }, long, [1])[0]).toBe(1);
    expect(new Penalties({ presencePenalty: 1, repeatLastN: 0 }, [0]).off).toBe(true);
    expect(new Penalties({}, [0]).off).toBe(true);
  });

  it("leave the model's own row alone", () => {
    applied({ presencePenalty: 9 }, [0, 1, 2, 3]);
    expect([...logits]).toEqual([2, -2, 0, 4]);
  });
});
