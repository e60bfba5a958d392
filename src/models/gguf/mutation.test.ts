/**
 * Damaged model files, handed to the real loader in a process of its own: none may end that process, none with a
 * broken structure may load, and what loads must give finite numbers.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeGguf, layoutModel, randomNumbers, tinyModel } from "../../../test/gguf-fixture.ts";
import { type Mutation, mutations } from "../../../test/gguf-mutations.ts";
import { mini } from "../../../test/mini.ts";
import { ModelLoader, type Outcome } from "../../../test/model-loader.ts";
import { ENCODERS, FUSED_ATTENTION, SEPARATE_ATTENTION, TENSOR_LAYOUTS } from "./architectures.ts";
import { inspectGguf } from "./inspect.ts";

const DIST = fileURLToPath(new URL("../../../dist/models/index.js", import.meta.url));

let folder: string;
const loader = new ModelLoader("load-child.mjs");

beforeAll(() => {
  if (!existsSync(DIST)) throw new Error("This test loads the built package: run `npm run build` first.");
  folder = mkdtempSync(join(tmpdir(), "surprisal-mutation-"));
});
afterAll(async () => {
  await loader.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function load(bytes: Uint8Array, size = bytes.length): Promise<Outcome> {
  const path = join(folder, "model.gguf");
  writeFileSync(path, bytes);
  if (size > bytes.length) truncateSync(path, size);
  return loader.load(path);
}

/** What is wrong with the outcome of a mutation, or null. */
function fault({ name, expectation }: Omit<Mutation, "bytes">, outcome: Outcome): string | null {
  const wanted =
    outcome.result === "refused"
      ? expectation !== "harmless" && /^(GGUF_|OUT_OF_MEMORY|MODEL_LOAD_FAILED)/.test(outcome.code)
      : outcome.result === "loaded" && expectation !== "broken";
  return wanted ? null : `${name} (${expectation}): ${JSON.stringify(outcome)}`;
}

describe("the fixtures are real models", () => {
  it.each([0, 8] as const)("the tiny model of type %i loads and scores", async (weights) => {
    expect(await load(encodeGguf(tinyModel({ weights })).bytes)).toEqual({ result: "loaded" });
  });

  // Encoders are in encoder-mutation.test.ts.
  it.each(Object.entries(TENSOR_LAYOUTS).filter(([architecture]) => !ENCODERS.has(architecture)))(
    "llama.cpp needs just these tensors of %s",
    async (architecture, layout) => {
      const attention = layout.attention === "fused" ? FUSED_ATTENTION : SEPARATE_ATTENTION;
      const parts = { ...layout.block, ...layout.dense, ...attention };
      const model = layoutModel(architecture, layout.epsilon, layout.model, parts);
      expect(await load(encodeGguf(model).bytes)).toEqual({ result: "loaded" });
      if (!layout.experts) return;
      const mixture = layoutModel(architecture, layout.epsilon, layout.model, {
        ...layout.block,
        ...layout.experts,
        ...attention,
      });
      expect(await load(encodeGguf(mixture).bytes)).toEqual({ result: "loaded" });
    },
  );
});

describe("mutations", () => {
  it("of the tiny models are refused, or harmless", async () => {
    const faults: string[] = [];
    let tried = 0;
    for (const mutation of mutations()) {
      tried++;
      const found = fault(mutation, await load(mutation.bytes));
      if (found) faults.push(found);
    }
    expect(faults).toEqual([]);
    expect(tried).toBeGreaterThan(900);
  }, 300_000);

  it("of mini's header are refused, or harmless", async () => {
    const path = await mini();
    const { dataOffset } = await inspectGguf(path);
    const size = statSync(path).size;
    const header = readStart(path, dataOffset);
    const random = randomNumbers(5);
    const below = (end: number) => Math.floor(random() * end);
    const faults: string[] = [];
    // Behind the header a hole: the file takes no room, and its weights are zeros, which load, and are refused for the
    // logits they give.
    const ofZeros = async (bytes: Uint8Array): Promise<Outcome> => {
      const outcome = await load(bytes, size);
      const scored = outcome.result === "refused" && /logits are all the same/.test(outcome.message);
      return scored ? { result: "loaded" } : outcome;
    };
    expect(await load(header, size)).toMatchObject({ result: "refused", code: "ENGINE_FAILED" });
    expect(await ofZeros(header)).toEqual({ result: "loaded" });
    for (let i = 0; i < 60; i++) {
      const copy = header.slice();
      // The small values at the beginning and the tensors at the end matter more than the long vocabulary between.
      const at = i % 3 === 0 ? below(2000) : i % 3 === 1 ? dataOffset - 1 - below(16_000) : below(dataOffset);
      copy[at]! ^= 1 << below(8);
      const found = fault({ name: `byte ${at}`, expectation: "either" }, await ofZeros(copy));
      if (found) faults.push(found);
    }
    for (const length of [below(dataOffset), below(dataOffset), dataOffset, size - 1, size - 100_000]) {
      const found = fault(
        { name: `cut at ${length}`, expectation: "broken" },
        await load(header.subarray(0, length), length),
      );
      if (found) faults.push(found);
    }
    expect(faults).toEqual([]);
  }, 300_000);
});

function readStart(path: string, bytes: number): Uint8Array {
  const buffer = new Uint8Array(bytes);
  const descriptor = openSync(path, "r");
  readSync(descriptor, buffer);
  closeSync(descriptor);
  return buffer;
}
