/** The numbers of experts: of every architecture that has some, sound and damaged. Nothing is loaded here, only checked. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureValue } from "../../../test/gguf-fixture.ts";
import {
  EXPERT_COUNT_DAMAGES,
  hasExpertGates,
  isExpertGate,
  lastLayerUsesAnotherNumber,
  usesOneNumberInAllLayers,
} from "../../../test/mixture-damages.ts";
import { type KeyChanges, MIXTURE_ARCHITECTURES, mixtureModel } from "../../../test/mixture-fixture.ts";
import { SurprisalError } from "../../core/index.ts";
import { checkGguf, inspectGguf } from "./index.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-mixtures-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const u32 = (value: number): FixtureValue => ({ type: "u32", value });

/** "fine", or code and place of the refusal. */
async function check(
  architecture: string,
  changes: KeyChanges = {},
  without?: (name: string) => boolean,
): Promise<string> {
  const path = join(folder, "model.gguf");
  writeFileSync(path, encodeGguf(mixtureModel(architecture, changes, without)).bytes);
  try {
    checkGguf(await inspectGguf(path));
    return "fine";
  } catch (error) {
    if (!(error instanceof SurprisalError)) throw error;
    return `${error.code} ${error.where?.replace(path, "").replace(/^, /, "")}`;
  }
}

describe.each(MIXTURE_ARCHITECTURES)("%s", (architecture) => {
  it("is fine as it is", async () => expect(await check(architecture)).toBe("fine"));

  it.each(EXPERT_COUNT_DAMAGES)("%s: is refused with its key", async (_, changes, key) => {
    expect(await check(architecture, changes)).toBe(`GGUF_INVALID ${architecture}.${key}`);
  });

  it("another number used in the last layer: is refused, but where the graph asks each layer", async () => {
    const wanted = usesOneNumberInAllLayers(architecture)
      ? `GGUF_INVALID ${architecture}.expert_used_count`
      : "fine";
    expect(await check(architecture, lastLayerUsesAnotherNumber(architecture))).toBe(wanted);
  });

  it("without gates: is refused, but where there are none", async () => {
    const said = await check(architecture, {}, isExpertGate);
    if (!hasExpertGates(architecture)) expect(said).toBe("fine");
    else expect(said).toMatch(/^GGUF_INVALID tensor blk\.\d\.ffn_gate_exps\.weight$/);
  });
});

describe("one architecture's own rules", () => {
  const none: KeyChanges = { expert_count: u32(0), expert_used_count: u32(0) };
  it.each(["qwen3next", "qwen35moe", "qwen4exp", "olmoe", "smallthinker", "glm4moe"])(
    "%s without experts",
    async (architecture) =>
      expect(await check(architecture, none)).toBe(`GGUF_INVALID ${architecture}.expert_count`),
  );

  it.each([0, 3, 8])("grovemoe with %s experts a group", async (value) => {
    expect(await check("grovemoe", { experts_per_group: u32(value) })).toBe(
      "GGUF_INVALID grovemoe.experts_per_group",
    );
  });

  it.each([0, 3])("ernie4_5-moe with experts in every %s. layer", async (value) => {
    expect(await check("ernie4_5-moe", { interleave_moe_layer_step: u32(value) })).toBe(
      "GGUF_INVALID ernie4_5-moe.interleave_moe_layer_step",
    );
  });

  it.each(["hy_v3", "mimo2", "step35"])("%s without a feed-forward part", async (architecture) => {
    expect(await check(architecture, {}, (name) => /ffn_(gate|up|down)/.test(name))).toBe(
      "GGUF_INVALID tensor blk.0.ffn_down.weight",
    );
  });
});
