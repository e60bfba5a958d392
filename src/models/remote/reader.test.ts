import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../../core/index.ts";
import { generationOf } from "../generation.ts";
import type { GenerationEnd, Provenance } from "../language-model.ts";
import { readRecords, type WireReader } from "./reader.ts";
import type { RemoteAnswer } from "./remote-answer.ts";

/** Two tokens as they come, with a doubt at the second, and a last one held until the end. */
function twoAndOne() {
  let disposed = 0;
  const answer = {
    async *messages() {
      yield 0;
      yield 1;
    },
    dispose: () => disposed++,
    redact: (text: string) => text,
  };
  const token = (text: string, logprob: number | null = -1): TokenRecord => ({ text, logprob });
  let warnings: string[] = [];
  const reader: WireReader = {
    push(json) {
      if (json === 1) warnings = ["Some were lost."];
      return [json === 1 ? token("b", null) : token("a")];
    },
    finish: () => ({
      records: [token("c")],
      end: { finishReason: "stop", tokens: 3, scored: 2, ...reader.doubts },
    }),
    get doubts() {
      return { partial: warnings.length > 0, warnings };
    },
  };
  async function* source(): AsyncGenerator<TokenRecord, GenerationEnd, void> {
    const { end } = yield* readRecords(answer as unknown as RemoteAnswer, reader, undefined);
    const silent = end.scored === 0 ? ["No numbers."] : [];
    return {
      ...end,
      provenance: {} as Provenance,
      warnings: [...end.warnings, "A seed was refused.", ...silent],
    };
  }
  return { generation: generationOf(source()), disposed: () => disposed };
}

describe("readRecords", () => {
  it.each([
    { last: "a", partial: false, warnings: ["A seed was refused."] },
    { last: "b", partial: true, warnings: ["Some were lost.", "A seed was refused."] },
    { last: "c", partial: true, warnings: ["Some were lost.", "A seed was refused."] },
  ])("left after $last: says what is known, and ends the request", async ({ last, partial, warnings }) => {
    const { generation, disposed } = twoAndOne();
    for await (const { text } of generation) if (text === last) break;
    expect(generation.end).toBeNull();
    expect(generation.doubts).toEqual({ partial, warnings });
    expect(disposed()).toBe(1);
  });

  it("read to the end: says what the source says", async () => {
    const { generation, disposed } = twoAndOne();
    for await (const _ of generation);
    expect(generation.end).toMatchObject({ tokens: 3, scored: 2, partial: true });
    expect(generation.doubts).toBeNull();
    expect(disposed()).toBe(1);
  });
});
