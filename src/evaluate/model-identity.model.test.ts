/** A run belongs to the bytes of its model: other bytes under the same name, size and time are another model. */
import { mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeGguf, type FixtureModel, randomNumbers, tinyModel } from "../../test/gguf-fixture.ts";
import { splitModel, writeParts } from "../../test/split-fixture.ts";
import { type Corpus, evaluate, resumeEvaluation } from "./index.ts";

const TEXTS = Array.from({ length: 6 }, (_, i) => `It was the best of times, it was the age ${i} of wisdom.`);
const MTIME = new Date(2024, 0, 1);

/** @param onDocument told how many documents were given out: a run reads them once for their sha256 and once to score them. */
function corpusOf(onDocument: (seen: number) => void = () => {}): Corpus {
  let seen = 0;
  return {
    name: "texts",
    source: "texts",
    domain: null,
    rule: { name: "list", source: null },
    async *documents() {
      for (const [i, text] of TEXTS.entries()) {
        onDocument(seen++);
        yield { name: `texts:${i}`, text };
      }
    },
  };
}

/** The same model with other weights in its last matrices. */
function otherWeights(): FixtureModel {
  const model = tinyModel();
  const random = randomNumbers(99);
  for (const tensor of model.tensors.slice(-4))
    if (tensor.shape.length === 2)
      tensor.data = new Uint8Array(
        Float32Array.from({ length: tensor.data.length / 4 }, () => random() - 0.5).buffer,
      );
  return model;
}

describe("a run and its model", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "surprisal-identity-"));
    load.cache = join(folder, "cache");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Begins a run that is called off in the middle. */
  async function begin(path: string): Promise<void> {
    const controller = new AbortController();
    await evaluate({
      models: [path],
      corpora: [corpusOf((seen) => seen === TEXTS.length + 4 && controller.abort())],
      folder: join(folder, "run"),
      load,
      engines: 1,
      signal: controller.signal,
    }).catch(() => {});
  }
  const load = { cache: "", offline: true };
  const resume = (path: string) =>
    resumeEvaluation({
      folder: join(folder, "run"),
      models: [path],
      corpora: [corpusOf()],
      load,
      engines: 1,
    });

  const write = (path: string, model: FixtureModel) => {
    writeFileSync(path, encodeGguf(model).bytes);
    utimesSync(path, MTIME, MTIME);
  };

  it("does not go on with other bytes at the same path, of the same size and time", async () => {
    const path = join(folder, "model.gguf");
    write(path, tinyModel());
    const { size, mtimeMs } = statSync(path);
    await begin(path);
    write(path, otherWeights());
    expect(statSync(path)).toMatchObject({ size, mtimeMs });
    await expect(resume(path)).rejects.toMatchObject({ code: "RUN_MISMATCH" });
    write(path, tinyModel());
    expect((await resume(path)).status).toBe("complete"); // nothing was lost
  });

  it("does not go on with another second part of a split model", async () => {
    const [first] = writeParts(folder, splitModel(tinyModel(), 2));
    await begin(first!);
    const [, second] = splitModel(otherWeights(), 2);
    writeFileSync(first!.replace("00001-of", "00002-of"), encodeGguf(second!).bytes);
    await expect(resume(first!)).rejects.toMatchObject({ code: "RUN_MISMATCH" });
    writeParts(folder, splitModel(tinyModel(), 2));
    const { status, models } = await resume(first!);
    expect(status).toBe("complete");
    expect(models[0]!.identity.files).toHaveLength(2);
  });
});
