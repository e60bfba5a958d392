/** Our own engine behind servers of several dialects: what comes through is what it says itself. */
import { describe, expect, it } from "vitest";
import { type DialectName, startFakeServer } from "../../../test/wire/fake-server.ts";
import type { TokenRecord } from "../../core/index.ts";
import { lossOf } from "../loss.ts";
import { resolve } from "../resolve.ts";

const TEXT = "The end of <b>it</b>: Ünïcode, 你好, naïve café, 🙂.";
const PROMPT = "The king and the";

async function write(model: Awaited<ReturnType<typeof resolve>>) {
  const records: TokenRecord[] = [];
  for await (const record of model.generate(PROMPT, { maxTokens: 20, alternatives: 3 })) records.push(record);
  return records;
}

describe("our engine behind a server", () => {
  it.each(["vllm", "sglang", "tgi"] as const)(
    "%s: the same loss, and the same tokens written",
    async (dialect) => {
      await using engine = await resolve("mini");
      await using server = await startFakeServer({ dialect: dialect satisfies DialectName, model: engine });
      await using model = await resolve(server.url);
      const [own, served] = [await lossOf(engine, TEXT), await lossOf(model, TEXT)];
      expect(served).toMatchObject({ tokens: own.tokens, scored: own.scored });
      expect(served.loss).toBeCloseTo(own.loss, 4);
      const [expected, records] = [await write(engine), await write(model)];
      expect(records.map(({ text }) => text)).toEqual(expected.map(({ text }) => text));
      for (const [i, { logprob, alternatives }] of records.entries()) {
        expect(logprob).toBeCloseTo(expected[i]!.logprob!, 4);
        expect(alternatives).toHaveLength(3);
      }
    },
  );
});
