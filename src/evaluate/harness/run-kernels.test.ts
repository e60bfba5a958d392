/** Runs that go on elsewhere: the kernels they began with, or none. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { altered } from "../../../test/altered-model.ts";
import type { LanguageModel } from "../../models/index.ts";
import type { Corpus } from "../corpora/corpus.ts";
import { compareRuns } from "../runs/compare.ts";
import { readRun } from "../runs/run-file.ts";
import { evaluate, resumeEvaluation } from "./evaluate.ts";

const corpus: Corpus = {
  name: "texts",
  source: "texts",
  domain: null,
  rule: { name: "list", source: null },
  async *documents() {
    for (const text of ["first text", "second text", "third text"]) yield { name: text, text };
  },
};

type Settings = LanguageModel["settings"];
const on = (settings: Settings, quantisation = "Q8_0"): LanguageModel =>
  altered((table) => ({
    trainedContext: 2048,
    settings,
    identity: { ...table.identity, sha256: "a".repeat(64), quantisation },
  }));

const AMX: Settings = { device: "cpu (sapphirerapids)", kernels: "amx" };
const ZEN4: Settings = { device: "cpu (zen4)", kernels: "avx512" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-kernels-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function begun(model: LanguageModel): Promise<string> {
  const place = join(folder, "run");
  const stop = new Error("stopped");
  const onDocument = () => {
    throw stop;
  };
  await evaluate({ models: [model], corpora: [corpus], folder: place, onDocument }).catch((error) => {
    if (error !== stop) throw error;
  });
  return place;
}
const goOn = (place: string, model: LanguageModel) =>
  resumeEvaluation({ models: [model], corpora: [corpus], folder: place });

it("a run does not go on with other kernels, and loses nothing by being asked to", async () => {
  const place = await begun(on(AMX));
  await expect(goOn(place, on(ZEN4))).rejects.toMatchObject({
    code: "RUN_MISMATCH",
    what: expect.stringMatching(
      /begun with amx \(cpu \(sapphirerapids\)\), and here it has avx512 \(cpu \(zen4\)\)/,
    ),
    wayOut: expect.stringMatching(/amx kernels.*--kernels portable.*--exact/),
  });
  expect(readRun(place).models[0]!.settings).toEqual(AMX);
  expect(await goOn(place, on(AMX))).toMatchObject({ status: "complete", notes: [] });
});

it("one of an earlier version goes on with what its build had", async () => {
  const place = await begun(on({ device: "cpu (sapphirerapids)" }));
  await expect(goOn(place, on(ZEN4))).rejects.toMatchObject({ code: "RUN_MISMATCH" });
  const run = await goOn(place, on(AMX));
  expect(run.notes).toEqual([expect.stringMatching(/other settings/)]);
});

it("where it is not known what they were, it goes on and says so", async () => {
  const place = await begun(on({ device: "cpu" }));
  expect((await goOn(place, on(ZEN4))).notes).toEqual([
    expect.stringMatching(/does not say which kernels .* begun with; it goes on with avx512/),
  ]);
});

it.each([
  ["another build with the same kernels", on(ZEN4), on({ ...ZEN4, device: "cpu (icelake)" })],
  ["other kernels over floats", on(AMX, "all F32"), on(ZEN4, "all F32")],
  ["other kernels, exactly", on({ ...AMX, exact: true }), on({ ...ZEN4, exact: true })],
])("goes on with %s, and says so", async (_, before, after) => {
  const place = await begun(before);
  const run = await goOn(place, after);
  expect(run.status).toBe("complete");
  expect(run.notes).toEqual([expect.stringMatching(/other settings.*last digits/)]);
});

it("compareRuns says that kernels differ, and by how much that matters", async () => {
  const places = await Promise.all(
    [on(AMX), on(ZEN4), on({ ...ZEN4, device: "cpu (icelake)" })].map(async (model, i) => {
      const place = join(folder, `run ${i}`);
      await evaluate({ models: [model], corpora: [corpus], folder: place });
      return place;
    }),
  );
  const [amx, zen4, icelake] = places as [string, string, string];
  expect(compareRuns(amx, zen4)[0]!.notes).toEqual([
    expect.stringMatching(/kernels differ \(amx and avx512\).*0\.7 %.*0\.6 nats/),
  ]);
  expect(compareRuns(zen4, icelake)[0]!.notes).toEqual([]);
});
