import { describe, expect, it } from "vitest";
import { hasOtherKernels } from "../../../test/kernels.ts";
import { mini } from "../../../test/mini.ts";
import { smollm2 } from "../../../test/smollm2.ts";
import { EMBEDDED_MODELS } from "../embedded-models.ts";
import { locate } from "../registry/index.ts";
import { LlamaModel } from "./model.ts";
import { selfTest } from "./self-test.ts";

const names = EMBEDDED_MODELS.map(({ name }) => name);
if ((await smollm2("Q4_1")) !== null) names.push("smollm2");

describe("selfTest", () => {
  it.each(names)("passes here with %s", async (name) => {
    const { path, sha256 } = await locate(name, { offline: true });
    await using model = await LlamaModel.load(path, {}, { sha256 });
    const { tokens, largestDifference } = await selfTest(model);
    expect(tokens).toBeGreaterThan(5);
    expect(largestDifference).toBeLessThan(hasOtherKernels(model) ? 0.6 * Math.sqrt(5) : 0.1);
  });

  it("fails when the numbers are not those recorded for the file", async () => {
    const { sha256 } = await locate("mini");
    await using model = await LlamaModel.load(await mini("Q8_0", { addsBos: false }), {}, { sha256 });
    await expect(selfTest(model)).rejects.toMatchObject({ code: "SELF_TEST_FAILED" });
  });

  it("is content with log-probabilities where nothing is recorded", async () => {
    await using model = await LlamaModel.load(await mini("Q4_0"));
    expect(await selfTest(model)).toMatchObject({ largestDifference: null });
  });
});
