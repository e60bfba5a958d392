/**
 * The export of mini is right: the engine gives for a text what PyTorch gave (test/fixtures/export/mini.json, recorded
 * by tools/train/export.py with the file).
 */
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type LlamaLoadOptions, LlamaModel, locate } from "../src/models/index.ts";

interface Recording {
  sha256: Record<"Q8_0" | "F16", string>;
  text: string;
  /** Without BOS. */
  ids: number[];
  /** ln p of each id given BOS and the ids before it, nats, in float32. */
  logprobs: number[];
  /** Of all of them. */
  perplexity: number;
}

const fixture = new URL("./fixtures/export/mini.json", import.meta.url);
const recorded: Recording = JSON.parse(readFileSync(fixture, "utf8"));
/** A build product, 12 MB, not in the repository. */
const f16 =
  process.env.SURPRISAL_MINI_F16 ??
  fileURLToPath(new URL("../.cache/train/mini/mini-F16.gguf", import.meta.url));

interface Comparison {
  ids: number[];
  /** Relative difference of the perplexities. */
  perplexity: number;
  /** Mean absolute difference of the log-probabilities, nats. */
  logprobs: number;
}

async function compare(path: string, options: LlamaLoadOptions = {}): Promise<Comparison> {
  await using model = await LlamaModel.load(path, options);
  const { ids } = await model.tokenize(recorded.text);
  for await (const { tokens } of model.score([{ context: [model.vocabulary.bos!], continuation: ids }])) {
    const { logprobs } = tokens;
    const nll = -logprobs.reduce((sum, logprob) => sum + logprob, 0);
    const differences = recorded.logprobs.map((logprob, i) => Math.abs(logprob - logprobs[i]!));
    return {
      ids: Array.from(ids),
      perplexity: Math.abs(Math.exp(nll / logprobs.length) / recorded.perplexity - 1),
      logprobs: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    };
  }
  throw new Error("no answer");
}

describe("the export of mini", () => {
  it("was recorded with the file that is shipped (python tools/train/export.py)", async () => {
    expect(recorded.sha256.Q8_0).toBe((await locate("mini")).sha256);
    expect(recorded.ids.length).toBeGreaterThan(500);
    expect(recorded.logprobs.length).toBe(recorded.ids.length);
  });

  it("has the tokens that Hugging Face's tokenizers made, and in Q8_0 the numbers within 1 %", async () => {
    const { ids, perplexity, logprobs } = await compare((await locate("mini")).path);
    expect(ids).toEqual(recorded.ids);
    expect(perplexity).toBeLessThan(0.01);
    expect(logprobs).toBeLessThan(0.05);
  });

  it("in F16 has the numbers within 1e-3", async ({ skip }) => {
    if (!existsSync(f16))
      return skip(
        "F16 weights are not in the repository; export.py makes them, SURPRISAL_MINI_F16 names them",
      );
    const { sha256 } = await locate(f16);
    if (sha256 !== recorded.sha256.F16) return skip("the F16 weights here are those of another export");
    const { ids, perplexity, logprobs } = await compare(f16, { cacheType: "f32" });
    expect(ids).toEqual(recorded.ids);
    expect(perplexity).toBeLessThan(1e-3);
    expect(logprobs).toBeLessThan(1e-3);
  });
});
