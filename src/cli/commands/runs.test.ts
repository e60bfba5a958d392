import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Corpus, evaluate } from "../../evaluate/index.ts";
import { TableModel } from "../../models/test/index.ts";
import runs from "./runs.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "surprisal-runs-"));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** @param name of the corpus */
const corpusOf = (name: string, text: string): Corpus => ({
  name,
  source: name,
  domain: name,
  rule: { name: "list", source: null },
  async *documents() {
    yield { name, text };
  },
});

/** After "a" there is never a "b". */
const never = new TableModel({
  symbols: ["a", "b"],
  transitions: [
    [1, 0],
    [1, 0],
  ],
});

/** What a person reads. */
async function said(command: "compare" | "map", ...args: string[]): Promise<string> {
  const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  const found = await runs.commands![command]!.load();
  await found.run!(args);
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join("");
  write.mockRestore();
  return text;
}

describe("surprisal runs compare", () => {
  it("says which runs they are, with the time where both have one name", async () => {
    const corpora = [corpusOf("texts", "aaa")];
    const places = ["one/same", "two/same", "two/other"].map((name) => join(folder, name));
    const created: string[] = [];
    for (const place of places)
      created.push((await evaluate({ models: [never], corpora, folder: place })).created);
    const [one, two, other] = places as [string, string, string];
    expect(await said("compare", one, two)).toMatch(
      new RegExp(`^base: same, ${created[0]}\nother: same, ${created[1]}\n\ncorpus +base `),
    );
    expect(await said("compare", one, other)).toMatch(/^base: same\nother: other\n\ncorpus +base /);
  });
});

describe("surprisal runs map", () => {
  it("has ∞ where a token had probability 0, and no spread", async () => {
    const corpora = [corpusOf("easy", "aaa"), corpusOf("never", "aab")];
    const place = join(folder, "run");
    await evaluate({ models: [never], corpora, folder: place });
    const text = await said("map", place, "--in-domain", "easy");
    expect(text).toMatch(/^never +∞$/m);
    expect(text).toMatch(/^mean +∞$/m);
    expect(text).toMatch(/^spread +–$/m);
    expect(text).toMatch(/^gap +∞$/m);
    expect(text).not.toMatch(/NaN|Infinity/);
  });
});
