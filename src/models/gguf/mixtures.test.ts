/** The numbers of experts: of every architecture that has some, sound and damaged. Nothing is loaded here, only checked. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureValue } from "../../../test/gguf-fixture.ts";
import {
  type KeyChanges,
  MIXTURE_ARCHITECTURES,
  mixtureModel,
  mixtureNumber,
} from "../../../test/mixture-fixture.ts";
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

/** What llama.cpp 0.5.0 asserts of all architectures (llama-model.cpp, `load_hparams`), and what it takes for granted. */
const DAMAGES: [string, KeyChanges, string][] = [
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

describe.each(MIXTURE_ARCHITECTURES)("%s", (architecture) => {
  it("is fine as it is", async () => expect(await check(architecture)).toBe("fine"));

  it.each(DAMAGES)("%s: is refused with its key", async (_, changes, key) => {
    expect(await check(architecture, changes)).toBe(`GGUF_INVALID ${architecture}.${key}`);
  });

  it("another number used in the last layer: is refused, but where the graph asks each layer", async () => {
    const layers = mixtureNumber(architecture, "block_count", 2);
    const value = Array.from({ length: layers }, (__, i) => (i === layers - 1 ? 1 : 2));
    const changes: KeyChanges = { expert_used_count: { type: "arr", elementType: "u32", value } };
    const wanted = architecture.startsWith("nemotron_h")
      ? "fine"
      : `GGUF_INVALID ${architecture}.expert_used_count`;
    expect(await check(architecture, changes)).toBe(wanted);
  });

  it("without gates: is refused, but where there are none", async () => {
    const said = await check(architecture, {}, (name) => name.includes("ffn_gate_exps"));
    const hasNone = mixtureModel(architecture).tensors.every(({ name }) => !name.includes("ffn_gate_exps"));
    if (hasNone) expect(said).toBe("fine");
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
