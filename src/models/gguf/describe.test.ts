import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, tinyModel } from "../../../test/gguf-fixture.ts";
import { mini } from "../../../test/mini.ts";
import { splitModel, writeParts } from "../../../test/split-fixture.ts";
import { describeModel } from "./describe.ts";
import { inspectGguf } from "./inspect.ts";
import { modelNotes } from "./notes.ts";

describe("describeModel", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-describe-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (model: FixtureModel) => {
    const path = join(folder, "model.gguf");
    writeFileSync(path, encodeGguf(model).bytes);
    return path;
  };

  it("says what mini is", async () => {
    const path = await mini();
    // As llama.cpp v0.5.0 prints it when it loads the file (print_info).
    expect(await describeModel(path)).toMatchObject({
      files: [path],
      bytes: 7_532_320,
      architecture: "llama",
      parameters: 6_951_168,
      contextLength: 1024,
      embeddingLength: 256,
      layers: 8,
      heads: 4,
      keyValueHeads: 2,
      tokenizer: {
        model: "gpt2",
        preTokenizer: "smollm",
        tokens: 4096,
        merges: 3839,
        bos: { id: 0, text: "<|endoftext|>" },
        eos: { id: 0, text: "<|endoftext|>" },
        addsBos: true,
        addsEos: false,
      },
      fileType: "Q8_0",
      tensorTypes: [
        { type: "Q8_0", tensors: 57 },
        { type: "F32", tensors: 17 },
      ],
      notes: [],
      problem: null,
    });
  });

  it("counts bits, weights and shares over all tensors, and all parts of a split model", async () => {
    const model = tinyModel();
    const bytes = model.tensors.reduce((sum, { data }) => sum + data.length, 0);
    const [first] = writeParts(folder, splitModel(model, 3));
    const found = await describeModel(first!);
    expect(found.files).toHaveLength(3);
    expect(found).toMatchObject({ parameters: bytes / 4, bitsPerWeight: 32 });
    expect(found.tensorTypes).toEqual([{ type: "F32", tensors: 20, parameters: bytes / 4, bytes, share: 1 }]);
    const whole = await describeModel(write(model));
    expect({ ...found, files: [], bytes: 0 }).toEqual({ ...whole, files: [], bytes: 0 });
    // 32 weights in 34 bytes; five norms of 64 weights stay F32
    const small = await describeModel(write(tinyModel({ weights: 8 })));
    const matrices = small.parameters - 5 * 64;
    expect(small.bitsPerWeight).toBeCloseTo((8.5 * matrices + 32 * 5 * 64) / small.parameters, 10);
    expect(small.tensorTypes.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("describes what cannot be used, and says why", async () => {
    const model = tinyModel();
    model.metadata.set("general.architecture", { type: "str", value: "strange" });
    expect(await describeModel(write(model))).toMatchObject({
      architecture: "strange",
      contextLength: null,
      problem: expect.stringMatching(/does not know the architecture "strange" \(general\.architecture\)/),
    });
    const bare = tinyModel();
    for (const key of [...bare.metadata.keys()]) if (key.startsWith("tokenizer")) bare.metadata.delete(key);
    expect(await describeModel(write(bare))).toMatchObject({
      tokenizer: { model: null, tokens: 0, merges: null, bos: null, addsBos: false },
      problem: expect.stringMatching(/must be \[64, 0\] \(tensor token_embd\.weight\)/),
    });
    writeFileSync(join(folder, "cut.gguf"), encodeGguf(tinyModel()).bytes.subarray(0, 5000));
    await expect(describeModel(join(folder, "cut.gguf"))).rejects.toMatchObject({ code: "GGUF_TRUNCATED" });
  });

  const spoil = async (change: (model: FixtureModel) => void): Promise<string[]> => {
    const model = tinyModel();
    change(model);
    return (await describeModel(write(model))).notes as string[];
  };

  it("notes what changes the meaning of a number", async () => {
    expect(await spoil(() => {})).toEqual([]);
    expect(await spoil(({ metadata }) => metadata.delete("tokenizer.ggml.pre"))).toEqual([
      expect.stringMatching(/does not name its pre-tokenizer/),
    ]);
    expect(
      await spoil(({ metadata }) =>
        metadata.set("tokenizer.ggml.merges", { type: "arr", elementType: "str", value: [] }),
      ),
    ).toEqual([expect.stringMatching(/no merges, so texts are cut into single bytes/)]);
    expect(await spoil(({ metadata }) => metadata.delete("tokenizer.ggml.token_type"))).toEqual([
      expect.stringMatching(/does not say which tokens are special/),
    ]);
    expect(
      await spoil(({ metadata }) => metadata.set("general.file_type", { type: "u32", value: 10 })),
    ).toEqual(["The file calls itself Q2_K, and not one of its tensors is Q2_K: its matrices are 15 F32."]);
  });

  it("puts llama.cpp's warnings into words, those of a kind together", async () => {
    const file = await inspectGguf(write(tinyModel()));
    const control = (id: number, text: string) =>
      `load: control-looking token: ${String(id).padStart(6)} '${text}' was not control-type; this is probably a bug in the model. its type will be overridden`;
    const warnings = [
      "load: missing pre-tokenizer type, using: 'default'",
      "load:                                             ",
      "load: ************************************        ",
      "load: GENERATION QUALITY WILL BE DEGRADED!        ",
      control(7, "<|im_end|>"),
      control(8, "<|eot_id|>"),
      "init_tokenizer: empty token at index 5",
      "model has unused tensor blk.2.nextn.weight (size = 12 bytes) -- ignoring",
      "load_arch_hparams: Phi SWA is currently disabled - results might be suboptimal for some models",
      "load: bad special token: 'tokenizer.ggml.seperator_token_id' = 99999, using default id -1",
      "load: something new that nobody has seen",
    ];
    expect(modelNotes(file, warnings)).toEqual([
      "2 tokens that look special are not marked so in the file, and taken for special: <|im_end|>, <|eot_id|>.",
      "1 token of the vocabulary is empty: 5.",
      "The file names tokens that do not exist, and llama.cpp does without or takes its default: tokenizer.ggml.seperator_token_id.",
      "llama.cpp does not use 1 tensor of the file: blk.2.nextn.weight.",
      "llama.cpp computes without this model's sliding-window attention: numbers may differ from the model's own.",
      "llama.cpp: something new that nobody has seen",
    ]);
  });
});
