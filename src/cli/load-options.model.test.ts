/** What --mmap does to a model that is truncated while it is used. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { encodeGguf, tinyModel } from "../../test/gguf-fixture.ts";
import { errorCode } from "../core/index.ts";
import type { LanguageModel } from "../models/index.ts";
import { LOAD_OPTIONS, openModel } from "./load-options.ts";
import { option, text } from "./parameters.ts";
import { readArguments } from "./parse.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-mmap-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PARAMETERS = { ...LOAD_OPTIONS, model: option(text, { short: "m", description: "" }) };

async function score(model: LanguageModel): Promise<number | null> {
  for await (const { logprob } of model.score([{ context: "The cat", continuation: " and" }])) return logprob;
  throw new Error("no score");
}

it.each([
  ["on", "MODEL_CHANGED"],
  ["off", "the same number"],
  ["auto", "the same number"], // it does not lie in the cache
])("%s: %s", async (word, expected) => {
  const path = join(folder, `${word}.gguf`);
  writeFileSync(path, encodeGguf(tinyModel()).bytes);
  vi.stubEnv("SURPRISAL_CACHE", join(folder, "cache"));
  const given = readArguments(["-m", path, "--mmap", word], PARAMETERS);
  await using model = await openModel({ ...given, quiet: true });
  const before = await score(model);
  truncateSync(path, 5000);
  const said = await score(model).then(
    (after) => (after === before ? "the same number" : "another number"),
    errorCode,
  );
  expect(said).toBe(expected);
});
