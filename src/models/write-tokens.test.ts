/** Writing from a source that says one token after the other, whatever is asked. */
import { describe, expect, it } from "vitest";
import type { TokenRecord } from "../core/index.ts";
import type { GenerateOptions } from "./language-model.ts";
import { MarkedReasoning } from "./reasoning-marks.ts";
import { TableModel } from "./test/index.ts";
import { type WritingSource, type Written, writeTokens } from "./write-tokens.ts";

const encoder = new TextEncoder();

/** A model that writes these tokens, then its end-of-text token, in a context of so many tokens. */
function scripted(tokens: readonly string[], context = Number.POSITIVE_INFINITY) {
  const seen = { run: 0 };
  const distribution = () => {
    const row = new Float32Array(tokens.length + 1).fill(Number.NEGATIVE_INFINITY);
    row[Math.min(seen.run, tokens.length)] = 0;
    return row;
  };
  const source: WritingSource = {
    pieces: {
      size: tokens.length + 1,
      piece: (id) => encoder.encode(tokens[id] ?? "</s>"),
      endsGeneration: (id) => id === tokens.length,
    },
    distribution,
    logits: distribution,
    async extend() {
      if (seen.run + 1 >= context) return false;
      seen.run++;
      return true;
    },
    record: (id) => ({ id, text: tokens[id]!, bytes: encoder.encode(tokens[id]), logprob: 0 }),
  };
  return { source, seen };
}

async function write(source: WritingSource, options: GenerateOptions, marks?: MarkedReasoning) {
  const records: TokenRecord[] = [];
  const writing = writeTokens(source, [], options, marks);
  for (;;) {
    const { done, value } = await writing.next();
    if (done) return { records, end: value as Written };
    records.push(value as TokenRecord);
  }
}
const texts = (records: readonly TokenRecord[]) => records.map(({ text }) => text);

describe("what is held back for a stop string", () => {
  it.each<[string, GenerateOptions, number, string]>([
    ["the model ends", {}, 99, "stop"],
    ["the most tokens are written", { maxTokens: 3 }, 99, "length"],
    ["the context is full", {}, 3, "length"],
  ])("comes out when %s", async (_, options, context, finishReason) => {
    const { source } = scripted(["a", "ST", "O"], context);
    const { records, end } = await write(source, { ...options, stop: ["STOP"] });
    expect(texts(records)).toEqual(["a", "ST", "O"]);
    expect(end).toEqual({ finishReason, tokens: 3 });
  });

  it("is run no further than to the stop string, and counts no token of it", async () => {
    const { source, seen } = scripted(["a", " S", "TO", "P!", "more", "and more"]);
    const { records, end } = await write(source, { stop: ["STOP"] });
    expect(texts(records)).toEqual(["a", " "]);
    expect(records[1]).toMatchObject({ cut: "S", id: 1 });
    expect(end).toMatchObject({ finishReason: "stop", tokens: 2, stop: { text: "STOP", behind: "!" } });
    expect(end.stop!.records.map(({ id }) => id)).toEqual([1, 2, 3]);
    expect(seen.run).toBe(3); // the token that completes it is not run
  });
});

describe("stop strings and thinking", () => {
  it("are found in what is thought too, whose records keep their part", async () => {
    const { source } = scripted(["<think>", "I ", "ponder", " a lot", "</think>", "Yes"]);
    const { records, end } = await write(source, { stop: ["der a"] }, new MarkedReasoning());
    expect(texts(records).join("")).toBe("<think>I pon");
    expect(new Set(records.map(({ part }) => part))).toEqual(new Set(["reasoning"]));
    expect(end).toMatchObject({ finishReason: "stop", stop: { text: "der a", behind: " lot" } });
  });

  it("may be the mark that ends it", async () => {
    const { source } = scripted(["<think>", "hm", "</think>", "Yes"]);
    const { records } = await write(source, { stop: ["</think>"] }, new MarkedReasoning());
    expect(texts(records)).toEqual(["<think>", "hm"]);
  });
});

describe("a prefill", () => {
  it("is not looked through for stop strings, not even where one ends in the answer", async () => {
    const model = TableModel.twoState(0.3, 0.6); // writes on with "a", greedily
    const read = async (options: GenerateOptions) => {
      const records: TokenRecord[] = [];
      for await (const record of model.generate("a", { maxTokens: 3, ...options })) records.push(record);
      return texts(records).join("");
    };
    expect(await read({ prefill: "bba", stop: ["bb", "baa"] })).toBe("aaa");
    expect(await read({ prefill: "bba", stop: ["aa"] })).toBe("");
  });
});
